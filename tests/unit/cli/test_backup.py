"""The options of the verbs of backups."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sottovoce.cli.backup_work import CreateOptions, RestoreOptions
from sottovoce.cli.main import app
from unit.cli.test_chat import Recorder


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    made = Recorder()
    for verb in ("create", "verify", "restore"):
        monkeypatch.setattr(f"sottovoce.cli.backup_work.run_{verb}", made)
    return made


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, ["backup", *arguments]).exit_code


def test_create_takes_its_options(recorder: Recorder, tmp_path: Path) -> None:
    invoke("create", "my.backup")
    invoke("create", "my.backup", "--account", "Anna", "--own-password", "--backup-password-file",
           "own", "--force", "--light-kdf", "--password-file", "pw", "--data-dir", "data",
           "--json")  # fmt: skip
    file, home = Path("my.backup"), tmp_path / "sottovoce"
    assert recorder.given == [
        CreateOptions(file, None, False, None, False, False, None, home, False),
        CreateOptions(file, "Anna", True, Path("own"), True, True, Path("pw"), Path("data"), True),
    ]


def test_verify_takes_its_options(recorder: Recorder) -> None:
    invoke("verify", "my.backup", "--password-file", "pw", "--json")
    assert recorder.given == [Path("my.backup"), Path("pw"), {"as_json": True}]


def test_restore_takes_its_options(recorder: Recorder, tmp_path: Path) -> None:
    invoke("restore", "my.backup")
    invoke("restore", "my.backup", "--as-new-device", "--replace", "--password-file", "pw",
           "--data-dir", "data", "--json")  # fmt: skip
    file = Path("my.backup")
    assert recorder.given == [
        RestoreOptions(file, False, False, None, tmp_path / "sottovoce", False),
        RestoreOptions(file, True, True, Path("pw"), Path("data"), True),
    ]


@pytest.mark.parametrize("verb", ["create", "verify", "restore"])
def test_file_is_named(recorder: Recorder, verb: str) -> None:
    assert invoke(verb) == 2
    assert recorder.given == []
