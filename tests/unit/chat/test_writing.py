import pytest

from sottovoce.chat.commands import (
    BlockContact,
    LeaveChat,
    OpenOneToOne,
    React,
    ResendMessage,
    SendMessage,
    SetProfile,
)
from sottovoce.chat.events import ChatChanged, Done, MessageAdded, ReactionChanged
from sottovoce.chat.records import ChatId, MessageState, Reaction
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    ChatMessage,
    ContentType,
    ImageMessage,
    MessageType,
    StickerMessage,
)
from sottovoce.payloads.message_id import MessageId, message_id_text
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from sottovoce.payloads.validity import check_received
from sottovoce.stack.destinations import Contact, PublicChat
from sottovoce.stack.events import MessageSubmitted, PeopleChanged, Undeliverable
from unit.chat.people import LOBBY, NOW_MS, Person, carry, one, public

UNKNOWN = MessageId(bytes(32))
PNG = ImageMessage(b"\x89PNG\r\n\x1a\n" + bytes(32), 1)


@pytest.fixture
def anna() -> Person:
    person = Person(1)
    person.join()
    return person


@pytest.fixture
def bruno() -> Person:
    person = Person(2)
    person.join()
    return person


def test_public_message_leaves_as_real_clients_write_it(anna: Person) -> None:
    anna.do(SetProfile("anna.eth"))
    outputs = anna.do(SendMessage(LOBBY, "Ciao"))
    submitted = one(MessageSubmitted, outputs)
    unwrapped = unwrap(submitted.raw)
    assert submitted.destination == PublicChat(LOBBY)
    assert unwrapped.author == anna.key
    assert unwrapped.message_id == submitted.message_id
    assert unwrapped.payload == ChatMessage(
        clock=NOW_MS,
        timestamp_unix_ms=NOW_MS,
        text="Ciao",
        ens_name="anna.eth",
        chat_id="lobby",
        message_type=MessageType.PUBLIC_GROUP,
        content_type=ContentType.TEXT_PLAIN,
    )
    check_received(unwrapped.payload, envelope_unix_ms=NOW_MS)


def test_message_is_kept_queued_and_told(anna: Person) -> None:
    outputs = anna.do(SendMessage(LOBBY, "Ciao"))
    added = one(MessageAdded, outputs)
    message = added.message
    assert one(Done, outputs).result == message == anna.store.load_message(message.id)
    assert (message.own, message.state, message.secrecy) == (True, MessageState.QUEUED, None)
    assert message.raw == one(MessageSubmitted, outputs).raw
    assert not added.asks_attention
    assert anna.chat().unread_count == 0
    assert anna.chat().last_message_unix_ms == NOW_MS


def test_private_message_opens_a_chat(anna: Person, bruno: Person) -> None:
    outputs = anna.do(SendMessage(bruno.id, "psst"))
    submitted = one(MessageSubmitted, outputs)
    assert submitted.destination == Contact(bruno.key)
    payload = unwrap(submitted.raw).payload
    assert isinstance(payload, ChatMessage)
    assert (payload.chat_id, payload.message_type) == (bruno.id, MessageType.ONE_TO_ONE)
    assert one(ChatChanged, outputs).chat.accepted
    assert one(PeopleChanged, outputs).answered == {bruno.key}
    assert isinstance(outputs[0], PeopleChanged)


def test_writing_to_a_chat_that_was_left_shows_it_again(anna: Person, bruno: Person) -> None:
    anna.do(OpenOneToOne(bruno.key))
    anna.do(LeaveChat(bruno.id))
    anna.say("again", bruno.id)
    assert anna.chat(bruno.id).active


def test_clock_is_the_time_or_one_more_than_the_last(anna: Person, bruno: Person) -> None:
    assert anna.say().clock == NOW_MS
    assert anna.say().clock == NOW_MS + 1
    anna.unix_s += 10
    assert anna.say().clock == NOW_MS + 10_000
    anna.arrives(public(clock=NOW_MS + 60_000), bruno)
    assert anna.say().clock == NOW_MS + 60_001


