"""The options of the verbs of contacts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sottovoce.cli.main import app
from sottovoce.cli.person import PersonOptions
from unit.cli.test_chat import Recorder

VERBS = [
    ("add", "key"),
    ("list",),
    ("requests",),
    ("verify", "key"),
    ("block", "key"),
    ("remove", "key"),
]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    made = Recorder()
    for verb, *_ in VERBS:
        monkeypatch.setattr(f"sottovoce.cli.contact_work.run_{verb}", made)
    return made


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, ["contact", *arguments]).exit_code


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_takes_who_and_where(recorder: Recorder, verb: tuple[str, ...]) -> None:
    common = ("--account", "Anna", "--password-file", "pw", "--data-dir", "data", "--json")
    assert invoke(*verb, *common) == 0
    options = recorder.given[0]
    assert isinstance(options, PersonOptions)
    assert (options.data_dir, options.account) == (Path("data"), "Anna")
    assert (options.password_file, options.as_json) == (Path("pw"), True)
    assert options.is_online is (verb[0] == "add")
    assert not options.needs_peers


def test_verbs_take_their_options(recorder: Recorder) -> None:
    invoke("add", "key", "--nickname", "Bruno", "--peer", "a", "--timeout", "3", "-v")
    invoke("verify", "key", "--yes")
    invoke("verify", "key", "--off")
    invoke("block", "key", "--off")
    invoke("remove", "key")
    added = recorder.given[0]
    assert (added.peers, added.timeout_s, added.verbose) == (("a",), 3.0, True)
    assert [each for each in recorder.given if not isinstance(each, PersonOptions)] == [
        "key", "Bruno",
        "key", {"yes": True, "off": False},
        "key", {"yes": False, "off": True},
        "key", {"off": True},
        "key",
    ]  # fmt: skip


@pytest.mark.parametrize("verb", ["add", "verify", "block", "remove"])
def test_nobody_named_ends_with_code_two(recorder: Recorder, verb: str) -> None:
    assert invoke(verb) == 2
    assert recorder.given == []
