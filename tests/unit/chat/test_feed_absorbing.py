"""Records that are brought are checked one by one; a bad one takes nothing else with it."""

from dataclasses import replace

import pytest

from sottovoce.chat.events import Unshown
from sottovoce.chat.feed_settings import CLOCKS_APART_MS_MAX
from sottovoce.payloads.chat_message import MessageType
from sottovoce.payloads.feed import (
    FeedChat,
    FeedContact,
    FeedGroupEvent,
    FeedReaction,
    FeedRecord,
)
from sottovoce.payloads.limits import CLOCK_AHEAD_MS_MAX
from unit.chat.feed_scene import BRUNO, BRUNO_ID, CLARA, LOBBY, Scene, message, written
from unit.chat.own_devices import ANNA_KEY
from unit.chat.people import NOW_MS

JOINED = FeedChat(LOBBY, MessageType.PUBLIC_GROUP, active=True, accepted=True)
FAR = NOW_MS + CLOCKS_APART_MS_MAX + CLOCK_AHEAD_MS_MAX + 1
REACTION = FeedReaction(bytes(32), LOBBY, BRUNO.key.raw, 1, NOW_MS)
BAD: dict[str, FeedRecord | bytes] = {
    "nothing": b"",
    "unknown kind": b"\x63",
    "no record": b"\x04\xff\xff",
    "contact that is ourselves": FeedContact(ANNA_KEY.raw, added=True),
    "contact that is no key": FeedContact(b"\x01" * 64, added=True),
    "contact with half a key": FeedContact(b"\x01" * 32, added=True),
    "chat of no kind": replace(JOINED, kind=9),
    "chat with another name": replace(JOINED, id="two words"),
    "chat with nobody": replace(JOINED, id="lobby", kind=MessageType.ONE_TO_ONE),
    "message with half an id": replace(message(1), id=b"\x01"),
    "message of no secrecy": replace(message(1), secrecy=9),
    "message of no state": replace(message(1), state=9),
    "message of the future": message(1, written(clock=FAR)),
    "message without text": message(1, written(" ")),
    "message without content": replace(message(1), content=b"\xff"),
    "reaction of the future": replace(REACTION, clock=FAR),
    "reaction of no type": replace(REACTION, type=7),
    "reaction to nothing": replace(REACTION, message_id=b""),
    "group event that is none": FeedGroupEvent("group", b"short"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_damaged_record_is_counted_and_the_others_are_taken(bad: FeedRecord | bytes) -> None:
    scene = Scene()
    scene.takes(bad, JOINED, message(7))
    assert scene.book.statistics == {Unshown.DAMAGED: 1}
    assert [it.id for it in scene.store.chats()] == [LOBBY]
    assert len(scene.store.page(LOBBY, before=None, limit=9)) == 1


def test_order_in_a_piece_does_not_matter() -> None:
    scene = Scene()
    scene.takes(
        replace(REACTION, message_id=message(1).id),
        message(1),
        JOINED,
        FeedContact(BRUNO.key.raw, added=True),
    )
    assert scene.book.statistics == {}
    (chat,) = scene.store.chats()
    assert (chat.active, chat.accepted, chat.unread_count) == (True, True, 1)
    assert len(scene.store.reactions([scene.store.page(LOBBY, before=None, limit=1)[0].id])) == 1


def test_taking_twice_writes_nothing_more() -> None:
    scene = Scene()
    records: list[FeedRecord] = [
        JOINED,
        message(1),
        FeedContact(CLARA.key.raw, verified=True, verified_unix_ms=5),
    ]
    scene.takes(*records)
    last, said = scene.feed.last_number(), len(scene.book.said)
    scene.takes(*records)
    assert (scene.feed.last_number(), len(scene.book.said)) == (last, said)
    assert scene.lacks() == []
    assert len(scene.lacks("tablet")) == 3


def test_private_message_of_a_stranger_waits_in_the_inbox_as_there() -> None:
    scene = Scene()
    chat = FeedChat(BRUNO_ID, MessageType.ONE_TO_ONE, active=True)
    private = written(chat_id=BRUNO_ID, kind=MessageType.ONE_TO_ONE)
    scene.takes(message(1, private), chat)
    assert scene.book.inbox == {BRUNO_ID}
