"""The list of what changed on this device, as the rest of the chats writes it: by saving.

`NotingStore` stands before the store of chats and notes what is saved there; no other part of the
chats knows of it. While no other device of ours is enabled nothing is noted but when the person
decided what, and before the first one ever was, nothing at all.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.feed_keys import (
    NOTED_BY_EACH,
    PROFILE_KEY,
    chat_key,
    contact_key,
    reaction_key,
)
from sottovoce.chat.feed_records import (
    Stamps,
    chat_decisions,
    contact_decisions,
    contact_words,
    progress,
    stamped,
)
from sottovoce.chat.feed_stores import FeedStore
from sottovoce.chat.records import (
    Chat,
    ChatId,
    Contact,
    Device,
    Group,
    Message,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId

_SAID: Final = (RecordKind.MESSAGE, RecordKind.REACTION)
_NOTHING: Final = (False, False, False)  # what is decided about a chat that is not there


class FeedLog:
    """What changed, and by whom.

    Attributes:
        store: Where it is kept.
        is_shared: Whether another device of ours is enabled, so that messages are noted too.
        has_life: Whether one ever was.
        now_unix_ms: The time of the present event.
        by_person: Whether the present event is a command of the person.
        has_news: Whether anything was noted since this was last set back.
        is_urgent: Whether the person did some of it, and looks for it on the other device.
        is_quiet: Whether what is written now is noted by whoever writes it.
    """

    def __init__(self, store: FeedStore) -> None:
        self.store: Final = store
        self.is_shared = False
        self.has_life = bool(store.load_life())
        self.now_unix_ms = 0
        self.by_person = False
        self.has_news = False
        self.is_urgent = False
        self.is_quiet = False

    def begin(self, *, by_person: bool, now_unix_ms: int) -> None:
        """Begin an event."""
        self.by_person, self.now_unix_ms = by_person, now_unix_ms

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Note nothing inside; whoever writes there puts the rows themselves."""
        before, self.is_quiet = self.is_quiet, True
        try:
            yield
        finally:
            self.is_quiet = before

    def stamps(self, kind: RecordKind, key: bytes) -> Stamps:
        """Return when a record's decisions were made."""
        row = self.store.change(kind, key)
        return () if row is None else row.stamps

    def put(self, kind: RecordKind, key: bytes, stamps: Stamps = ()) -> None:
        """Put a record at the end of the list."""
        self.store.put_change(kind, key, stamps)
        self.has_news = True
        # What the person says is on its way there by itself.
        self.is_urgent = self.is_urgent or (self.by_person and kind not in _SAID)

    def decided_unix_ms(self) -> int | None:
        """Return the time, if the person decides now."""
        return self.now_unix_ms if self.by_person else None


