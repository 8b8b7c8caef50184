"""What a person does with chats as such: have, leave, accept, clear, mute and read them.

Spec: status-go protocol/messenger.go (SaveChat, DeactivateChat, ClearHistory, MarkMessagesSeen).
"""

from dataclasses import replace
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.chat.book import Book
from sottovoce.chat.channel_name import public_chat_id
from sottovoce.chat.commands import (
    AcceptChat,
    ClearChat,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    SetForwardSecrecy,
)
from sottovoce.chat.device_sync import DeviceSync
from sottovoce.chat.inbox import accept
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.payloads.contact_id import contact_id
from sottovoce.stack.events import ForwardSecrecySet


class Rooms:
    """Carries out commands about chats."""

    def __init__(self, book: Book, sync: DeviceSync) -> None:
        self._book: Final = book
        self._sync: Final = sync

    def join(self, command: JoinPublicChat, now: Moment) -> Chat:
        """Hear and show a public chat.

        Raises:
            CommandRefusedError: Nothing can be called so, or there are too many.
        """
        chat_id = public_chat_id(command.name)
        chat = self._book.chat(chat_id) or Chat(chat_id, ChatKind.PUBLIC, active=False)
        if chat.kind is not ChatKind.PUBLIC:
            raise CommandRefusedError("this is a private group and no public chat")
        if not chat.active:
            self._book.require_room(chat)
            if not self._book.may_hear_chat():
                raise CommandRefusedError(
                    f"there are {self._book.settings.public_chats_max} public chats, the most "
                    "there can be; leave one first"
                )
            self._sync.tell_chat(chat, now)
        return self._put(replace(chat, active=True))

    def open(self, command: OpenOneToOne) -> Chat:
        """Have a chat with a person; one that waits in the inbox goes on waiting there.

        Raises:
            CommandRefusedError: It is ourselves, they are blocked, or there are too many chats.
        """
        if command.key == self._book.me:
            raise CommandRefusedError("this is your own key")
        if self._book.contact(command.key).blocked:
            raise CommandRefusedError("this person is blocked; unblock them first")
        chat = self._book.one_to_one(command.key)
        if self._book.chat(chat.id) is not None:
            return self._put(replace(chat, active=True))
        self._book.require_room(chat)
        return self._put(accept(chat))

    def leave(self, command: LeaveChat) -> Chat:
        """Show a chat no longer; its messages stay.

        Raises:
            CommandRefusedError: There is no such chat.
        """
        return self._put(replace(self._book.known_chat(command.chat_id), active=False))

    def accept(self, command: AcceptChat) -> Chat:
        """Take a stranger's chat, or a group to which one invited us, out of the inbox.

        Raises:
            CommandRefusedError: There is none, its person is blocked, or chats are too many.
        """
        chat = self._book.known_chat(command.chat_id)
        if chat.accepted:
            return chat
        if chat.kind is ChatKind.GROUP:
            self._book.require_room_for_group()
        elif self._book.contact(self._book.partner(chat)).blocked:
            raise CommandRefusedError("this person is blocked; unblock them first")
        self._book.require_room(chat)
        return self._put(accept(chat))

    def clear(self, command: ClearChat) -> Chat:
        """Delete the messages that a chat has now.

        Raises:
            CommandRefusedError: There is no such chat.
        """
        chat = self._book.known_chat(command.chat_id)
        self._book.store.remove_messages(chat.id, up_to_clock=chat.last_clock)
        return self._put(
            replace(
                chat,
                deleted_at_clock=chat.last_clock,
                unread_count=0,
                last_message_unix_ms=0,
                held_bytes=0,
                older_clock=0,
                older_bytes=0,
            )
        )

    def mute(self, command: MuteChat) -> Chat:
        """Let a chat ask for attention, or not.

        Raises:
            CommandRefusedError: There is no such chat.
        """
        return self._put(replace(self._book.known_chat(command.chat_id), muted=command.muted))

    def mark_read(self, command: MarkRead) -> Chat:
        """Count messages as read; what was read once stays so.

        Raises:
            CommandRefusedError: There is no such chat.
        """
        chat = self._book.known_chat(command.chat_id)
        up_to_clock = chat.last_clock if command.up_to_clock is None else command.up_to_clock
        read_at_clock = max(chat.read_at_clock, min(up_to_clock, chat.last_clock))
        if read_at_clock == chat.read_at_clock:
            return chat
        unread_count = 0
        if read_at_clock < chat.last_clock:
            unread_count = self._book.store.unread_count(chat.id, above_clock=read_at_clock)
        return self._put(replace(chat, read_at_clock=read_at_clock, unread_count=unread_count))

    def set_forward_secrecy(self, command: SetForwardSecrecy) -> Chat:
        """Use sessions in a conversation, or only the identity's key.

        Raises:
            CommandRefusedError: There is no chat with this person.
        """
        chat = self._book.known_chat(ChatId(contact_id(command.key)))
        self._book.said.append(ForwardSecrecySet(command.key, command.on))
        return chat

    def _put(self, chat: Chat) -> Chat:
        self._book.put_chat(chat)
        return chat
