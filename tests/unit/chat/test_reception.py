from dataclasses import replace

import pytest

from sottovoce.chat.commands import (
    AcceptChat,
    BlockContact,
    ClearChat,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    SendMessage,
)
from sottovoce.chat.events import ChatChanged, MessageAdded, MessageChanged, Unshown
from sottovoce.chat.records import ChatKind, MessageState
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import (
    AudioMessage,
    ContentType,
    ImageMessage,
    MessageType,
    StickerMessage,
)
from sottovoce.payloads.invitation import GroupChatInvitation
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.registry import UnknownPayload
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.events import MessageSubmitted
from unit.chat.people import LOBBY, NOW_MS, Person, arrived, carry, one, only, private, public

PNG = ImageMessage(b"\x89PNG\r\n\x1a\n" + bytes(32), 1)


# ---- public chats


def test_message_in_a_joined_chat_is_shown(anna: Person, bruno: Person) -> None:
    bruno.join()
    added = one(MessageAdded, bruno.arrives(public("Ciao"), anna))
    message = added.message
    assert (message.text, message.author, message.chat_id) == ("Ciao", anna.key, LOBBY)
    assert (message.state, message.own, message.raw) == (MessageState.RECEIVED, False, b"")
    assert (message.clock, message.kept_unix_ms) == (NOW_MS, NOW_MS)
    assert message.secrecy is Secrecy.PUBLIC
    assert added.asks_attention
    assert bruno.store.load_message(message.id) == message
    assert bruno.chat().unread_count == 1
    assert bruno.chat().last_clock == NOW_MS


def test_message_in_a_chat_that_was_not_joined_is_dropped(anna: Person, bruno: Person) -> None:
    assert bruno.drops(public(), anna) is Unshown.NOT_JOINED


