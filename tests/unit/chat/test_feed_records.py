"""Records made of what is stored, and which version of a decision counts."""

from dataclasses import replace

import pytest

from sottovoce.chat.feed_records import (
    chat_record,
    contact_record,
    event_record,
    later,
    message_record,
    padded,
    profile_record,
    reaction_record,
    stamped,
)
from sottovoce.chat.records import (
    Chat,
    ChatKind,
    Contact,
    Message,
    MessageState,
    Profile,
    Reaction,
)
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    AudioType,
    ChatMessage,
    ContentType,
    ImageMessage,
    ImageType,
    StickerMessage,
)
from sottovoce.payloads.feed import (
    FeedChat,
    FeedContact,
    FeedProfile,
    FeedReaction,
)
from sottovoce.payloads.limits import FEED_RECORD_BYTES_MAX, TIMESTAMP_UNIX_MS_MAX
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import sign_event
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.registry import PayloadType
from sottovoce.payloads.wire import decode_payload, encode_record
from sottovoce.secure.facts import Secrecy
from unit.chat.feed_scene import BRUNO, LOBBY

MESSAGE = Message(
    MessageId(bytes(32)), LOBBY, BRUNO.key, 5, 6, 7, ContentType.TEXT_PLAIN, "Ciao",
    secrecy=Secrecy.PUBLIC,
)  # fmt: skip


def content(message: Message) -> ChatMessage:
    record = message_record(message, ChatKind.PUBLIC, ())
    read = decode_payload(PayloadType.CHAT_MESSAGE, record.content)
    assert isinstance(read, ChatMessage)
    return read


# ---- decisions


@pytest.mark.parametrize(
    ("before", "after", "stamp", "decided", "expected"),
    [
        (False, False, 3, 9, 3),  # not decided
        (False, True, 3, 9, 9),
        (True, False, 30, 9, 31),  # whatever clock the one before was made by
        (False, True, 3, None, 3),  # it came by itself, and adds up
        (True, False, 3, None, 4),  # it went by itself, which is later than that it came
        ("a", "b", 3, None, 3),
        ("b", "a", 3, None, 4),
        (False, True, TIMESTAMP_UNIX_MS_MAX, 9, TIMESTAMP_UNIX_MS_MAX),
    ],
)
def test_stamp_of_a_decision(
    before: bool | str, after: bool | str, stamp: int, decided: int | None, expected: int
) -> None:
    assert stamped((before,), (after,), (stamp,), decided_unix_ms=decided) == (expected,)


def test_decisions_without_stamps_are_of_time_0() -> None:
    assert padded((), 2) == (0, 0)
    assert padded((7,), 2) == (7, 0)


def test_later_decision_counts_and_of_the_same_time_the_larger() -> None:
    assert later(True, 5, False, 6) == (False, 6)
    assert later(False, 6, True, 5) == (False, 6)
    assert later(False, 5, True, 5) == (True, 5)
    assert later("b", 5, "a", 5) == ("b", 5)


# ---- records


def test_records_say_all_that_travels() -> None:
    chat = Chat(LOBBY, ChatKind.PUBLIC, muted=True, read_at_clock=8, deleted_at_clock=9)
    assert chat_record(chat, (1, 2, 3)) == FeedChat(LOBBY, 2, True, 1, True, 2, True, 3, 8, 9)
    contact = Contact(BRUNO.key, True, True, True, True, "Bru", "b.eth", "data:", 5, 6)
    assert contact_record(contact, (1, 2, 3, 4)) == FeedContact(
        BRUNO.key.raw, True, 1, True, 2, True, 3, "Bru", 4, True, "b.eth", "data:", 5, 6
    )
    assert profile_record(Profile("a.eth", "data:", 7)) == FeedProfile("a.eth", "data:", 7)
    reaction = Reaction(MESSAGE.id, LOBBY, BRUNO.key, 1, 5, retracted=True)
    assert reaction_record(reaction) == FeedReaction(
        MESSAGE.id, LOBBY, BRUNO.key.raw, 1, 5, retracted=True
    )


def test_group_event_travels_as_it_was_signed() -> None:
    group_id = f"00000000-0000-4000-8000-000000000000-{BRUNO.id}"
    event = MembershipEvent(1, name="lunch", type=EventType.CHAT_CREATED)
    signed = sign_event(event, chat_id=group_id, author_key=BRUNO.private)
    record = event_record(signed)
    assert (record.chat_id, record.wire) == (group_id, signed.wire)


def test_message_has_its_progress_if_it_is_ours() -> None:
    own = replace(MESSAGE, own=True, state=MessageState.FAILED, reason="no", recipient_count=2)
    record = message_record(own, ChatKind.PUBLIC, (9,))
    assert (record.state, record.reason, record.recipient_count, record.state_unix_ms) == (
        4,
        "no",
        2,
        9,
    )
    assert (record.secrecy, record.kept_unix_ms) == (1, 7)
    assert message_record(MESSAGE, ChatKind.PUBLIC, ()).state == 0


def test_content_is_the_message_as_it_was_written() -> None:
    read = content(replace(MESSAGE, response_to="0x1", ens_name="b.eth"))
    assert (read.clock, read.timestamp_unix_ms, read.text) == (5, 6, "Ciao")
    assert (read.chat_id, read.message_type, read.response_to) == (LOBBY, 2, "0x1")


@pytest.mark.parametrize(
    ("content_type", "attachment", "travels"),
    [
        (ContentType.STICKER, StickerMessage("e301", 1), True),
        (ContentType.IMAGE, ImageMessage(bytes(100_000), ImageType.PNG), True),
        (ContentType.IMAGE, ImageMessage(bytes(200_000), ImageType.PNG), False),
        (ContentType.AUDIO, AudioMessage(bytes(900_000), AudioType.AAC, 5), False),
    ],
)
def test_what_is_too_large_goes_without_its_attachment(
    content_type: ContentType, attachment: Attachment, travels: bool
) -> None:
    message = replace(MESSAGE, content_type=content_type, attachment=attachment)
    read = content(message)
    assert read.attachment == (attachment if travels else None)
    assert read.content_type == (content_type if travels else ContentType.TEXT_PLAIN)
    raw = encode_record(message_record(message, ChatKind.PUBLIC, ()))
    assert len(raw) <= FEED_RECORD_BYTES_MAX