def test_clock_that_somebody_pushed_ahead_does_not_make_our_message_one_of_the_future(
    anna: Person, bruno: Person
) -> None:
    anna.arrives(public(clock=NOW_MS + 240_000), bruno)
    assert anna.say().clock == NOW_MS + 119_000
    assert anna.chat(LOBBY).last_clock == NOW_MS + 240_000


def test_clock_backwards_by_seconds_makes_no_message_older(anna: Person) -> None:
    first = anna.say("first")
    anna.unix_s -= 100
    assert anna.say("second").clock == first.clock + 1


def test_clock_backwards_by_a_day_makes_a_message_older_and_not_one_that_is_dropped(
    anna: Person,
) -> None:
    anna.say("first")
    anna.unix_s -= 86_400
    assert anna.say("second").clock == NOW_MS - 86_400_000 + 119_000


@pytest.mark.parametrize("content_type", [ContentType.STATUS, ContentType.EMOJI])
def test_status_and_emoji_have_their_content_type(
    anna: Person, bruno: Person, content_type: ContentType
) -> None:
    outputs = anna.do(SendMessage(LOBBY, "👋", content_type=content_type))
    message = one(MessageAdded, carry(outputs, anna, bruno)).message
    assert message.content_type == content_type


@pytest.mark.parametrize(
    ("attachment", "content_type"),
    [
        (StickerMessage("e301", 1), ContentType.STICKER),
        (PNG, ContentType.IMAGE),
        (AudioMessage(b"x", 1, 900), ContentType.AUDIO),
    ],
)
def test_attachment_decides_the_content_type(
    anna: Person, bruno: Person, attachment: Attachment, content_type: ContentType
) -> None:
    outputs = anna.do(SendMessage(LOBBY, "look", attachment=attachment))
    message = one(MessageAdded, carry(outputs, anna, bruno)).message
    assert (message.content_type, message.attachment) == (content_type, attachment)


def test_reply_names_what_it_answers(anna: Person, bruno: Person) -> None:
    asked = one(MessageAdded, bruno.arrives(public("How?"), anna)).message
    outputs = bruno.do(SendMessage(LOBBY, "Fine", response_to=asked.id))
    assert one(MessageAdded, outputs).quoted == asked
    payload = unwrap(one(MessageSubmitted, outputs).raw).payload
    assert isinstance(payload, ChatMessage)
    assert payload.response_to == message_id_text(asked.id)


# ---- refused


def test_text_that_is_too_large_is_refused_with_the_limit(anna: Person) -> None:
    assert "65536" in anna.refused(SendMessage(LOBBY, "è" * 32_769))
    assert anna.say("è" * 32_768).text


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_blank_text_is_refused(anna: Person, text: str) -> None:
    assert "empty" in anna.refused(SendMessage(LOBBY, text))


def test_text_that_has_no_utf8_form_is_refused(anna: Person) -> None:
    assert "Unicode" in anna.refused(SendMessage(LOBBY, "\ud800"))


@pytest.mark.parametrize(
    ("attachment", "said"),
    [
        (ImageMessage(bytes(512 * 1024 + 1), 1), "524288"),
        (ImageMessage(b"", 1), "524288"),
        (ImageMessage(b"nothing", 1), "not of its type"),
        (StickerMessage(""), "sticker"),
        (StickerMessage("e301", 1 << 40), "cannot be sent"),
        (AudioMessage(b"", 1), "empty"),
        (AudioMessage(bytes(960 * 1024 + 1), 1), "a recording has at most 983040"),
        (AudioMessage(b"x", 1, 3_600_001), "too long"),
    ],
)
def test_attachment_that_nobody_would_accept_is_refused(
    anna: Person, attachment: Attachment, said: str
) -> None:
    assert said in anna.refused(SendMessage(LOBBY, "look", attachment=attachment))


@pytest.mark.parametrize("number", [0, 2, 5, 6, 7, 8])
def test_content_type_without_its_attachment_is_refused(anna: Person, number: int) -> None:
    command = SendMessage(LOBBY, "x", content_type=ContentType(number))
    assert "without attachment" in anna.refused(command)


def test_chat_that_is_not_there_is_refused(anna: Person) -> None:
    for chat_id in ("kitchen", "0x04", "0x04" + 128 * "0"):
        assert "no such chat" in anna.refused(SendMessage(ChatId(chat_id), "x"))


