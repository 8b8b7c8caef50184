import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from sottovoce.chat.records import MessageState
from sottovoce.cli.demo_check import Kept
from sottovoce.cli.demo_people import Delivery, Person, Saying
from sottovoce.cli.demo_transcript import Transcript
from sottovoce.cli.output import Output
from sottovoce.sdk.events import MessageReceived
from unit.cli.test_demo_check import SAID

if TYPE_CHECKING:
    from sottovoce.sdk.messenger_port import MessengerPort

NOBODY = cast("MessengerPort", None)


def delivery() -> Delivery:
    anna, bruno = Person("Anna", NOBODY), Person("Bruno", NOBODY)
    said = replace(SAID[0], own=True, state=MessageState.QUEUED)
    sent = replace(said, state=MessageState.SENT, peer_count=2)
    acknowledged = replace(said, state=MessageState.ACKNOWLEDGED)
    long = replace(SAID[1], text="x" * 100)
    return Delivery(
        Saying(anna, bruno, said, started_s=0.0, queued_ms=3.0),
        MessageReceived(SAID[0], quoted=long),
        ((said, 3.0), (sent, 12.4), (acknowledged, 40.0)),
        arrival_ms=20.0,
    )


def test_message_is_told_with_quote_secrecy_and_steps_in_their_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Transcript(Output(as_json=False)).message(delivery(), "#lobby", (500, 1501), [[1, 2], [3, 4]])
    assert capsys.readouterr().out.splitlines() == [
        "",
        "Anna: text 1",
        "    > " + "x" * 59 + "…",
        "    forward secrecy   queued 3 ms, sent to 2 peers 12 ms, there 20 ms, acknowledged 40 ms",
        "    bytes over each hop: 500, 1,501",
    ]


def test_programs_get_one_object_for_each_thing_and_no_talk(
    capsys: pytest.CaptureFixture[str],
) -> None:
    transcript = Transcript(Output(as_json=True))
    transcript.scene("In public", "Both join.")
    transcript.remark("So it is.")
    transcript.network(2, {"Anna": 1, "Bruno": 2})
    transcript.link("Bruno", "status-im://u/0x04", "12345 67890")
    transcript.message(delivery(), "private", (), [])
    transcript.killed("Bruno", 2, Kept({}, frozenset()))
    transcript.restarted("Bruno", 3, 0.5)
    transcript.check({"Anna": 1}, {"Anna": 1}, ["a fault"], 9.0)
    told: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in told] == [
        "network", "link", "message", "killed", "restarted", "check",
    ]  # fmt: skip
    message = told[2]
    assert [step["state"] for step in message["states"]] == ["queued", "sent", "acknowledged"]
    assert (message["secrecy"], message["arrived_ms"]) == ("forward secrecy", 20.0)
    assert told[5]["faults"] == ["a fault"]


def test_faults_are_listed_under_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    Transcript(Output(as_json=False)).check(
        {"Anna": 1, "Bruno": 2}, {"Anna": 2, "Bruno": 2}, ["one is missing"], 9.0
    )
    assert capsys.readouterr().out == (
        "\n1 of 2 in Anna's, 2 of 2 in Bruno's, but:\n    one is missing\n"
    )
