"""The ports of chats kept in memory: for tests, simulations and people without a past.

Spec: none; it does what `stores` says.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.message_values import is_note
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
from sottovoce.chat.search_words import matches_words
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId

_FOUND_MAX: Final = 10

_ReactionKey = tuple[MessageId, PublicKey, int]


class MemoryChatStore:
    """A `ChatStore` and a `HistoryReader` of dictionaries."""

    def __init__(self) -> None:
        self._profile = Profile()
        self._chats: dict[ChatId, Chat] = {}
        self._contacts: dict[PublicKey, Contact] = {}
        self._messages: dict[MessageId, Message] = {}
        self._in_chat: dict[ChatId, set[MessageId]] = {}
        self._reactions: dict[MessageId, dict[_ReactionKey, Reaction]] = {}
        self._group_events: dict[bytes, SignedEvent] = {}
        self._groups: dict[ChatId, Group] = {}
        self._recipients: dict[MessageId, dict[PublicKey, Recipient]] = {}
        self._devices: dict[str, Device] = {}

    # ---- what the machine writes

    def load_profile(self) -> Profile:
        """Return the profile; an empty one if none was saved."""
        return self._profile

    def save_profile(self, profile: Profile) -> None:
        """Replace the profile."""
        self._profile = profile

    def chats(self) -> Iterable[Chat]:
        """Return all chats."""
        return tuple(self._chats.values())

    def save_chat(self, chat: Chat) -> None:
        """Keep a chat; one with the same id is replaced."""
        self._chats[chat.id] = chat

    def remove_chat(self, chat_id: ChatId) -> None:
        """Forget a chat with all that is in it; nothing happens if it is not there."""
        self._chats.pop(chat_id, None)
        self._groups.pop(chat_id, None)
        for signature in [it.signature for it in self.group_events() if it.chat_id == chat_id]:
            del self._group_events[signature]
        for message_id in self._in_chat.pop(chat_id, set()):
            self._remove_message(message_id)

    def contacts(self) -> Iterable[Contact]:
        """Return all contacts."""
        return tuple(self._contacts.values())

    def save_contact(self, contact: Contact) -> None:
        """Keep a contact; one with the same key is replaced."""
        self._contacts[contact.key] = contact

    def remove_contact(self, key: PublicKey) -> None:
        """Forget a contact; nothing happens if it is not there."""
        self._contacts.pop(key, None)

    def load_message(self, message_id: MessageId) -> Message | None:
        """Return a message."""
        return self._messages.get(message_id)

    def save_message(self, message: Message) -> None:
        """Keep a message; one with the same id is replaced."""
        self._messages[message.id] = message
        self._in_chat.setdefault(message.chat_id, set()).add(message.id)

    def remove_messages(self, chat_id: ChatId, *, up_to_clock: int) -> None:
        """Forget a chat's messages up to a clock, with their reactions and recipients."""
        ids = self._in_chat.get(chat_id, set())
        for message_id in [id for id in ids if self._messages[id].clock <= up_to_clock]:
            ids.remove(message_id)
            self._remove_message(message_id)

    def unread_count(self, chat_id: ChatId, *, above_clock: int) -> int:
        """Count a chat's messages of others above a clock, but for notes on a group's events."""
        return sum(
            not message.own and message.clock > above_clock and not is_note(message)
            for message in self._of_chat(chat_id)
        )

    def load_reaction(self, message_id: MessageId, author: PublicKey, type: int) -> Reaction | None:
        """Return a reaction, taken back or not."""
        return self._reactions.get(message_id, {}).get((message_id, author, type))

    def save_reaction(self, reaction: Reaction) -> None:
        """Keep a reaction; one of the same message, author and type is replaced."""
        key = (reaction.message_id, reaction.author, reaction.type)
        self._reactions.setdefault(reaction.message_id, {})[key] = reaction

    def group_events(self) -> Iterable[SignedEvent]:
        """Return the events of all groups, in the order in which each was added."""
        return tuple(self._group_events.values())

    def add_group_event(self, event: SignedEvent) -> None:
        """Keep an event of a group; one with the same signature changes nothing."""
        self._group_events.setdefault(event.signature, event)

    def save_group(self, group: Group) -> None:
        """Keep what a group's events make of it, for readers; the one before is replaced."""
        self._groups[group.chat_id] = group

    def recipients(self, message_id: MessageId) -> Iterable[Recipient]:
        """Return to whom a message of our own in a group went, in the order of adding."""
        return self.list_recipients(message_id)

    def waiting_recipients(self, chat_id: ChatId) -> Iterable[Recipient]:
        """Return who does not have which message of a chat, and was not given up."""
        return tuple(
            row
            for message_id in self._in_chat.get(chat_id, set())
            for row in self._recipients.get(message_id, {}).values()
            if not row.acknowledged and not row.reason
        )

    def save_recipient(self, recipient: Recipient) -> None:
        """Keep to whom a message went; one of the same message and person is replaced."""
        self._recipients.setdefault(recipient.message_id, {})[recipient.key] = recipient

    def devices(self) -> Iterable[Device]:
        """Return the devices of our own, in the order in which each was first saved."""
        return tuple(self._devices.values())

    def save_device(self, device: Device) -> None:
        """Keep a device of our own; one of the same installation id is replaced."""
        self._devices[device.installation_id] = device

    def remove_device(self, installation_id: str) -> None:
        """Forget a device of our own; nothing happens if it is not there."""
        self._devices.pop(installation_id, None)

    # ---- what is read

    def list_chats(self) -> Sequence[Chat]:
        """Return all chats, the one with the newest message first."""
        return sorted(self._chats.values(), key=lambda chat: (-chat.last_message_unix_ms, chat.id))

    def list_contacts(self) -> Sequence[Contact]:
        """Return all contacts, in the order of their keys."""
        return sorted(self._contacts.values(), key=lambda contact: contact.key.raw)

    def list_groups(self) -> Sequence[Group]:
        """Return all groups, in the order of their chats' ids."""
        return sorted(self._groups.values(), key=lambda group: group.chat_id)

    def list_devices(self) -> Sequence[Device]:
        """Return the devices of our own, this one first, the others by installation id."""
        return sorted(self._devices.values(), key=lambda it: (not it.is_this, it.installation_id))

    def list_recipients(self, message_id: MessageId) -> Sequence[Recipient]:
        """Return to whom a message of our own in a group went."""
        return tuple(self._recipients.get(message_id, {}).values())

    def read_profile(self) -> Profile:
        """Return the profile."""
        return self._profile

    def read_message(self, message_id: MessageId) -> Message | None:
        """Return a message."""
        return self._messages.get(message_id)

    def find_messages(self, id_start: str) -> Sequence[Message]:
        """Return the messages, at most ten, whose ids begin with these lower-case hex digits."""
        found = sorted(id for id in self._messages if id.hex().startswith(id_start))
        return [self._messages[id] for id in found[:_FOUND_MAX]]

    def page(self, chat_id: ChatId, *, before: Place | None, limit: int) -> Sequence[Message]:
        """Return messages of a chat, the newest first: clock, then id, both falling."""
        return _newest(self._of_chat(chat_id), before, limit)

    def search(
        self, words: str, *, chat_id: ChatId | None, before: Place | None, limit: int
    ) -> Sequence[Message]:
        """Return messages whose text contains all the words, the newest first."""
        if chat_id is None:
            ids = [chat.id for chat in self._chats.values() if chat.accepted]
        else:
            ids = [chat_id]
        found = (
            message
            for id in ids
            for message in self._of_chat(id)
            if matches_words(words, message.text)
        )
        return _newest(found, before, limit)

    def reactions(self, message_ids: Sequence[MessageId]) -> Sequence[Reaction]:
        """Return the reactions to messages that were not taken back, in the order of clocks."""
        found = (
            reaction
            for id in dict.fromkeys(message_ids)
            for reaction in self._reactions.get(id, {}).values()
            if not reaction.retracted
        )
        return sorted(found, key=lambda it: (it.clock, it.author.raw, it.type))

    def _of_chat(self, chat_id: ChatId) -> Iterable[Message]:
        return (self._messages[id] for id in self._in_chat.get(chat_id, set()))

    def _remove_message(self, message_id: MessageId) -> None:
        del self._messages[message_id]
        self._reactions.pop(message_id, None)
        self._recipients.pop(message_id, None)


def _place(message: Message) -> Place:
    return Place(message.clock, message.id)


def _newest(messages: Iterable[Message], before: Place | None, limit: int) -> Sequence[Message]:
    behind = (it for it in messages if before is None or _place(it) < before)
    return sorted(behind, key=_place, reverse=True)[:limit]
