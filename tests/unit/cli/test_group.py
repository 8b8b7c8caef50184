"""The options of the verbs of groups."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sottovoce.cli.main import app
from sottovoce.cli.person import PersonOptions
from unit.cli.test_chat import Recorder

VERBS = [
    ("list",),
    ("create", "walk", "Bruno"),
    ("join", "walk"),
    ("add", "walk", "Bruno"),
    ("remove", "walk", "Bruno"),
    ("promote", "walk", "Bruno"),
    ("resign", "walk"),
    ("rename", "walk", "run"),
    ("leave", "walk"),
]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    made = Recorder()
    for verb, *_ in VERBS:
        monkeypatch.setattr(f"sottovoce.cli.group_work.run_{verb}", made)
    return made


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, ["group", *arguments]).exit_code


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_takes_who_and_where(recorder: Recorder, verb: tuple[str, ...]) -> None:
    common = ("--account", "Anna", "--password-file", "pw", "--data-dir", "data", "--json")
    assert invoke(*verb, *common) == 0
    options = recorder.given[0]
    assert isinstance(options, PersonOptions)
    assert (options.data_dir, options.account) == (Path("data"), "Anna")
    assert (options.password_file, options.as_json) == (Path("pw"), True)
    assert options.is_online is (verb[0] != "list")
    assert not options.needs_peers


def test_verbs_take_groups_and_people(recorder: Recorder) -> None:
    invoke("create", "walk")
    invoke("create", "walk", "Bruno", "Carla", "--peer", "a", "--timeout", "3", "-v")
    invoke("add", "walk", "Bruno", "Carla")
    invoke("remove", "walk", "Bruno")
    invoke("rename", "walk", "run")
    options = recorder.given[3]
    assert (options.peers, options.timeout_s, options.verbose) == (("a",), 3.0, True)
    assert [each for each in recorder.given if not isinstance(each, PersonOptions)] == [
        "walk", (),
        "walk", ("Bruno", "Carla"),
        "walk", ("Bruno", "Carla"),
        "walk", "Bruno",
        "walk", "run",
    ]  # fmt: skip


@pytest.mark.parametrize("verb", ["create", "join", "add", "remove", "promote", "rename", "leave"])
def test_no_group_named_ends_with_code_two(recorder: Recorder, verb: str) -> None:
    assert invoke(verb) == 2
    assert recorder.given == []
