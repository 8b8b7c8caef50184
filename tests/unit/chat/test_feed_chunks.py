"""Pieces of the list."""

from dataclasses import replace

from sottovoce.chat.feed_chunks import FeedChunks
from sottovoce.chat.feed_lines import FeedLine
from sottovoce.chat.feed_settings import CHUNK_BYTES_MAX
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.records import Chat, ChatKind, Contact, Message, Profile, Reaction
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.feed import (
    FeedChat,
    FeedContact,
    FeedMessage,
    FeedPlace,
    FeedProfile,
    FeedReaction,
    RecordKind,
)
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.wire import decode_record
from unit.chat.feed_scene import BRUNO, LOBBY, Scene

CHAT = Chat(LOBBY, ChatKind.PUBLIC)


def message(n: int, text: str = "Ciao") -> Message:
    name = MessageId(n.to_bytes(32, "big"))
    return Message(name, LOBBY, BRUNO.key, n, 6, 7, ContentType.TEXT_PLAIN, text)


def lines(scene: Scene, *names: str) -> list[FeedLine]:
    found = [FeedLine(FedDevice(name), scene.feed, hello_s=0.0) for name in names]
    for line in found:
        line.heard(0.0)
    return found


def test_piece_has_the_records_as_they_are_now() -> None:
    scene = Scene()
    scene.book.put_profile(Profile("a.eth"))
    scene.book.put_contact(Contact(BRUNO.key, added=True))
    scene.book.put_chat(CHAT)
    scene.noting.save_message(message(1))
    scene.noting.save_reaction(Reaction(message(1).id, LOBBY, BRUNO.key, 1, 5))
    scene.book.put_chat(replace(CHAT, muted=True))
    (phone,) = lines(scene, "phone")
    chunk = FeedChunks(scene.book, scene.feed).next_for(phone, [phone])
    assert chunk is not None
    records = [decode_record(raw) for raw in chunk.records]
    # The chat stands before its message too, for its row has moved behind it.
    assert [type(it) for it in records] == [
        FeedProfile, FeedContact, FeedChat, FeedMessage, FeedReaction, FeedChat,
    ]  # fmt: skip
    assert (chunk.last, chunk.after) == (6, (FeedPlace("phone", b"", 0),))


def test_pieces_end_when_they_are_full() -> None:
    scene = Scene()
    scene.book.put_chat(CHAT)
    for n in range(1, 10):
        scene.noting.save_message(message(n, "x" * 10_000))
    (phone,) = lines(scene, "phone")
    chunks = FeedChunks(scene.book, scene.feed)
    first = chunks.next_for(phone, [phone])
    assert first is not None
    assert (first.last, len(first.records)) == (5, 5)
    assert sum(map(len, first.records)) < CHUNK_BYTES_MAX
    phone.sent(first.last, 0.0)
    second = chunks.next_for(phone, [phone])
    assert second is not None
    assert second.after == (FeedPlace("phone", b"", 5),)
    assert second.last == 9


def test_record_that_is_larger_than_a_piece_goes_alone() -> None:
    scene = Scene()
    scene.book.put_chat(CHAT)
    scene.noting.save_message(message(1, "x" * 60_000))
    (phone,) = lines(scene, "phone")
    chunks = FeedChunks(scene.book, scene.feed)
    sizes = []
    while (chunk := chunks.next_for(phone, [phone])) is not None:
        phone.sent(chunk.last, 0.0)
        sizes.append([len(raw) > CHUNK_BYTES_MAX for raw in chunk.records])
    assert sizes == [[False], [True]]


def test_devices_that_lack_the_same_share_a_piece() -> None:
    scene = Scene()
    scene.book.put_chat(CHAT)
    scene.book.put_contact(Contact(BRUNO.key, added=True))
    scene.feed.note_known("desk", RecordKind.CHAT, b"lobby")
    scene.feed.note_known("phone", RecordKind.CHAT, b"lobby")
    phone, desk, tablet = every = lines(scene, "phone", "desk", "tablet")
    chunk = FeedChunks(scene.book, scene.feed).next_for(phone, every)
    assert chunk is not None
    assert chunk.lines == (phone, desk)  # The tablet lacks the chat as well.
    chunk = FeedChunks(scene.book, scene.feed).next_for(tablet, every)
    assert chunk is not None
    assert chunk.lines == (phone, desk, tablet)


def test_rows_of_what_is_gone_leave_the_list() -> None:
    scene = Scene()
    for kind in RecordKind:
        if kind is not RecordKind.PROFILE:
            size_bytes = {RecordKind.CONTACT: 64, RecordKind.REACTION: 97}.get(kind, 32)
            scene.feed.put_change(kind, bytes(size_bytes))
    (phone,) = lines(scene, "phone")
    chunk = FeedChunks(scene.book, scene.feed).next_for(phone, [phone])
    assert chunk is not None
    assert (chunk.records, chunk.last) == ((), 5)
    assert scene.lacks("phone") == []


def test_device_that_knows_all_needs_no_piece() -> None:
    scene = Scene()
    scene.book.put_chat(CHAT)
    scene.feed.note_known("phone", RecordKind.CHAT, b"lobby")
    (phone,) = lines(scene, "phone")
    assert FeedChunks(scene.book, scene.feed).next_for(phone, [phone]) is None
    assert phone.row.done == 1
