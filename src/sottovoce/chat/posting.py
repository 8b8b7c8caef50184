"""From words to wrappers, and from a chat to whoever gets them.

In a group the wrapper carries the group's whole history, as everybody expects it.

Spec: Status specs 6 (payloads) and draft 7 (group chat); status-go protocol/messenger.go.
"""

from collections.abc import Callable, Iterable
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.group_history import GroupHistory
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.payloads.registry import Payload
from sottovoce.stack import destinations
from sottovoce.stack.destinations import Destination
from sottovoce.stack.events import MessageSubmitted


class Posting:
    """Wraps what one person says, and submits it."""

    def __init__(self, book: Book, compose: Callable[[Payload], Wrapped]) -> None:
        self._book: Final = book
        self._compose: Final = compose

    def wrapped(self, content: ChatMessage | EmojiReaction, chat: Chat) -> Wrapped:
        """Wrap what is said in a chat.

        Raises:
            CommandRefusedError: It cannot be sent.
        """
        if chat.kind is not ChatKind.GROUP:
            return self._composed(content)
        wires = self._book.groups.history(chat.id).wires()
        return self._composed(MembershipUpdate(chat.id, wires, content))

    def history(self, history: GroupHistory) -> Wrapped:
        """Wrap the history of a group.

        Raises:
            CommandRefusedError: It cannot be sent.
        """
        return self._composed(MembershipUpdate(history.chat_id, history.wires()))

    def submit(self, wrapped: Wrapped, to: Iterable[Destination]) -> None:
        """Have a wrapper sent to each of several destinations."""
        for destination in to:
            self._book.said.append(MessageSubmitted(wrapped.message_id, wrapped.raw, destination))

    def submit_history(self, wrapped: Wrapped, people: Iterable[PublicKey]) -> None:
        """Have the history of a group sent to people, and to our other devices."""
        self.submit(wrapped, map(destinations.Contact, people))
        self.submit(wrapped, self._book.own_devices())

    def submit_if_it_fits(
        self, chat_id: ChatId, wires: tuple[bytes, ...], people: Iterable[PublicKey]
    ) -> None:
        """Have a history sent to people as an answer; one that no message can carry is not."""
        try:
            wrapped = self._composed(MembershipUpdate(chat_id, wires))
        except CommandRefusedError:
            return
        self.submit(wrapped, map(destinations.Contact, people))

    def _composed(self, payload: Payload) -> Wrapped:
        try:
            return self._compose(payload)
        except LocalProtocolError as error:
            raise CommandRefusedError(f"the message cannot be sent: {error}") from None
