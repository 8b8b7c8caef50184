"""Notes on the events of a group."""

import pytest

from sottovoce.chat.group_notes import note, note_id
from sottovoce.chat.records import MessageState
from sottovoce.crypto.hashes import keccak256
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType
from unit.chat.group_letters import signed
from unit.chat.people import Person

ANNA, BRUNO = Person(1), Person(2)
NOBODY = "somebody without a key"
ID = group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", ANNA.key)


def test_note_is_nobodys_message_and_has_the_same_id_everywhere() -> None:
    event = signed(ANNA, ID, EventType.CHAT_CREATED, name="walk", clock=7)
    written = note(event, kept_unix_ms=9)
    assert written.id == note_id(event) == keccak256(event.signature)
    assert (written.author, written.own, written.secrecy) == (ANNA.key, False, None)
    assert (written.clock, written.written_unix_ms, written.kept_unix_ms) == (7, 7, 9)
    assert written.content_type == ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    assert written.state is MessageState.RECEIVED


@pytest.mark.parametrize(
    ("type", "members", "words"),
    [
        (EventType.MEMBER_REMOVED, (BRUNO.id,), f"@{ANNA.id} removed @{BRUNO.id}"),
        (EventType.MEMBER_REMOVED, (ANNA.id,), f"@{ANNA.id} left the group"),
        (EventType.ADMIN_REMOVED, (ANNA.id,), f"@{ANNA.id} is no longer an admin"),
        (EventType.ADMINS_ADDED, ("\x1b", "x"), f"@{ANNA.id} made {NOBODY}, {NOBODY} admin"),
    ],
)
def test_note_says_who_did_what(type: EventType, members: tuple[str, ...], words: str) -> None:
    assert note(signed(ANNA, ID, type, *members, clock=7), kept_unix_ms=9).text == words
