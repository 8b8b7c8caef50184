"""What a person says: messages, the same once more, and reactions.

Everything is checked before anything is written or leaves.

Spec: Status specs 6 (payloads), "Chat Message"; status-go protocol/message_builder.go and
messenger.go.
"""

from dataclasses import replace
from typing import Final, assert_never

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.chat.book import Book
from sottovoce.chat.commands import React, ResendMessage, SendMessage
from sottovoce.chat.events import MessageAdded, MessageChanged, ReactionChanged
from sottovoce.chat.group_progress import GroupProgress
from sottovoce.chat.inbox import accept
from sottovoce.chat.message_values import content_type_of, quoted_message, unix_ms, utf8_bytes
from sottovoce.chat.posting import Posting
from sottovoce.chat.records import Chat, ChatKind, Message, MessageState, Reaction
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.payloads.chat_message import AudioMessage, ChatMessage, ContentType, MessageType
from sottovoce.payloads.clock import acceptable_clock
from sottovoce.payloads.contact_id import contact_key
from sottovoce.payloads.limits import AUDIO_BYTES_MAX, TEXT_BYTES_MAX
from sottovoce.payloads.message_id import MessageId, message_id_text
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from sottovoce.payloads.text_content import is_blank
from sottovoce.payloads.validity import check_received
from sottovoce.stack import destinations

_WRITTEN: Final = (ContentType.TEXT_PLAIN, ContentType.STATUS, ContentType.EMOJI)
_MESSAGE_TYPES: Final = {
    ChatKind.PUBLIC: MessageType.PUBLIC_GROUP,
    ChatKind.ONE_TO_ONE: MessageType.ONE_TO_ONE,
    ChatKind.GROUP: MessageType.PRIVATE_GROUP,
}