def test_message_in_a_chat_that_was_left_is_dropped(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.do(LeaveChat(LOBBY))
    assert bruno.drops(public(), anna) is Unshown.NOT_JOINED


def test_impostor_message_of_another_chat_is_dropped(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.do(JoinPublicChat("kitchen"))
    assert bruno.drops(public(), anna, public_chats=("kitchen",)) is Unshown.OTHER_CHAT
    assert bruno.drops(public(), anna, public_chats=()) is Unshown.OTHER_CHAT


def test_message_on_the_topics_of_two_chats_is_shown_where_it_belongs(
    anna: Person, bruno: Person
) -> None:
    bruno.join()
    bruno.arrives(public(), anna, public_chats=("kitchen", LOBBY))
    assert bruno.texts() == ["Ciao"]


def test_public_message_cannot_name_a_private_chat(
    anna: Person, bruno: Person, carla: Person
) -> None:
    bruno.do(OpenOneToOne(carla.key))
    forged = public(chat_id=carla.id)
    assert bruno.drops(forged, anna, public_chats=(carla.id,)) is Unshown.NOT_JOINED


def test_duplicate_is_dropped(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.arrives(public(), anna)
    assert bruno.drops(public(), anna) is Unshown.DUPLICATE
    assert bruno.chat().unread_count == 1


def test_own_public_message_that_comes_back_is_a_duplicate(anna: Person) -> None:
    anna.join()
    outputs = anna.do(SendMessage(LOBBY, "Ciao"))
    assert carry(outputs, anna, anna) == []
    assert anna.chats.statistics[Unshown.DUPLICATE] == 1
    assert anna.texts() == ["Ciao"]


def test_own_public_message_that_comes_back_out_of_an_archive_is_stored(anna: Person) -> None:
    anna.join()
    outputs = anna.do(SendMessage(LOBBY, "Ciao"))
    changed = one(MessageChanged, carry(outputs, anna, anna, archived=True))
    assert changed.message.state is MessageState.STORED
    assert anna.store.load_message(changed.message.id) == changed.message
    assert carry(outputs, anna, anna, archived=True) == []
    assert anna.chats.statistics[Unshown.DUPLICATE] == 2


def test_own_public_message_of_another_device_out_of_an_archive_is_stored(anna: Person) -> None:
    anna.join()
    event = replace(arrived(public(), anna), archived=True)
    assert one(MessageAdded, anna.handle(event)).message.state is MessageState.STORED


def test_what_others_say_is_received_wherever_it_comes_from(anna: Person, bruno: Person) -> None:
    bruno.join()
    event = replace(arrived(public(), anna), archived=True)
    assert one(MessageAdded, bruno.handle(event)).message.state is MessageState.RECEIVED
    assert bruno.handle(event) == []


def test_private_message_of_our_own_out_of_an_archive_may_be_for_one_device_of_many(
    anna: Person, bruno: Person
) -> None:
    anna.do(OpenOneToOne(bruno.key))
    [submitted] = only(MessageSubmitted, anna.do(SendMessage(bruno.id, "Ciao")))
    copy = arrived(unwrap(submitted.raw).payload, anna)
    anna.handle(replace(copy, message_id=submitted.message_id, archived=True))
    message = anna.store.load_message(submitted.message_id)
    assert message is not None
    assert message.state is MessageState.QUEUED


def test_own_public_message_of_another_device_is_shown_as_sent(anna: Person) -> None:
    anna.join()
    added = one(MessageAdded, anna.arrives(public(f"@{anna.id}"), anna))
    assert (added.message.own, added.message.state) == (True, MessageState.SENT)
    assert not added.asks_attention
    assert not added.mentions_us
    assert anna.chat().unread_count == 0


# ---- one-to-one chats


def test_stranger_s_message_makes_a_chat_that_waits(anna: Person, bruno: Person) -> None:
    outputs = bruno.arrives(private(bruno, "psst"), anna)
    chat = one(ChatChanged, outputs).chat
    assert (chat.id, chat.kind, chat.accepted, chat.active) == (
        anna.id,
        ChatKind.ONE_TO_ONE,
        False,
        True,
    )
    assert not one(MessageAdded, outputs).asks_attention
    assert bruno.texts(anna.id) == ["psst"]


def test_contact_s_message_asks_attention(anna: Person, bruno: Person) -> None:
    bruno.add(anna)
    outputs = bruno.arrives(private(bruno), anna)
    assert one(MessageAdded, outputs).asks_attention
    assert one(ChatChanged, outputs).chat.active


def test_chat_id_of_somebody_else_s_private_message_is_ignored(
    anna: Person, bruno: Person, carla: Person
) -> None:
    bruno.arrives(private(carla), anna)
    assert bruno.texts(anna.id) == ["Ciao"]


@pytest.mark.parametrize("kind", [MessageType.ONE_TO_ONE, MessageType.PRIVATE_GROUP])
def test_private_message_that_came_in_public_is_dropped(
    anna: Person, bruno: Person, kind: MessageType
) -> None:
    bruno.join()
    message = replace(private(bruno), message_type=kind)
    assert bruno.drops(message, anna, public_chats=(LOBBY,)) is Unshown.UNPROTECTED
    assert bruno.drops(message, anna, secrecy=Secrecy.PUBLIC) is Unshown.UNPROTECTED


def test_message_without_forward_secrecy_is_shown_as_such(anna: Person, bruno: Person) -> None:
    outputs = bruno.arrives(private(bruno), anna, secrecy=Secrecy.DH_ONLY)
    assert one(MessageAdded, outputs).message.secrecy is Secrecy.DH_ONLY


def test_message_revives_a_chat_that_was_left(anna: Person, bruno: Person) -> None:
    bruno.do(OpenOneToOne(anna.key))
    bruno.do(LeaveChat(anna.id))
    bruno.hears(anna)
    assert bruno.chat(anna.id).active
    assert bruno.chat(anna.id).accepted


def test_own_private_message_goes_to_the_chat_that_it_names(anna: Person, bruno: Person) -> None:
    message = one(MessageAdded, anna.arrives(private(bruno), anna)).message
    assert (message.chat_id, message.own, message.state) == (bruno.id, True, MessageState.SENT)
    assert anna.chat(bruno.id).accepted
    assert anna.chat(bruno.id).unread_count == 0


def test_own_private_message_accepts_a_stranger(anna: Person, bruno: Person) -> None:
    anna.hears(bruno)
    anna.arrives(private(bruno, clock=NOW_MS + 1), anna)
    assert anna.chat(bruno.id).accepted
    assert anna.chat(bruno.id).held_bytes == 0


def test_own_private_message_to_nobody_is_dropped(anna: Person, bruno: Person) -> None:
    for chat_id in ("lobby", bruno.id.upper(), "0x04" + 128 * "0", anna.id):
        message = replace(private(bruno), chat_id=chat_id)
        assert anna.drops(message, anna) is Unshown.UNKNOWN_KIND


def test_own_private_message_to_somebody_blocked_is_dropped(anna: Person, bruno: Person) -> None:
    anna.do(BlockContact(bruno.key))
    assert anna.drops(private(bruno), anna) is Unshown.BLOCKED


# ---- what has no meaning here


@pytest.mark.parametrize(
    "payload", [UnknownPayload(99, b"x"), GroupChatInvitation(clock=NOW_MS, chat_id="x", state=1)]
)
def test_payload_without_a_chat_is_dropped(
    anna: Person, bruno: Person, payload: UnknownPayload | GroupChatInvitation
) -> None:
    assert bruno.drops(payload, anna) is Unshown.UNKNOWN_KIND


def test_group_message_is_dropped(anna: Person, bruno: Person) -> None:
    message = replace(private(bruno), message_type=MessageType.PRIVATE_GROUP)
    assert bruno.drops(message, anna) is Unshown.UNKNOWN_KIND
    assert bruno.drops(replace(message, message_type=77), anna) is Unshown.UNKNOWN_KIND


def test_message_that_looks_like_a_note_of_the_program_is_dropped(
    anna: Person, bruno: Person
) -> None:
    content_type = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    message = replace(private(bruno), content_type=content_type)
    assert bruno.drops(message, anna) is Unshown.UNKNOWN_KIND


# ---- blocked and cleared


def test_blocked_author_is_not_heard_anywhere(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.do(BlockContact(anna.key))
    assert bruno.drops(public(), anna) is Unshown.BLOCKED
    assert bruno.drops(private(bruno), anna) is Unshown.BLOCKED


def test_unblocked_author_is_heard_again(anna: Person, bruno: Person) -> None:
    bruno.do(BlockContact(anna.key))
    bruno.do(BlockContact(anna.key, blocked=False))
    assert bruno.hears(anna).text == "Ciao"


def test_what_was_cleared_stays_gone(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.arrives(public(clock=NOW_MS), anna)
    bruno.do(ClearChat(LOBBY))
    assert bruno.drops(public(clock=NOW_MS), anna) is Unshown.DELETED
    assert bruno.drops(public("late", clock=NOW_MS - 5), anna) is Unshown.DELETED
    bruno.arrives(public("new", clock=NOW_MS + 1), anna)
    assert bruno.texts() == ["new"]


# ---- clocks, counts, attention


def test_clock_of_a_chat_never_goes_back(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.arrives(public("b", clock=NOW_MS + 100), anna)
    bruno.arrives(public("a", clock=NOW_MS + 50), anna)
    assert bruno.chat().last_clock == NOW_MS + 100
    assert bruno.texts() == ["a", "b"]


def test_equal_clocks_are_ordered_by_id(anna: Person, bruno: Person, carla: Person) -> None:
    bruno.join()
    for author in (anna, carla):
        bruno.arrives(public(), author)
    page = bruno.store.page(LOBBY, before=None, limit=9)
    assert [it.id for it in page] == sorted((it.id for it in page), reverse=True)


def test_muted_chat_counts_and_asks_no_attention(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.do(MuteChat(LOBBY, muted=True))
    assert not one(MessageAdded, bruno.arrives(public(), anna)).asks_attention
    assert bruno.chat().unread_count == 1


def test_late_message_counts_as_read_and_still_asks_attention(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.arrives(public(clock=NOW_MS + 5), anna)
    bruno.do(MarkRead(LOBBY))
    assert one(MessageAdded, bruno.arrives(public("late"), anna)).asks_attention
    assert bruno.chat().unread_count == 0


def test_time_of_the_newest_message_is_never_later_than_now(anna: Person, bruno: Person) -> None:
    bruno.join()
    bruno.arrives(replace(public(), timestamp_unix_ms=253_402_300_799_999), anna)
    assert bruno.chat().last_message_unix_ms == NOW_MS


# ---- content


def test_reply_comes_with_what_it_answers(anna: Person, bruno: Person) -> None:
    bruno.join()
    asked = one(MessageAdded, bruno.arrives(public("How are you?"), anna)).message
    answer = replace(public("Fine", clock=NOW_MS + 1), response_to=message_id_text(asked.id))
    added = one(MessageAdded, bruno.arrives(answer, anna))
    assert added.quoted == asked
    assert added.message.response_to == message_id_text(asked.id)


def test_reply_never_quotes_another_chat(anna: Person, bruno: Person) -> None:
    bruno.join()
    secret = bruno.hears(anna, "secret")
    answer = replace(public(), response_to=message_id_text(secret.id))
    assert one(MessageAdded, bruno.arrives(answer, anna)).quoted is None


@pytest.mark.parametrize("response_to", ["", "0x", "nonsense", "0x" + 64 * "a"])
def test_reply_to_what_is_not_here_quotes_nothing(
    anna: Person, bruno: Person, response_to: str
) -> None:
    bruno.join()
    answer = replace(public(), response_to=response_to)
    assert one(MessageAdded, bruno.arrives(answer, anna)).quoted is None


def test_mention_of_us_is_noted(anna: Person, bruno: Person) -> None:
    bruno.join()
    assert one(MessageAdded, bruno.arrives(public(f"hey @{bruno.id}!"), anna)).mentions_us
    assert not one(MessageAdded, bruno.arrives(public(f"hey @{anna.id}!"), anna)).mentions_us


def test_text_is_kept_as_it_came(anna: Person, bruno: Person) -> None:
    bruno.join()
    text = "\u202eabc\x1b[31m\x00 "
    bruno.arrives(public(text), anna)
    assert bruno.texts() == [text]


@pytest.mark.parametrize(
    ("content_type", "attachment"),
    [
        (ContentType.STICKER, StickerMessage("e301", 4)),
        (ContentType.IMAGE, PNG),
        (ContentType.AUDIO, AudioMessage(b"x", 1, 5)),
    ],
)
def test_attachment_is_kept(
    anna: Person,
    bruno: Person,
    content_type: ContentType,
    attachment: StickerMessage | ImageMessage | AudioMessage,
) -> None:
    bruno.join()
    payload = replace(public(), content_type=content_type, attachment=attachment)
    message = one(MessageAdded, bruno.arrives(payload, anna)).message
    assert (message.content_type, message.attachment) == (content_type, attachment)


def test_attachment_of_another_type_than_the_content_s_is_left_out(
    anna: Person, bruno: Person
) -> None:
    bruno.join()
    payload = replace(public(), attachment=ImageMessage(b"unchecked", 1))
    assert one(MessageAdded, bruno.arrives(payload, anna)).message.attachment is None


# ---- a public chat that is full


def test_full_public_chat_loses_its_older_half(anna: Person) -> None:
    bruno = Person(2, settings=ChatSettings(public_chat_bytes_max=20 * 1100))
    bruno.join()
    for number in range(200):
        outputs = bruno.arrives(public(f"{number}", clock=NOW_MS + number), anna)
        assert len(only(MessageAdded, outputs)) == 1
        assert len(bruno.texts()) <= 21
        count = bruno.store.unread_count(LOBBY, above_clock=bruno.chat().read_at_clock)
        assert bruno.chat().unread_count == count
        bruno.start()
    assert bruno.texts()[-9:] == [f"{number}" for number in range(191, 200)]
    assert bruno.drops(public("10", clock=NOW_MS + 10), anna) is Unshown.DELETED


def test_late_message_can_leave_with_the_older_half(anna: Person) -> None:
    bruno = Person(2, settings=ChatSettings(public_chat_bytes_max=4 * 1100))
    bruno.join()
    for number in range(1, 5):
        bruno.arrives(public(f"{number}", clock=NOW_MS + number), anna)
    assert only(MessageAdded, bruno.arrives(public("late"), anna)) == []
    assert bruno.chats.statistics == {Unshown.DELETED: 1}
    assert bruno.texts() == ["4"]
    assert bruno.chat().unread_count == 1


def test_own_message_that_needs_one_chat_too_many_is_dropped(anna: Person, bruno: Person) -> None:
    few = Person(1, settings=ChatSettings(chats_max=1))
    few.join()
    assert few.drops(private(bruno), anna) is Unshown.INBOX_FULL


def test_conversation_flows_both_ways(anna: Person, bruno: Person) -> None:
    carry(anna.do(SendMessage(bruno.id, "Ciao Bruno")), anna, bruno)
    bruno.do(AcceptChat(anna.id))
    carry(bruno.do(SendMessage(anna.id, "Ciao Anna")), bruno, anna)
    assert anna.texts(bruno.id) == bruno.texts(anna.id) == ["Ciao Bruno", "Ciao Anna"]
