"""The options of the verbs of devices."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sottovoce.cli.main import app
from sottovoce.cli.person import PersonOptions
from unit.cli.test_chat import Recorder

VERBS = [("pair",), ("list",), ("disable", "phone"), ("sync",)]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    made = Recorder()
    for verb, *_ in VERBS:
        monkeypatch.setattr(f"sottovoce.cli.device_work.run_{verb}", made)
    return made


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, ["device", *arguments]).exit_code


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_takes_who_and_where(recorder: Recorder, verb: tuple[str, ...]) -> None:
    common = ("--account", "Anna", "--password-file", "pw", "--data-dir", "data", "--json")
    assert invoke(*verb, *common) == 0
    options = recorder.given[0]
    assert isinstance(options, PersonOptions)
    assert (options.data_dir, options.account) == (Path("data"), "Anna")
    assert (options.password_file, options.as_json) == (Path("pw"), True)
    assert options.is_online is options.needs_peers is (verb[0] in ("pair", "sync"))


def test_pairing_takes_a_code_and_a_name(recorder: Recorder) -> None:
    invoke("pair")
    invoke("pair", "7K2M-9QXD", "--name", "desk", "--peer", "a", "--timeout", "3", "-v")
    options = recorder.given[3]
    assert (options.peers, options.timeout_s, options.verbose) == (("a",), 3.0, True)
    assert [each for each in recorder.given if not isinstance(each, PersonOptions)] == [
        None, "",
        "7K2M-9QXD", "desk",
    ]  # fmt: skip


def test_no_device_named_ends_with_code_two(recorder: Recorder) -> None:
    assert invoke("disable") == 2
    assert recorder.given == []