class Writing:
    """Carries out commands to say something."""

    def __init__(self, book: Book, posting: Posting, groups: GroupProgress) -> None:
        self._book: Final = book
        self._posting: Final = posting
        self._groups: Final = groups

    def send(self, command: SendMessage, now: Moment) -> Message:
        """Say something in a chat; whoever is written to is no stranger any more.

        Raises:
            CommandRefusedError: It cannot be said, or not there.
        """
        chat = self._open_chat(command)
        self._book.require_room(chat)
        payload = self._chat_message(command, chat, now)
        wrapped = self._posting.wrapped(payload, chat)
        people = self._book.others(chat)
        message = Message(
            wrapped.message_id,
            chat.id,
            self._book.me,
            payload.clock,
            payload.timestamp_unix_ms,
            payload.timestamp_unix_ms,
            payload.content_type,
            payload.text,
            response_to=payload.response_to,
            ens_name=payload.ens_name,
            attachment=payload.attachment,
            own=True,
            state=MessageState.QUEUED,
            raw=wrapped.raw,
            recipient_count=len(people),
        )
        self._said_in(chat, payload.clock, last_message_unix_ms=payload.timestamp_unix_ms)
        self._book.store.save_message(message)
        self._groups.submitted(message.id, people)
        self._book.said.append(MessageAdded(message, quoted_message(self._book.store, message)))
        self._posting.submit(wrapped, self._book.destinations(chat))
        return message

    def resend(self, command: ResendMessage) -> Message:
        """Send a message of ours that failed once more.

        Raises:
            CommandRefusedError: It did not fail, another device wrote it, or its chat was left or
                blocked.
        """
        failed = self._known_message(command.message_id)
        missing = self._groups.missing(failed)
        if failed.state is not MessageState.FAILED and not missing:
            raise CommandRefusedError("only a message of yours that failed can be sent again")
        if not failed.raw:
            raise CommandRefusedError(
                "the message was written on another device of yours; send it again there"
            )
        chat = self._speakable(self._book.known_chat(failed.chat_id))
        to = self._book.destinations(chat)
        if chat.kind is ChatKind.GROUP:
            if not missing:
                raise CommandRefusedError(failed.reason)
            to = tuple(destinations.Contact(key) for key in missing)
        state = MessageState.SENT if failed.acknowledged_count else MessageState.QUEUED
        message = replace(failed, state=state, peer_count=0, reason="")
        self._book.store.save_message(message)
        self._groups.submitted(message.id, missing)
        self._book.said.append(MessageChanged(message))
        self._posting.submit(Wrapped(message.raw, message.id), to)
        return message

    def react(self, command: React, now: Moment) -> Reaction:
        """Put a face under a message, or take it back; what is so already is not said again.

        Raises:
            CommandRefusedError: There is no such message, face, or reaction to take back.
        """
        message = self._known_message(command.message_id)
        chat = self._speakable(self._book.known_chat(message.chat_id))
        if command.type not in tuple(ReactionType)[1:]:
            raise CommandRefusedError("there is no such reaction; choose one from 1 to 6")
        old = self._book.store.load_reaction(message.id, self._book.me, command.type)
        if old is not None and old.retracted == command.retracted:
            return old
        if old is None and command.retracted:
            raise CommandRefusedError("there is no reaction of yours to take back")
        self._book.require_room(chat)
        clock = self._clock(chat, now)
        reaction = Reaction(
            message.id, chat.id, self._book.me, command.type, clock, command.retracted
        )
        wrapped = self._posting.wrapped(_emoji_reaction(reaction, chat), chat)
        self._said_in(chat, clock)
        self._book.store.save_reaction(reaction)
        self._book.said.append(ReactionChanged(reaction))
        self._posting.submit(wrapped, self._book.destinations(chat))
        return reaction

    # ---- where

    def _open_chat(self, command: SendMessage) -> Chat:
        chat = self._book.chat(command.chat_id)
        if chat is not None:
            return self._speakable(chat)
        try:
            key = contact_key(command.chat_id)
        except RemoteProtocolError:
            raise CommandRefusedError(
                "there is no such chat; join a public one first, or name a person by their key"
            ) from None
        if key == self._book.me:
            raise CommandRefusedError("this is your own key")
        return self._speakable(self._book.one_to_one(key))

    def _speakable(self, chat: Chat) -> Chat:
        match chat.kind:
            case ChatKind.PUBLIC:
                if not chat.active:
                    raise CommandRefusedError("this chat was left; join it again first")
            case ChatKind.ONE_TO_ONE:
                if self._book.contact(self._book.partner(chat)).blocked:
                    raise CommandRefusedError("this person is blocked; unblock them first")
            case ChatKind.GROUP:
                self._require_joined(chat)
            case _:
                assert_never(chat.kind)
        return chat

    def _require_joined(self, chat: Chat) -> None:
        history = self._book.groups.history(chat.id)
        if self._book.me not in history.members:
            raise CommandRefusedError(
                "you are not in this group any more; ask an admin to invite you again"
            )
        if self._book.me not in history.joined:
            raise CommandRefusedError("you were invited to this group; join it first")

    def _known_message(self, message_id: MessageId) -> Message:
        message = self._book.store.load_message(message_id)
        if message is None:
            raise CommandRefusedError("there is no such message here")
        return message

    # ---- what

    def _chat_message(self, command: SendMessage, chat: Chat, now: Moment) -> ChatMessage:
        _check_text(command.text)
        payload = ChatMessage(
            clock=self._clock(chat, now),
            timestamp_unix_ms=unix_ms(now),
            text=command.text,
            response_to=self._response_to(command.response_to, chat),
            ens_name=self._book.profile.ens_name,
            chat_id=chat.id,
            message_type=_MESSAGE_TYPES[chat.kind],
            content_type=_content_type(command),
            attachment=command.attachment,
        )
        try:
            check_received(payload, envelope_unix_ms=payload.clock)
        except RemoteProtocolError as error:
            raise CommandRefusedError(f"the message would be accepted by nobody: {error}") from None
        return payload

    def _response_to(self, answered: MessageId | None, chat: Chat) -> str:
        if answered is None:
            return ""
        if self._known_message(answered).chat_id != chat.id:
            raise CommandRefusedError("the message to be answered is in another chat")
        return message_id_text(answered)

    def _clock(self, chat: Chat, now: Moment) -> int:
        return acceptable_clock(last_clock=chat.last_clock, now_unix_ms=unix_ms(now))

    # ---- how

    def _said_in(self, chat: Chat, clock: int, *, last_message_unix_ms: int = 0) -> None:
        accepted = chat if chat.kind is ChatKind.PUBLIC else accept(chat)
        newest_unix_ms = max(chat.last_message_unix_ms, last_message_unix_ms)
        self._book.put_chat(
            replace(
                accepted,
                last_clock=max(chat.last_clock, clock),
                last_message_unix_ms=newest_unix_ms,
            )
        )


def _check_text(text: str) -> None:
    text_bytes = utf8_bytes(text)
    if text_bytes is None:
        raise CommandRefusedError("the text is not valid Unicode")
    if text_bytes > TEXT_BYTES_MAX:
        raise CommandRefusedError(
            f"the text has {text_bytes} bytes, and a message has at most {TEXT_BYTES_MAX}; "
            "send it in parts"
        )
    if is_blank(text):
        raise CommandRefusedError("the text is empty; write something, also to go with a picture")


def _content_type(command: SendMessage) -> ContentType:
    match command.attachment:
        case None:
            pass
        case AudioMessage(payload=payload) if len(payload) > AUDIO_BYTES_MAX:
            raise CommandRefusedError(f"a recording has at most {AUDIO_BYTES_MAX} bytes")
        case attachment:
            return content_type_of(attachment)
    if command.content_type not in _WRITTEN:
        raise CommandRefusedError("a message without attachment is text, a status or emoji")
    return command.content_type


def _emoji_reaction(reaction: Reaction, chat: Chat) -> EmojiReaction:
    return EmojiReaction(
        clock=reaction.clock,
        chat_id=chat.id,
        message_id=message_id_text(reaction.message_id),
        message_type=_MESSAGE_TYPES[chat.kind],
        type=reaction.type,
        retracted=reaction.retracted,
    )
