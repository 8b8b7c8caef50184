"""The options of the verbs of chats."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sottovoce.cli.chat_reading import ReadOptions
from sottovoce.cli.chat_work import SendOptions
from sottovoce.cli.main import app
from sottovoce.cli.options import Face, Wait
from sottovoce.cli.person import PersonOptions

VERBS = [
    ("list",),
    ("read", "lobby"),
    ("search", "words"),
    ("send", "lobby", "ciao"),
    ("reply", "3fa9", "ciao"),
    ("react", "3fa9", "love"),
    ("join", "lobby"),
    ("leave", "lobby"),
    ("accept", "lobby"),
    ("mute", "lobby"),
]


class Recorder:
    """Stands in for the work of a verb and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def __call__(self, *arguments: object, **named: object) -> None:
        self.given += [*arguments, *([named] if named else [])]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    made = Recorder()
    for place in (
        "chat_reading.run_list", "chat_reading.run_read", "chat_reading.run_search",
        "chat_work.run_send", "chat_work.run_react", "chat_work.run_join", "chat_work.run_leave",
        "chat_work.run_accept", "chat_work.run_mute",
    ):  # fmt: skip
        monkeypatch.setattr(f"sottovoce.cli.{place}", made)
    return made


def invoke(*arguments: str, said: str | None = None) -> int:
    return CliRunner().invoke(app, ["chat", *arguments], input=said).exit_code


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_takes_who_and_where(recorder: Recorder, verb: tuple[str, ...]) -> None:
    common = ("--account", "Anna", "--password-file", "pw", "--data-dir", "data", "--json")
    assert invoke(*verb, *common) == 0
    options = recorder.given[0]
    assert isinstance(options, PersonOptions)
    assert (options.data_dir, options.account) == (Path("data"), "Anna")
    assert (options.password_file, options.as_json) == (Path("pw"), True)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_works_in_the_data_home_by_default(
    recorder: Recorder, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    assert invoke(*verb) == 0
    options = recorder.given[0]
    assert (options.data_dir, options.account) == (tmp_path / "sottovoce", None)
    assert options.peers == ()


def test_only_verbs_that_talk_to_the_network_look_for_peers(recorder: Recorder) -> None:
    for verb in VERBS:
        invoke(*verb)
    invoke("read", "lobby", "--follow")
    invoke("send", "lobby", "ciao", "--wait", "queued")
    asked = [each for each in recorder.given if isinstance(each, PersonOptions)]
    online = [False, False, False, True, True, True, False, False, False, False, True, False]
    assert [each.is_online for each in asked] == online
    # A face can wait for better times, and somebody who listens cannot.
    needs = [False, False, False, True, True, False, False, False, False, False, True, False]
    assert [each.needs_peers for each in asked] == needs


def test_account_can_be_chosen_by_a_variable(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTOVOCE_ACCOUNT", "Bruno")
    invoke("list")
    assert recorder.given[0].account == "Bruno"


def test_send_takes_its_options(recorder: Recorder) -> None:
    invoke("send", "Bruno", "ciao", "--wait", "acknowledged", "--peer", "a", "--peer", "b",
           "--timeout", "3", "-v")  # fmt: skip
    invoke("send", "Bruno", "-", said="from stdin\n")
    first, said, _, from_stdin = recorder.given
    assert (first.peers, first.timeout_s, first.verbose) == (("a", "b"), 3.0, True)
    assert said == SendOptions("ciao", Wait.ACKNOWLEDGED, chat="Bruno")
    assert from_stdin == SendOptions("from stdin", Wait.SENT, chat="Bruno")


def test_reply_names_its_message(recorder: Recorder) -> None:
    invoke("reply", "3fa9", "ciao")
    assert recorder.given[1] == SendOptions("ciao", Wait.SENT, reply_to="3fa9")


def test_read_takes_its_options(recorder: Recorder) -> None:
    invoke("read", "Bruno", "--limit", "5", "--before", "3fa9", "--mark-read", "-f", "--count", "2")
    invoke("read", "Bruno")
    assert recorder.given[1::2] == [
        ReadOptions("Bruno", 5, "3fa9", mark_read=True, follow=True, count=2),
        ReadOptions("Bruno", 20),
    ]


def test_other_verbs_take_their_options(recorder: Recorder) -> None:
    invoke("search", "some words", "--chat", "Bruno", "--limit", "3")
    invoke("react", "3fa9", "thumbs-up", "--off")
    invoke("mute", "lobby", "--off")
    assert recorder.given[1:4] == ["some words", "Bruno", 3]
    assert recorder.given[5:8] == ["3fa9", Face.THUMBS_UP, {"off": True}]
    assert recorder.given[9:] == ["lobby", {"off": True}]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("read",),
        ("read", "lobby", "--limit", "0"),
        ("read", "lobby", "--limit", "201"),
        ("read", "lobby", "--count", "0"),
        ("send", "lobby"),
        ("send", "lobby", "ciao", "--wait", "forever"),
        ("send", "lobby", "ciao", "--timeout", "0"),
        ("reply", "3fa9"),
        ("react", "3fa9"),
        ("react", "3fa9", "shrug"),
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_end_with_code_two(
    recorder: Recorder, arguments: tuple[str, ...]
) -> None:
    assert invoke(*arguments) == 2
    assert recorder.given == []
