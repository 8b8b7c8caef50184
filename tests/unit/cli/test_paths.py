from pathlib import Path

import pytest

from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.paths import data_place, default_data_dir


def test_data_home_of_the_user_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/else")
    assert default_data_dir() == Path("/somewhere/else/sottovoce")


@pytest.mark.parametrize("value", [None, "", "relative/place"])
def test_home_is_used_where_no_data_home_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("XDG_DATA_HOME", value)
    assert default_data_dir() == tmp_path / ".local" / "share" / "sottovoce"


def test_user_without_a_home_is_a_mistake_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(CommandError, match="--data-dir") as caught:
        default_data_dir()
    assert caught.value.code is ExitCode.USAGE


def test_place_that_is_named_counts_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/else")
    assert data_place(Path("here")) == Path("here")
    assert data_place(None) == Path("/somewhere/else/sottovoce")
