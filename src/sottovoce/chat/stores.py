"""What chats have to keep, and how history is read, as ports.

Writing is synchronous and belongs to the machine; whoever runs it commits what one event wrote as a
whole, or not at all. History is read through another port, which sees what was committed.

Spec: none; status-go keeps the same in its tables `chats`, `contacts` and `user_messages`.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import (
    Chat,
    ChatId,
    Contact,
    Device,
    Group,
    Message,
    Place,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId


class ChatStore(Protocol):
    """What one person's chats keep."""

    def load_profile(self) -> Profile:
        """Return the profile; an empty one if none was saved."""
        ...

    def save_profile(self, profile: Profile) -> None:
        """Replace the profile."""
        ...

    def chats(self) -> Iterable[Chat]:
        """Return all chats."""
        ...

    def save_chat(self, chat: Chat) -> None:
        """Keep a chat; one with the same id is replaced."""
        ...

    def remove_chat(self, chat_id: ChatId) -> None:
        """Forget a chat with all that is in it; nothing happens if it is not there."""
        ...

    def contacts(self) -> Iterable[Contact]:
        """Return all contacts."""
        ...

    def save_contact(self, contact: Contact) -> None:
        """Keep a contact; one with the same key is replaced."""
        ...

    def remove_contact(self, key: PublicKey) -> None:
        """Forget a contact; nothing happens if it is not there."""
        ...

    def load_message(self, message_id: MessageId) -> Message | None:
        """Return a message."""
        ...

    def save_message(self, message: Message) -> None:
        """Keep a message; one with the same id is replaced."""
        ...

    def remove_messages(self, chat_id: ChatId, *, up_to_clock: int) -> None:
        """Forget a chat's messages up to a clock, with their reactions and recipients."""
        ...

    def unread_count(self, chat_id: ChatId, *, above_clock: int) -> int:
        """Count a chat's messages of others above a clock, but for notes on a group's events."""
        ...

    def load_reaction(self, message_id: MessageId, author: PublicKey, type: int) -> Reaction | None:
        """Return a reaction, taken back or not."""
        ...

    def save_reaction(self, reaction: Reaction) -> None:
        """Keep a reaction; one of the same message, author and type is replaced."""
        ...

    def group_events(self) -> Iterable[SignedEvent]:
        """Return the events of all groups, in the order in which each was added."""
        ...

    def add_group_event(self, event: SignedEvent) -> None:
        """Keep an event of a group; one with the same signature changes nothing."""
        ...

    def save_group(self, group: Group) -> None:
        """Keep what a group's events make of it, for readers; the one before is replaced."""
        ...

    def recipients(self, message_id: MessageId) -> Iterable[Recipient]:
        """Return to whom a message of our own in a group went, in the order of adding."""
        ...

    def waiting_recipients(self, chat_id: ChatId) -> Iterable[Recipient]:
        """Return who does not have which message of a chat, and was not given up."""
        ...

    def save_recipient(self, recipient: Recipient) -> None:
        """Keep to whom a message went; one of the same message and person is replaced."""
        ...

    def devices(self) -> Iterable[Device]:
        """Return the devices of our own, in the order in which each was first saved."""
        ...

    def save_device(self, device: Device) -> None:
        """Keep a device of our own; one of the same installation id is replaced."""
        ...

    def remove_device(self, installation_id: str) -> None:
        """Forget a device of our own; nothing happens if it is not there."""
        ...


class HistoryReader(Protocol):
    """How whatever was committed is read; calls may come from any one thread at a time."""

    def list_chats(self) -> Sequence[Chat]:
        """Return all chats, the one with the newest message first."""
        ...

    def list_contacts(self) -> Sequence[Contact]:
        """Return all contacts, in the order of their keys."""
        ...

    def list_groups(self) -> Sequence[Group]:
        """Return all groups, in the order of their chats' ids."""
        ...

    def list_devices(self) -> Sequence[Device]:
        """Return the devices of our own, this one first, the others by installation id."""
        ...

    def list_recipients(self, message_id: MessageId) -> Sequence[Recipient]:
        """Return to whom a message of our own in a group went."""
        ...

    def read_profile(self) -> Profile:
        """Return the profile."""
        ...

    def read_message(self, message_id: MessageId) -> Message | None:
        """Return a message."""
        ...

    def find_messages(self, id_start: str) -> Sequence[Message]:
        """Return the messages, at most ten, whose ids begin with these lower-case hex digits."""
        ...

    def page(self, chat_id: ChatId, *, before: Place | None, limit: int) -> Sequence[Message]:
        """Return messages of a chat, the newest first: clock, then id, both falling.

        Args:
            chat_id: The chat.
            before: Only messages behind this place; None for the newest.
            limit: At most so many.
        """
        ...

    def search(
        self, words: str, *, chat_id: ChatId | None, before: Place | None, limit: int
    ) -> Sequence[Message]:
        """Return messages whose text contains all the words, the newest first.

        Args:
            words: Words separated by blanks; a message matches if it contains each, whatever the
                case, as a word or the beginning of one.
            chat_id: Only of this chat; None for all accepted chats.
            before: Only messages behind this place; None for the newest.
            limit: At most so many.
        """
        ...

    def reactions(self, message_ids: Sequence[MessageId]) -> Sequence[Reaction]:
        """Return the reactions to messages that were not taken back, in the order of clocks."""
        ...
