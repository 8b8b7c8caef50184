"""The options of the verbs of accounts."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sottovoce.cli.account_work import CreateOptions, RecoverOptions, ShowOptions
from sottovoce.cli.main import app
from unit.cli.test_chat import Recorder


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    made = Recorder()
    for verb in ("create", "recover", "list", "show", "export"):
        monkeypatch.setattr(f"sottovoce.cli.account_work.run_{verb}", made)
    return made


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, ["account", *arguments]).exit_code


def test_create_takes_its_options(recorder: Recorder, tmp_path: Path) -> None:
    invoke("create")
    invoke("create", "Anna", "--words", "24", "--light-kdf", "--password-file", "pw", "--data-dir",
           "data", "--json")  # fmt: skip
    assert recorder.given == [
        CreateOptions(None, 12, False, None, tmp_path / "sottovoce", False),
        CreateOptions("Anna", 24, True, Path("pw"), Path("data"), True),
    ]


def test_recover_takes_its_options(recorder: Recorder, tmp_path: Path) -> None:
    invoke("recover")
    invoke("recover", "Anna", "--phrase-file", "-", "--light-kdf", "--json")
    assert recorder.given == [
        RecoverOptions(None, None, False, None, tmp_path / "sottovoce", False),
        RecoverOptions("Anna", "-", True, None, tmp_path / "sottovoce", True),
    ]


def test_other_verbs_take_their_options(recorder: Recorder) -> None:
    place = ("--data-dir", "data")
    invoke("list", *place, "--json")
    invoke("show", "Anna", "--with-bundle", "--qr", "me.png", "--light-background",
           "--password-file", "pw", *place)  # fmt: skip
    invoke("export", "Anna", "--to", "key.json", *place)
    invoke("export", "--phrase", *place)
    data = Path("data")
    assert recorder.given == [
        data, {"as_json": True},
        "Anna", ShowOptions(True, Path("me.png"), True), Path("pw"), data, {"as_json": False},
        "Anna", Path("key.json"), data, {"phrase": False, "as_json": False},
        None, None, data, {"phrase": True, "as_json": False},
    ]  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("create", "a", "b"), ("create", "--words", "some")])
def test_options_that_make_no_sense_end_with_code_two(
    recorder: Recorder, arguments: tuple[str, ...]
) -> None:
    assert invoke(*arguments) == 2
    assert recorder.given == []


@pytest.mark.slow
def test_help_and_version_load_neither_database_nor_protobuf_nor_keys() -> None:
    program = (
        "import sys\n"
        "from sottovoce.cli.main import app\n"
        "app(['--version'], standalone_mode=False)\n"
        "app(['chat', '--help'], standalone_mode=False)\n"
        "heavy = {'apsw', 'google.protobuf', 'coincurve', 'cryptography', 'segno', 'asyncio'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "set()\n")