class NotingStore:
    """A `ChatStore` that notes what changes."""

    def __init__(self, store: ChatStore, log: FeedLog) -> None:
        self._store: Final = store
        self._log: Final = log
        # What was saved last, to see what changes; read when it is first needed.
        self._chats: dict[ChatId, Chat] | None = None
        self._contacts: dict[PublicKey, Contact] | None = None

    # ---- what is noted

    def save_profile(self, profile: Profile) -> None:
        """Replace the profile."""
        before = self._store.load_profile() if self._log.has_life else profile
        self._store.save_profile(profile)
        if before != profile and not self._log.is_quiet:
            self._log.put(RecordKind.PROFILE, PROFILE_KEY)

    def save_chat(self, chat: Chat) -> None:
        """Keep a chat; one with the same id is replaced."""
        if not self._log.has_life:
            self._store.save_chat(chat)
            return
        if self._chats is None:
            self._chats = {it.id: it for it in self._store.chats()}
        before = self._chats.get(chat.id)
        self._chats[chat.id] = chat
        self._store.save_chat(chat)
        if not self._log.is_quiet and (before is None or _seen(before) != _seen(chat)):
            stamps = stamped(
                _NOTHING if before is None else chat_decisions(before),
                chat_decisions(chat),
                self._log.stamps(RecordKind.CHAT, chat_key(chat.id)),
                decided_unix_ms=self._log.decided_unix_ms(),
            )
            self._log.put(RecordKind.CHAT, chat_key(chat.id), stamps)

    def save_contact(self, contact: Contact) -> None:
        """Keep a contact; one with the same key is replaced."""
        if not self._log.has_life:
            self._store.save_contact(contact)
            return
        if self._contacts is None:
            self._contacts = {it.key: it for it in self._store.contacts()}
        before = self._contacts.get(contact.key, Contact(contact.key))
        is_new = contact.key not in self._contacts
        self._contacts[contact.key] = contact
        self._store.save_contact(contact)
        if not self._log.is_quiet and (is_new or _known(before) != _known(contact)):
            stamps = stamped(
                contact_decisions(before),
                contact_decisions(contact),
                self._log.stamps(RecordKind.CONTACT, contact_key(contact.key)),
                decided_unix_ms=self._log.decided_unix_ms(),
            )
            self._log.put(RecordKind.CONTACT, contact_key(contact.key), stamps)

    def save_message(self, message: Message) -> None:
        """Keep a message; one with the same id is replaced."""
        before = self._store.load_message(message.id) if self._notes_messages() else message
        self._store.save_message(message)
        if before == message or message.content_type in NOTED_BY_EACH:
            return
        if before is None or progress(before) != progress(message):
            stamps = self._log.stamps(RecordKind.MESSAGE, message.id)
            if message.own and (message.raw or (before is not None and before.raw)):
                # We are the device that sends it; what others know of it is hearsay.
                now = self._log.now_unix_ms
                stamps = stamped((False,), (True,), stamps, decided_unix_ms=now)
            self._log.put(RecordKind.MESSAGE, message.id, stamps)

    def save_reaction(self, reaction: Reaction) -> None:
        """Keep a reaction; one of the same message, author and type is replaced."""
        self._store.save_reaction(reaction)
        if self._notes_messages():
            self._log.put(RecordKind.REACTION, reaction_key(reaction))

    def add_group_event(self, event: SignedEvent) -> None:
        """Keep an event of a group; one with the same signature changes nothing."""
        self._store.add_group_event(event)
        if (
            self._log.is_shared
            and self._log.store.change(RecordKind.GROUP_EVENT, event.signature) is None
        ):
            self._log.put(RecordKind.GROUP_EVENT, event.signature)

    def remove_chat(self, chat_id: ChatId) -> None:
        """Forget a chat with all that is in it; nothing happens if it is not there."""
        self._store.remove_chat(chat_id)
        if self._chats is not None:
            self._chats.pop(chat_id, None)
        if self._log.has_life:
            self._log.store.remove_change(RecordKind.CHAT, chat_key(chat_id))

    def remove_contact(self, key: PublicKey) -> None:
        """Forget a contact; nothing happens if it is not there."""
        self._store.remove_contact(key)
        if self._contacts is not None:
            self._contacts.pop(key, None)
        if self._log.has_life:
            self._log.store.remove_change(RecordKind.CONTACT, contact_key(key))

    def _notes_messages(self) -> bool:
        return self._log.is_shared and not self._log.is_quiet

    # ---- what passes

    def load_profile(self) -> Profile:
        """Return the profile; an empty one if none was saved."""
        return self._store.load_profile()

    def chats(self) -> Iterable[Chat]:
        """Return all chats."""
        return self._store.chats()

    def contacts(self) -> Iterable[Contact]:
        """Return all contacts."""
        return self._store.contacts()

    def load_message(self, message_id: MessageId) -> Message | None:
        """Return a message."""
        return self._store.load_message(message_id)

    def remove_messages(self, chat_id: ChatId, *, up_to_clock: int) -> None:
        """Forget a chat's messages up to a clock, with their reactions and recipients."""
        self._store.remove_messages(chat_id, up_to_clock=up_to_clock)

    def unread_count(self, chat_id: ChatId, *, above_clock: int) -> int:
        """Count a chat's messages of others above a clock."""
        return self._store.unread_count(chat_id, above_clock=above_clock)

    def load_reaction(self, message_id: MessageId, author: PublicKey, type: int) -> Reaction | None:
        """Return a reaction, taken back or not."""
        return self._store.load_reaction(message_id, author, type)

    def group_events(self) -> Iterable[SignedEvent]:
        """Return the events of all groups, in the order in which each was added."""
        return self._store.group_events()

    def save_group(self, group: Group) -> None:
        """Keep what a group's events make of it, for readers; the one before is replaced."""
        self._store.save_group(group)

    def recipients(self, message_id: MessageId) -> Iterable[Recipient]:
        """Return to whom a message of our own in a group went, in the order of adding."""
        return self._store.recipients(message_id)

    def waiting_recipients(self, chat_id: ChatId) -> Iterable[Recipient]:
        """Return who does not have which message of a chat, and was not given up."""
        return self._store.waiting_recipients(chat_id)

    def save_recipient(self, recipient: Recipient) -> None:
        """Keep to whom a message went; one of the same message and person is replaced."""
        self._store.save_recipient(recipient)

    def devices(self) -> Iterable[Device]:
        """Return the devices of our own, in the order in which each was first saved."""
        return self._store.devices()

    def save_device(self, device: Device) -> None:
        """Keep a device of our own; one of the same installation id is replaced."""
        self._store.save_device(device)

    def remove_device(self, installation_id: str) -> None:
        """Forget a device of our own; nothing happens if it is not there."""
        self._store.remove_device(installation_id)


def _seen(chat: Chat) -> tuple[object, ...]:
    """Return what other devices learn of a chat."""
    return *chat_decisions(chat), chat.read_at_clock, chat.deleted_at_clock


def _known(contact: Contact) -> tuple[object, ...]:
    """Return what other devices learn of a person, but for clocks alone."""
    return *contact_decisions(contact), *contact_words(contact)
