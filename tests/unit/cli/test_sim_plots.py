"""Pictures: what is refused; drawing itself needs matplotlib, which no test has."""

import os
from pathlib import Path

import pytest

from sottovoce.cli import sim_plots as module
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.sim_plots import check_plot, plot_written


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: object())


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["plot.png", "plot.svg", "PLOT.PNG"])
def test_pictures_of_known_kinds_are_drawn(tmp_path: Path, name: str) -> None:
    check_plot(tmp_path / name)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["plot.pdf", "plot"])
def test_other_kinds_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=f"not {name}; change the file's ending") as caught:
        check_plot(tmp_path / name)
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.usefixtures("installed")
def test_folder_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="make it first"):
        check_plot(tmp_path / "nowhere/plot.png")


@pytest.mark.usefixtures("installed")
def test_folder_is_no_place_for_a_picture(tmp_path: Path) -> None:
    (tmp_path / "plot.png").mkdir()
    with pytest.raises(CommandError, match="is a folder; name a file in it") as caught:
        check_plot(tmp_path / "plot.png")
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("exists", [False, True])
def test_place_that_may_not_be_written_is_named_before_anything_long_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    plot = tmp_path / "plot.png"
    if exists:
        plot.touch()
    # Whoever tests as root may write anywhere.
    monkeypatch.setattr(os, "access", lambda _place, _mode: False)
    with pytest.raises(CommandError) as caught:
        check_plot(plot)
    place = plot if exists else tmp_path
    assert str(caught.value) == (f"you may not write to {place}; choose another place for the plot")


def test_picture_that_cannot_be_written_after_all_is_named(tmp_path: Path) -> None:
    plot = tmp_path / "plot.png"
    with (
        pytest.raises(CommandError, match=r"plot\.png: No space left") as caught,
        plot_written(plot),
    ):
        raise OSError(28, "No space left on device")
    assert caught.value.code is ExitCode.UNEXPECTED


def test_missing_library_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(CommandError) as caught:
        check_plot(tmp_path / "plot.svg")
    assert str(caught.value) == (
        'plots need matplotlib; install it with: pip install "sottovoce[sim]"'
    )
