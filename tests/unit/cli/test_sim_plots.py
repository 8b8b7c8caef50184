"""Pictures: what is refused; drawing itself needs matplotlib, which no test has."""

from pathlib import Path

import pytest

from sottovoce.cli import sim_plots as module
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.sim_plots import check_plot


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


def test_missing_library_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(CommandError) as caught:
        check_plot(tmp_path / "plot.svg")
    assert str(caught.value) == (
        'plots need matplotlib; install it with: pip install "sottovoce[sim]"'
    )