def test_chat_too_many_is_refused(bruno: Person) -> None:
    few = Person(1, settings=ChatSettings(chats_max=1))
    few.join()
    assert "1 chats" in few.refused(SendMessage(bruno.id, "x"))


def test_chat_that_was_left_is_refused(anna: Person) -> None:
    anna.do(LeaveChat(LOBBY))
    assert "left" in anna.refused(SendMessage(LOBBY, "x"))


def test_blocked_person_and_oneself_are_refused(anna: Person, bruno: Person) -> None:
    anna.do(BlockContact(bruno.key))
    assert "blocked" in anna.refused(SendMessage(bruno.id, "x"))
    assert "own key" in anna.refused(SendMessage(anna.id, "x"))


def test_reply_to_what_is_not_in_this_chat_is_refused(anna: Person, bruno: Person) -> None:
    elsewhere = anna.hears(bruno)
    assert "no such message" in anna.refused(SendMessage(LOBBY, "x", response_to=UNKNOWN))
    assert "another chat" in anna.refused(SendMessage(LOBBY, "x", response_to=elsewhere.id))


def test_failed_message_to_somebody_blocked_is_not_sent_again(anna: Person, bruno: Person) -> None:
    message = anna.say("x", bruno.id)
    anna.handle(Undeliverable(message.id, Contact(bruno.key), "gone"))
    anna.do(BlockContact(bruno.key))
    assert "blocked" in anna.refused(ResendMessage(message.id))


# ---- reactions


def test_reaction_leaves_as_real_clients_write_it(anna: Person, bruno: Person) -> None:
    message = anna.hears(bruno)
    outputs = anna.do(React(message.id, ReactionType.SAD))
    submitted = one(MessageSubmitted, outputs)
    assert submitted.destination == Contact(bruno.key)
    assert unwrap(submitted.raw).payload == EmojiReaction(
        clock=NOW_MS + 1,
        chat_id=bruno.id,
        message_id=message_id_text(message.id),
        message_type=MessageType.ONE_TO_ONE,
        type=ReactionType.SAD,
    )
    reaction = one(ReactionChanged, outputs).reaction
    assert reaction == Reaction(message.id, bruno.id, anna.key, ReactionType.SAD, NOW_MS + 1)
    assert one(Done, outputs).result == reaction
    assert anna.store.reactions([message.id]) == [reaction]
    assert anna.chat(bruno.id).last_clock == NOW_MS + 1


def test_reaction_is_taken_back(anna: Person) -> None:
    message = anna.say()
    anna.do(React(message.id, ReactionType.SAD))
    outputs = anna.do(React(message.id, ReactionType.SAD, retracted=True))
    assert one(ReactionChanged, outputs).reaction.retracted
    payload = unwrap(one(MessageSubmitted, outputs).raw).payload
    assert isinstance(payload, EmojiReaction)
    assert payload.retracted
    assert anna.store.reactions([message.id]) == []


def test_same_reaction_is_not_sent_twice(anna: Person) -> None:
    message = anna.say()
    anna.do(React(message.id, ReactionType.SAD))
    assert len(anna.do(React(message.id, ReactionType.SAD))) == 1


def test_reaction_that_cannot_be_is_refused(anna: Person) -> None:
    message = anna.say()
    assert "no such message" in anna.refused(React(UNKNOWN, ReactionType.SAD))
    for type in (0, 7, -1):
        assert "1 to 6" in anna.refused(React(message.id, type))
    assert "take back" in anna.refused(React(message.id, ReactionType.SAD, retracted=True))
    anna.do(LeaveChat(LOBBY))
    assert "left" in anna.refused(React(message.id, ReactionType.SAD))


def test_messages_of_two_people_interleave(anna: Person, bruno: Person) -> None:
    for number in range(4):
        author, other = (anna, bruno) if number % 2 else (bruno, anna)
        outputs = author.do(SendMessage(LOBBY, f"{number}"))
        carry(outputs, author, other)
    assert anna.texts() == bruno.texts() == ["0", "1", "2", "3"]
