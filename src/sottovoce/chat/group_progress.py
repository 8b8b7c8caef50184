"""How far messages of our own in groups have come: per member, and all of them together.

Spec: none; the deployed clients know `sending` and `sent` of a whole message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, assert_never

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.events import MessageChanged
from sottovoce.chat.records import Chat, Message, MessageState, Recipient
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack import destinations
from sottovoce.stack.events import Acknowledged, MessageWithdrawn, Stored, Undeliverable

# Why a member does not count any more for how far a message has come.
GONE: Final = "no longer in the group"
_TAKEN_OUT: Final = "you were taken out of the group before it arrived"


class GroupProgress:
    """Writes down what becomes of messages of our own in groups."""

    def __init__(self, book: Book) -> None:
        self._book: Final = book

    def take(self, event: Stored | Acknowledged | Undeliverable, message: Message) -> Message:
        """Return a message after it was stored for a member, arrived, or was given up for one."""
        to = event.destination
        if not isinstance(to, destinations.Contact):
            return message  # It is a copy for a device of ours.
        rows = {row.key: row for row in self._book.store.recipients(message.id)}
        row = rows.get(to.key)
        if row is None or row.acknowledged:
            return message
        match event:
            case Stored():
                row = replace(row, stored=True)
            case Acknowledged():
                row = replace(row, acknowledged=True, reason="")
            case Undeliverable(reason=reason):
                row = replace(row, reason=reason)
            case _:
                assert_never(event)
        self._book.store.save_recipient(row)
        rows[to.key] = row
        return summed_up(message, rows.values())

    def submitted(self, message_id: MessageId, to: Iterable[PublicKey]) -> None:
        """Note to whom a message goes."""
        for key in to:
            self._book.store.save_recipient(Recipient(message_id, key))

    def missing(self, message: Message) -> list[PublicKey]:
        """Return who is in the group of a message and was given up; nobody if it is of none."""
        members = self._book.groups.members(message.chat_id)
        rows = self._book.store.recipients(message.id) if message.recipient_count else ()
        given_up = (row.key for row in rows if row.reason and not row.acknowledged)
        return [key for key in given_up if key in members and not self._book.contact(key).blocked]

    def gone(self, chat: Chat, people: Sequence[PublicKey]) -> None:
        """Send people who are no longer in a group nothing more of what waits for them."""
        if people:
            self._give_up(chat, frozenset(people), GONE)

    def taken_out(self, chat: Chat) -> None:
        """Send nobody any more what waits, for they would not show it."""
        self._give_up(chat, None, _TAKEN_OUT)

    def _give_up(self, chat: Chat, people: frozenset[PublicKey] | None, reason: str) -> None:
        changed: dict[MessageId, None] = {}
        for row in self._book.store.waiting_recipients(chat.id):
            if people is not None and row.key not in people:
                continue
            self._book.store.save_recipient(replace(row, reason=reason))
            to = destinations.Contact(row.key)
            self._book.said.append(MessageWithdrawn(row.message_id, to))
            changed[row.message_id] = None
        for message_id in changed:
            message = self._book.store.load_message(message_id)
            assert message is not None, "a recipient is of a message that is here"
            after = summed_up(message, self._book.store.recipients(message_id))
            if after != message:
                self._book.store.save_message(after)
                self._book.said.append(MessageChanged(after))


def summed_up(message: Message, recipients: Iterable[Recipient]) -> Message:
    """Return a message with what its recipients make of it; who is gone does not count."""
    rows = list(recipients)
    counted = [row for row in rows if row.reason != GONE]
    acknowledged_count = sum(row.acknowledged for row in counted)
    message = replace(message, recipient_count=len(counted), acknowledged_count=acknowledged_count)
    if counted and acknowledged_count == len(counted):
        return replace(message, state=MessageState.ACKNOWLEDGED, reason="", raw=b"")
    if rows and not acknowledged_count and all(row.reason for row in rows):
        reason = counted[0].reason if counted else "nobody whom it was for is still in the group"
        return replace(message, state=MessageState.FAILED, reason=reason)
    if acknowledged_count and message.state in (MessageState.QUEUED, MessageState.FAILED):
        message = replace(message, state=MessageState.SENT, reason="")
    # Each member has an envelope of their own, and whoever has the message needs none.
    has_all = bool(counted) and all(row.acknowledged or row.stored for row in counted)
    return stored(message) if has_all else message


def stored(message: Message) -> Message:
    """Return a message once mailservers have all of it; further than that it may be already."""
    if message.state in (MessageState.QUEUED, MessageState.SENT):
        return replace(message, state=MessageState.STORED)
    return message
