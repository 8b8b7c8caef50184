"""How far messages of our own have come: only forward, and never by another one's destination.

Spec: none; docs/decisions/0007-a-person-is-a-machine.md. The deployed clients know `sending` and
`sent`.
"""

from dataclasses import replace
from typing import Final, assert_never

from sottovoce.chat.book import Book
from sottovoce.chat.events import MessageChanged
from sottovoce.chat.group_progress import GroupProgress, stored
from sottovoce.chat.records import Chat, ChatKind, Message, MessageState
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import Contact, Destination, PublicChat
from sottovoce.stack.events import Acknowledged, Sealed, SentToPeers, Stored, Undeliverable

_ON_THE_WAY: Final = (MessageState.QUEUED, MessageState.SENT, MessageState.STORED)
_FROM_WEAKEST: Final = (Secrecy.PUBLIC, Secrecy.DH_ONLY, Secrecy.RATCHET)


class Progress:
    """Writes down what becomes of messages of our own."""

    def __init__(self, book: Book, groups: GroupProgress) -> None:
        self._book: Final = book
        self._groups: Final = groups

    def take(self, event: Sealed | SentToPeers | Stored | Acknowledged | Undeliverable) -> None:
        """Take what the stack tells; what is no message that is shown is passed over.

        Contact updates and reactions travel like messages, and copies go to devices of ours.
        """
        message = self._book.store.load_message(event.message_id)
        if message is None or not message.own:
            return
        chat = self._book.chat(message.chat_id)
        if chat is None or not self._is_for_others(chat, event.destination):
            return
        match event:
            case Sealed(secrecy=secrecy):
                after = _sealed(message, secrecy)
            case SentToPeers(peer_count=peer_count):
                after = _sent(message, peer_count)
            case Stored() | Acknowledged() | Undeliverable() if chat.kind is ChatKind.GROUP:
                after = self._groups.take(event, message)
            case Stored():
                after = stored(message)
            case Acknowledged():
                after = _acknowledged(message, chat.kind)
            case Undeliverable(reason=reason):
                after = _failed(message, chat.kind, reason)
            case _:
                assert_never(event)
        if after != message:
            self._book.store.save_message(after)
            self._book.said.append(MessageChanged(after))

    def _is_for_others(self, chat: Chat, to: Destination) -> bool:
        match chat.kind:
            case ChatKind.PUBLIC:
                return to == PublicChat(chat.id)
            case ChatKind.ONE_TO_ONE:
                return to == Contact(self._book.partner(chat))
            case ChatKind.GROUP:
                return isinstance(to, Contact)
            case _:
                assert_never(chat.kind)


def _sealed(message: Message, secrecy: Secrecy) -> Message:
    """Note the protection; of a message that was sealed twice the weaker one counts."""
    known = secrecy if message.secrecy is None else message.secrecy
    return replace(message, secrecy=min(known, secrecy, key=_FROM_WEAKEST.index))


def _sent(message: Message, peer_count: int) -> Message:
    if message.state is MessageState.QUEUED:
        return replace(message, state=MessageState.SENT, peer_count=peer_count)
    if message.state in _ON_THE_WAY:
        return replace(message, peer_count=peer_count)
    return message


def _acknowledged(message: Message, kind: ChatKind) -> Message:
    """Note that it arrived, even if it was given up before; nobody will send it again."""
    if kind is ChatKind.PUBLIC:
        return message
    return replace(message, state=MessageState.ACKNOWLEDGED, reason="", raw=b"")


def _failed(message: Message, kind: ChatKind, reason: str) -> Message:
    has_left = kind is ChatKind.PUBLIC and message.state is not MessageState.QUEUED
    if has_left or message.state not in _ON_THE_WAY:
        return message
    return replace(message, state=MessageState.FAILED, reason=reason)
