"""What arrives: in which chat it belongs, whether it is shown, and what it changes.

Form, clock and signatures were checked below. Here stand the rules that need to know chats and
contacts (docs/spec-deviations.md, "Where a message is shown").

Spec: status-go protocol/message_handler.go and messenger.go.
"""

from dataclasses import replace
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.contact_updates import ContactUpdates
from sottovoce.chat.device_sync import DeviceSync
from sottovoce.chat.devices import Devices
from sottovoce.chat.events import MessageAdded, MessageChanged, ReactionChanged, Unshown
from sottovoce.chat.group_progress import stored
from sottovoce.chat.group_reception import GroupReception
from sottovoce.chat.inbox import Inbox, accept, hold, mark_older_half, without_older_half
from sottovoce.chat.message_values import (
    mentions,
    quoted_message,
    read_id,
    received_message,
    size_bytes,
)
from sottovoce.chat.records import Chat, ChatId, ChatKind, Message, Reaction
from sottovoce.chat.settings import REACTION_BYTES
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.contact_id import contact_key
from sottovoce.payloads.devices import (
    PairInstallation,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.membership import GroupContent, MembershipUpdate
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.events import Arrived


class Reception:
    """Takes what others, and other devices of ours, say."""

    def __init__(
        self,
        book: Book,
        inbox: Inbox,
        updates: ContactUpdates,
        groups: GroupReception,
        devices: Devices,
        sync: DeviceSync,
    ) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._updates: Final = updates
        self._groups: Final = groups
        self._devices: Final = devices
        self._sync: Final = sync

    def take(self, event: Arrived, now: Moment) -> None:
        """Take what arrived; what is not shown is counted by its reason."""
        unshown = self._take(event, now)
        if unshown is not None:
            self._book.statistics[unshown] += 1

    def _take(self, event: Arrived, now: Moment) -> Unshown | None:
        if self._book.contact(event.author).blocked:
            return Unshown.BLOCKED
        match event.payload:
            case ChatMessage() | EmojiReaction() as payload:
                chat = self._chat_of(event, payload.message_type, payload.chat_id)
                return self._take_content(event, payload, chat, now)
            case MembershipUpdate() as payload:
                return self._take_update(event, payload, now)
            case ContactUpdate() as payload:
                if _in_public(event):
                    return Unshown.UNPROTECTED
                return self._updates.take(payload, event.author)
            case _:
                return self._take_of_own(event)

    def _take_of_own(self, event: Arrived) -> Unshown | None:
        """Take what only another device of ours may tell."""
        match event.payload:
            case PairInstallation() | SyncInstallationContact() | SyncInstallationPublicChat() if (
                event.author != self._book.me
            ):
                return Unshown.NOT_OURS
            case PairInstallation() | SyncInstallationContact() | SyncInstallationPublicChat() if (
                _in_public(event)
            ):
                return Unshown.UNPROTECTED
            case PairInstallation() as payload:
                return self._devices.take_introduction(payload)
            case SyncInstallationContact() as payload:
                return self._sync.take_contact(payload)
            case SyncInstallationPublicChat() as payload:
                return self._sync.take_chat(payload)
            case _:
                return Unshown.UNKNOWN_KIND

    def _take_update(self, event: Arrived, update: MembershipUpdate, now: Moment) -> Unshown | None:
        if _in_public(event):
            return Unshown.UNPROTECTED
        unshown = self._groups.take(update, event.sent_unix_ms, now)
        if unshown is not None:
            return unshown
        self._groups.answer(update, event.author)
        if update.content is None:
            return None
        chat = self._groups.place_of(update, event.author)
        return self._take_content(event, update.content, chat, now)

    def _take_content(
        self, event: Arrived, payload: GroupContent, chat: Chat | Unshown, now: Moment
    ) -> Unshown | None:
        if isinstance(chat, Unshown):
            return chat
        if isinstance(payload, ChatMessage):
            return self._take_message(event, payload, chat, now)
        return self._take_reaction(event, payload, chat)

    # ---- in which chat

    def _chat_of(self, event: Arrived, message_type: int, chat_id: str) -> Chat | Unshown:
        match message_type:
            case MessageType.PUBLIC_GROUP:
                return self._public_chat(event, ChatId(chat_id))
            case MessageType.ONE_TO_ONE | MessageType.PRIVATE_GROUP if _in_public(event):
                return Unshown.UNPROTECTED
            case MessageType.ONE_TO_ONE if event.author == self._book.me:
                return self._chat_of_own(chat_id)
            case MessageType.ONE_TO_ONE:
                return self._book.one_to_one(event.author)
            case _:
                return Unshown.UNKNOWN_KIND

    def _public_chat(self, event: Arrived, chat_id: ChatId) -> Chat | Unshown:
        chat = self._book.chat(chat_id)
        if chat is None or chat.kind is not ChatKind.PUBLIC or not chat.active:
            return Unshown.NOT_JOINED
        return chat if chat_id in event.public_chats else Unshown.OTHER_CHAT

    def _chat_of_own(self, chat_id: str) -> Chat | Unshown:
        try:
            partner = contact_key(chat_id)
        except RemoteProtocolError:
            return Unshown.UNKNOWN_KIND
        if partner == self._book.me:
            return Unshown.UNKNOWN_KIND
        if self._book.contact(partner).blocked:
            return Unshown.BLOCKED
        return self._book.one_to_one(partner)

    # ---- messages

    def _take_message(
        self, event: Arrived, payload: ChatMessage, chat: Chat, now: Moment
    ) -> Unshown | None:
        if payload.content_type == ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP:
            return Unshown.UNKNOWN_KIND  # It would look like a note of our own.
        known = self._book.store.load_message(event.message_id)
        if known is not None:
            self._changed(known, _as_kept(known, event, chat))
            return Unshown.DUPLICATE
        if payload.clock <= chat.deleted_at_clock:
            return Unshown.DELETED
        own = event.author == self._book.me
        message = received_message(payload, event, chat=chat, own=own, now=now)
        message = _as_kept(message, event, chat)
        if not self._has_room(chat, size_bytes(message), own=own):
            return Unshown.INBOX_FULL
        return self._add(message, chat)

    def _changed(self, before: Message, after: Message) -> None:
        if after != before:
            self._book.store.save_message(after)
            self._book.said.append(MessageChanged(after))

    def _has_room(self, chat: Chat, added_bytes: int, *, own: bool) -> bool:
        if own or chat.accepted:
            return self._book.has_room(chat)
        return self._inbox.admit(chat, added_bytes)

    def _add(self, message: Message, before: Chat) -> Unshown | None:
        self._book.store.save_message(message)
        chat = self._kept_within_bounds(_with_message(before, message))
        self._book.put_chat(chat)
        if message.clock <= chat.deleted_at_clock:
            return Unshown.DELETED  # It left at once, with the older half of a full chat.
        self._book.said.append(
            MessageAdded(
                message,
                quoted_message(self._book.store, message),
                asks_attention=not message.own and chat.accepted and not chat.muted,
                mentions_us=not message.own and mentions(message.text, self._book.me),
            )
        )
        if chat.kind is ChatKind.ONE_TO_ONE and message.clock > before.last_clock:
            self._updates.take_claim(message)
        return None

    def _kept_within_bounds(self, chat: Chat) -> Chat:
        """Let a public chat's older half leave when it is full."""
        if chat.kind is not ChatKind.PUBLIC:
            return chat
        bytes_max = self._book.settings.public_chat_bytes_max
        if chat.held_bytes > bytes_max:
            self._book.store.remove_messages(chat.id, up_to_clock=chat.older_clock)
            chat = without_older_half(chat)
            unread_count = self._book.store.unread_count(chat.id, above_clock=chat.read_at_clock)
            chat = replace(chat, unread_count=unread_count)
        return mark_older_half(chat, bytes_max)

    # ---- reactions

    def _take_reaction(self, event: Arrived, payload: EmojiReaction, chat: Chat) -> Unshown | None:
        message_id = read_id(payload.message_id)
        message = None if message_id is None else self._book.store.load_message(message_id)
        if message is None or message.chat_id != chat.id:
            return Unshown.NO_MESSAGE
        old = self._book.store.load_reaction(message.id, event.author, payload.type)
        if old is not None and payload.clock <= old.clock:
            return Unshown.STALE
        added_bytes = REACTION_BYTES if old is None and event.author != self._book.me else 0
        if not chat.accepted and not self._inbox.admit(chat, added_bytes):
            return Unshown.INBOX_FULL
        self._react(_reaction(payload, message, event.author), old)
        chat = replace(chat, last_clock=max(chat.last_clock, payload.clock))
        self._book.put_chat(self._kept_within_bounds(hold(chat, added_bytes)))
        return None

    def _react(self, reaction: Reaction, old: Reaction | None) -> None:
        self._book.store.save_reaction(reaction)
        was_there = old is not None and not old.retracted
        if was_there or not reaction.retracted:
            self._book.said.append(ReactionChanged(reaction))


def _as_kept(message: Message, event: Arrived, chat: Chat) -> Message:
    """Return a message of ours as stored, if a mailserver's archive brought it back.

    In a public chat one envelope carries all of it.
    """
    is_ours = message.own and event.author == message.author and message.chat_id == chat.id
    is_kept = event.archived and is_ours and chat.kind is ChatKind.PUBLIC
    return stored(message) if is_kept else message


def _in_public(event: Arrived) -> bool:
    return bool(event.public_chats) or event.secrecy is Secrecy.PUBLIC


def _with_message(chat: Chat, message: Message) -> Chat:
    """Return a chat as it is with one more message."""
    is_unread = not message.own and message.clock > chat.read_at_clock
    written_unix_ms = min(message.written_unix_ms, message.kept_unix_ms)
    chat = replace(
        chat,
        active=True,
        last_clock=max(chat.last_clock, message.clock),
        unread_count=chat.unread_count + is_unread,
        last_message_unix_ms=max(chat.last_message_unix_ms, written_unix_ms),
    )
    if not message.own:
        return hold(chat, size_bytes(message))
    return chat if chat.accepted else accept(chat)


def _reaction(payload: EmojiReaction, message: Message, author: PublicKey) -> Reaction:
    return Reaction(
        message.id, message.chat_id, author, payload.type, payload.clock, payload.retracted
    )
