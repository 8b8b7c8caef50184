"""Messages and reactions as other devices of ours bring them.

Who wrote a message and how it was protected is what the other device says: it checked both when
the message came to it.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.events import MessageAdded, MessageChanged, ReactionChanged, Unshown
from sottovoce.chat.feed_chats import KINDS, ChatAbsorbing
from sottovoce.chat.feed_keys import reaction_key
from sottovoce.chat.feed_records import SECRECY_NUMBERS, STATE_NUMBERS, padded, progress
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.feed_settings import RECENT_MS, SENT_AGAIN_MS_MAX
from sottovoce.chat.inbox import Inbox, hold, mark_older_half
from sottovoce.chat.message_values import (
    content_type_of,
    mentions,
    quoted_message,
    size_bytes,
    unix_ms,
)
from sottovoce.chat.records import Chat, ChatId, ChatKind, Message, MessageState, Reaction
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.feed import FeedMessage, FeedReaction, RecordKind
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.registry import Payload
from sottovoce.stack import destinations
from sottovoce.stack.events import MessageSubmitted

_SECRECIES: Final = {number: secrecy for secrecy, number in SECRECY_NUMBERS.items()}
_ON_THE_WAY: Final = (MessageState.QUEUED, MessageState.SENT, MessageState.STORED)
_STATES: Final = {number: state for state, number in STATE_NUMBERS.items()}


class MessageAbsorbing:
    """Takes messages and reactions in."""

    def __init__(
        self,
        book: Book,
        inbox: Inbox,
        chats: ChatAbsorbing,
        rows: FeedRows,
        compose: Callable[[Payload], Wrapped],
    ) -> None:
        self._compose: Final = compose
        self._book: Final = book
        self._inbox: Final = inbox
        self._chats: Final = chats
        self._rows: Final = rows

    def take(
        self, theirs: FeedMessage, author: PublicKey, content: ChatMessage, by: Bringing
    ) -> Unshown | None:
        """Take a message in; return why that cannot be."""
        ours = self._book.store.load_message(MessageId(theirs.id))
        if ours is not None:
            self._advance(ours, theirs, by)
            return None
        chat = self._chats.chat_of(ChatId(content.chat_id), KINDS[content.message_type])
        if isinstance(chat, Unshown):
            return chat
        if content.clock <= chat.deleted_at_clock:
            return None  # It was cleared here.
        message = _message(theirs, author, content, own=author == self._book.me, by=by)
        if not self._has_room(chat, message):
            return Unshown.INBOX_FULL
        if message.own and self._was_lost(message, by):
            message = self._sent_again(message, content, chat)
        with self._rows.log.quiet():
            self._add(message, chat, by)
        self._rows.brought(
            RecordKind.MESSAGE,
            message.id,
            by,
            stamps=(theirs.state_unix_ms,),
            changed=True,
            same=True,
        )
        return None

    def _was_lost(self, message: Message, by: Bringing) -> bool:
        """Tell whether a message may have been on its way from here when this device went back."""
        went_back_unix_ms = self._rows.log.store.went_back_unix_ms()
        is_recent = unix_ms(by.now) - message.written_unix_ms < SENT_AGAIN_MS_MAX
        return is_recent and message.written_unix_ms <= went_back_unix_ms

    def _sent_again(self, message: Message, content: ChatMessage, chat: Chat) -> Message:
        """Submit a message that nobody acknowledged; whoever has it knows it by its id.

        The same words are signed to the same bytes, and so have the same id.
        """
        if chat.kind is not ChatKind.ONE_TO_ONE or message.state not in _ON_THE_WAY:
            return message
        partner = self._book.partner(chat)
        if self._book.contact(partner).blocked:
            return message
        try:
            wrapped = self._compose(content)
        except LocalProtocolError:
            return message
        if wrapped.message_id != message.id:
            return message  # Its attachment was too large to be brought.
        contact = destinations.Contact(partner)
        self._book.said.append(MessageSubmitted(message.id, wrapped.raw, contact))
        return replace(message, raw=wrapped.raw)

    def take_reaction(
        self, theirs: FeedReaction, author: PublicKey, by: Bringing
    ) -> Unshown | None:
        """Take a reaction in, of which its author's latest word counts; return why it cannot be.

        It may come before its message, which moves in the list when it comes further.
        """
        chat = self._book.chat(ChatId(theirs.chat_id))
        if chat is None:
            return Unshown.NO_MESSAGE
        if theirs.clock <= chat.deleted_at_clock:
            return None  # What it is about was cleared here.
        message_id = MessageId(theirs.message_id)
        after = reaction = Reaction(
            message_id, ChatId(theirs.chat_id), author, theirs.type, theirs.clock, theirs.retracted
        )
        ours = self._book.store.load_reaction(message_id, author, theirs.type)
        if ours is not None:
            after = max(ours, reaction, key=lambda it: (it.clock, it.retracted))
        if after != ours:
            with self._rows.log.quiet():
                self._book.store.save_reaction(after)
            was_there = ours is not None and not ours.retracted
            is_seen = self._book.store.load_message(message_id) is not None
            if is_seen and (was_there or not after.retracted):
                self._book.said.append(ReactionChanged(after))
            if chat.last_clock < after.clock:
                with self._rows.log.quiet():
                    self._book.put_chat(replace(chat, last_clock=after.clock))
        self._rows.brought(
            RecordKind.REACTION,
            reaction_key(after),
            by,
            changed=after != ours,
            same=after == reaction,
        )
        return None

    def _has_room(self, chat: Chat, message: Message) -> bool:
        if chat.kind is ChatKind.PUBLIC:
            return (
                chat.held_bytes + size_bytes(message) <= self._book.settings.public_chat_bytes_max
            )
        if message.own or chat.accepted:
            return self._book.has_room(chat)
        return self._inbox.admit(chat, size_bytes(message))

    def _add(self, message: Message, before: Chat, by: Bringing) -> None:
        self._book.store.save_message(message)
        chat = mark_older_half(
            _with_message(before, message), self._book.settings.public_chat_bytes_max
        )
        self._book.put_chat(chat)
        is_unread = not message.own and message.clock > chat.read_at_clock
        is_recent = message.written_unix_ms > unix_ms(by.now) - RECENT_MS
        is_heard = chat.accepted and chat.active and not chat.muted
        self._book.said.append(
            MessageAdded(
                message,
                quoted_message(self._book.store, message),
                asks_attention=is_unread
                and is_recent
                and is_heard
                and not self._book.contact(message.author).blocked,
                mentions_us=not message.own and mentions(message.text, self._book.me),
            )
        )

    def _advance(self, ours: Message, theirs: FeedMessage, by: Bringing) -> None:
        """Let a message of our own come as far as it has come there."""
        (stamp,) = padded(self._rows.stamps(RecordKind.MESSAGE, ours.id), 1)
        our_version = (stamp, progress(ours))
        their_progress = (
            theirs.state if ours.own else 0,
            theirs.reason if ours.own else ours.reason,
            theirs.recipient_count if ours.own else ours.recipient_count,
            theirs.acknowledged_count if ours.own else ours.acknowledged_count,
        )
        their_version = (theirs.state_unix_ms if ours.own else stamp, their_progress)
        after = max(our_version, their_version)
        if after[1] != our_version[1]:
            state, reason, recipient_count, acknowledged_count = after[1]
            message = replace(
                ours,
                state=_STATES[state],
                reason=reason,
                recipient_count=recipient_count,
                acknowledged_count=acknowledged_count,
                secrecy=ours.secrecy or _SECRECIES[theirs.secrecy],
            )
            with self._rows.log.quiet():
                self._book.store.save_message(message)
            self._book.said.append(MessageChanged(message))
        self._rows.brought(
            RecordKind.MESSAGE,
            ours.id,
            by,
            stamps=(after[0],),
            changed=after != our_version,
            same=after == their_version,
        )


def _message(
    theirs: FeedMessage, author: PublicKey, content: ChatMessage, *, own: bool, by: Bringing
) -> Message:
    attachment = content.attachment
    if attachment is not None and content.content_type != content_type_of(attachment):
        attachment = None
    return Message(
        MessageId(theirs.id),
        ChatId(content.chat_id),
        author,
        content.clock,
        content.timestamp_unix_ms,
        min(theirs.kept_unix_ms, unix_ms(by.now)),
        content.content_type,
        content.text,
        response_to=content.response_to,
        ens_name=content.ens_name,
        attachment=attachment,
        own=own,
        secrecy=_SECRECIES[theirs.secrecy],
        state=_STATES[theirs.state] if own else MessageState.RECEIVED,
        reason=theirs.reason if own else "",
        recipient_count=theirs.recipient_count if own else 0,
        acknowledged_count=theirs.acknowledged_count if own else 0,
    )


def _with_message(chat: Chat, message: Message) -> Chat:
    """Return a chat as it is with one more message; whether it is shown was decided there."""
    is_unread = not message.own and message.clock > chat.read_at_clock
    written_unix_ms = min(message.written_unix_ms, message.kept_unix_ms)
    chat = replace(
        chat,
        last_clock=max(chat.last_clock, message.clock),
        unread_count=chat.unread_count + is_unread,
        last_message_unix_ms=max(chat.last_message_unix_ms, written_unix_ms),
    )
    return chat if message.own else hold(chat, size_bytes(message))
