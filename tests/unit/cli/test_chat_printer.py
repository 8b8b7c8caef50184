import json
from dataclasses import replace

import pytest

from sottovoce.chat.records import Contact, MessageState, Reaction
from sottovoce.cli.chat_printer import ChatPrinter
from sottovoce.cli.naming import address_book
from sottovoce.cli.output import Output
from sottovoce.cli.person import Session
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.reaction import ReactionType
from sottovoce.sdk.events import (
    ChatChanged,
    ContactChanged,
    ContactDeviceAdded,
    EventsMissed,
    GroupNoteAdded,
    MessageReceived,
    MessageStateChanged,
    MessageWritten,
    MessengerEvent,
    ReactionChanged,
    StorageTrouble,
)
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, BOOK, BRUNO, LOBBY, OWN, SAID, WITH_BRUNO
from unit.cli.stage import OPTIONS, alone, run

LOVE = Reaction(OWN.id, WITH_BRUNO, BRUNO.public, ReactionType.LOVE, 9)


def hear(*events: MessengerEvent, as_json: bool = False) -> list[bool]:
    """Print events in the chat with Bruno; tell for each whether it added a message."""

    async def scenario(network: MemoryNetwork) -> list[bool]:
        async with alone(network) as anna:
            await anna.add_contact(BRUNO.public, nickname="Bruno")
            session = Session(anna, Output(as_json=as_json), OPTIONS, (), is_forwarded=False)
            printer = ChatPrinter(session, await address_book(anna))
            return [await printer.event(event, WITH_BRUNO) is not None for event in events]

    told: list[bool] = run(scenario)
    return told


def test_messages_of_the_chat_are_printed_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert hear(MessageReceived(SAID), MessageWritten(OWN, SAID)) == [True, True]
    first, second, quote = capsys.readouterr().out.splitlines()
    assert first.endswith("Bruno: ciao  [forward secrecy]")
    assert second.endswith("you: ciao anche  [sent to 2 peer(s), forward secrecy]")
    assert quote == "    > Bruno: ciao"


def test_what_happens_in_other_chats_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = replace(SAID, chat_id=LOBBY)
    assert (
        hear(
            MessageReceived(elsewhere),
            MessageStateChanged(elsewhere),
            ReactionChanged(replace(LOVE, chat_id=LOBBY)),
            ChatChanged(BOOK.chats[0]),
        )
        == [False] * 4
    )
    assert capsys.readouterr() == ("", "")


def test_states_and_faces_are_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    acknowledged = replace(OWN, state=MessageState.ACKNOWLEDGED)
    events = (MessageStateChanged(acknowledged), ReactionChanged(LOVE))
    assert hear(*events) == hear(*events, as_json=True) == [False, False]
    state, face, *objects = capsys.readouterr().out.splitlines()
    assert state == "aabbccdd  acknowledged, forward secrecy"
    assert face == "aabbccdd  Bruno puts \N{HEAVY BLACK HEART}"
    assert [json.loads(line)["event"] for line in objects] == ["message state", "reaction"]


def test_notes_are_printed_and_count_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    note = replace(SAID, content_type=ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP)
    elsewhere = replace(note, chat_id=LOBBY)
    assert hear(GroupNoteAdded(note), GroupNoteAdded(elsewhere), as_json=True) == [False, False]
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["event"] == "note"


def test_new_device_of_a_person_of_the_chat_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    hear(
        ContactDeviceAdded(Contact(BRUNO.public), "phone"),
        ContactDeviceAdded(Contact(ANNA.public), "mine"),
    )
    assert capsys.readouterr().out == (
        "-- Bruno uses one more device, which gets what you say from now on\n"
    )


def test_troubles_are_told_beside_the_results(capsys: pytest.CaptureFixture[str]) -> None:
    hear(EventsMissed(3), StorageTrouble("the disk is full"), StorageTrouble(""))
    assert capsys.readouterr() == ("", (
        "3 events were missed because this was too slow; read the chat again\n"
        "nothing can be stored: the disk is full\n"
        "storing again\n"
    ))  # fmt: skip


def test_new_name_of_a_contact_is_used_from_then_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            session = Session(anna, Output(as_json=False), OPTIONS, (), is_forwarded=False)
            printer = ChatPrinter(session, await address_book(anna))
            await printer.event(MessageReceived(SAID), WITH_BRUNO)
            contact = await anna.add_contact(BRUNO.public, nickname="Bruno")
            await printer.event(ContactChanged(contact), WITH_BRUNO)
            await printer.event(MessageReceived(SAID), WITH_BRUNO)

    run(scenario)
    first, second = capsys.readouterr().out.splitlines()
    assert f"{BRUNO.alias()}: ciao" in first
    assert "Bruno: ciao" in second
