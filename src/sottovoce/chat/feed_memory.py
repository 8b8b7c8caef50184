"""The port of feeds between devices kept in memory: for tests, and for people without a past.

Spec: none; it does what `feed_stores` says.
"""

import sys
from collections.abc import Iterable, Sequence

from sottovoce.chat.feed_keys import NOTED_BY_EACH, chat_key, contact_key, reaction_key
from sottovoce.chat.feed_stores import Change, FedDevice
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId, Message
from sottovoce.payloads.feed import RecordKind

_Name = tuple[RecordKind, bytes]
_MESSAGES = (RecordKind.MESSAGE, RecordKind.REACTION)


class MemoryFeedStore:
    """A `FeedStore` of dictionaries beside a store of chats.

    Args:
        chats: Where the records themselves are.
    """

    def __init__(self, chats: MemoryChatStore) -> None:
        self._store = chats
        self._life = b""
        self._went_back_unix_ms = 0
        self._last = 0
        self._changes: dict[_Name, Change] = {}  # in the order of numbers
        self._known: dict[str, set[_Name]] = {}
        self._devices: dict[str, FedDevice] = {}

    def load_life(self) -> bytes:
        """Return what names the life of the list; empty before its first."""
        return self._life

    def save_life(self, life: bytes) -> None:
        """Begin a new life of the list, whose rows and numbers go on."""
        self._life = life

    def went_back_unix_ms(self) -> int:
        """Return when an older copy took the place of what is stored, last; 0 for never."""
        return self._went_back_unix_ms

    def save_went_back(self, unix_ms: int) -> None:
        """Note when an older copy took the place of what is stored."""
        self._went_back_unix_ms = unix_ms

    def last_number(self) -> int:
        """Return the highest number that was ever given; 0 at first."""
        return self._last

    def change(self, kind: RecordKind, key: bytes) -> Change | None:
        """Return the row of a record."""
        return self._changes.get((kind, key))

    def put_change(self, kind: RecordKind, key: bytes, stamps: tuple[int, ...] = ()) -> None:
        """Move a record to the end of the list, or add it; no device has it from now on."""
        self.remove_change(kind, key)
        self._last += 1
        self._changes[kind, key] = Change(self._last, kind, key, stamps)

    def remove_change(self, kind: RecordKind, key: bytes) -> None:
        """Take a record from the list; nothing happens if it is not there."""
        self._changes.pop((kind, key), None)
        for known in self._known.values():
            known.discard((kind, key))

    def changes_for(self, installation_id: str, *, after: int, limit: int) -> Sequence[Change]:
        """Return rows above a number that a device has not, the lowest numbers first."""
        known = self._known.get(installation_id, set())
        rows = [it for name, it in self._changes.items() if it.number > after and name not in known]
        return rows[:limit]

    def note_known(self, installation_id: str, kind: RecordKind, key: bytes) -> None:
        """Note that a device has a record as it is in the list now."""
        if (kind, key) in self._changes:
            self._known.setdefault(installation_id, set()).add((kind, key))

    def forget_known(self, installation_id: str, *, up_to: int) -> None:
        """Forget of rows up to a number that a device has them."""
        known = self._known.get(installation_id, set())
        known.difference_update([it for it in known if self._changes[it].number <= up_to])

    def devices(self) -> Iterable[FedDevice]:
        """Return the devices that are fed, in the order of their ids."""
        return tuple(self._devices[name] for name in sorted(self._devices))

    def save_device(self, device: FedDevice) -> None:
        """Keep what is known of a device; what was known before is replaced."""
        self._devices[device.installation_id] = device

    def remove_device(self, installation_id: str) -> None:
        """Forget a device, and what it has; nothing happens if it is not there."""
        self._devices.pop(installation_id, None)
        self._known.pop(installation_id, None)

    def list_history(self, *, per_chat_max: int, messages_max: int) -> None:
        """Add to the end of the list what is here and not in it, without stamps."""
        self._add(RecordKind.PROFILE, b"")
        for contact in self._store.list_contacts():
            self._add(RecordKind.CONTACT, contact_key(contact.key))
        for event in self._store.group_events():
            self._add(RecordKind.GROUP_EVENT, event.signature)
        found: list[Message] = []
        for chat in self._store.list_chats():
            self._add(RecordKind.CHAT, chat_key(chat.id))
            of_chat = self._store.page(chat.id, before=None, limit=sys.maxsize)
            found += [it for it in of_chat if it.content_type not in NOTED_BY_EACH][:per_chat_max]
        found.sort(key=lambda message: (message.clock, message.id), reverse=True)
        for message in found[:messages_max]:
            self._add(RecordKind.MESSAGE, message.id)
        for reaction in self._store.reactions([it.id for it in found[:messages_max]]):
            self._add(RecordKind.REACTION, reaction_key(reaction))

    def trim(self, *, messages_max: int) -> None:
        """Take the lowest numbers of messages and reactions from the list, down to so many."""
        names = [name for name in self._changes if name[0] in _MESSAGES]
        for kind, key in names[: max(0, len(names) - messages_max)]:
            self.remove_change(kind, key)
        events = {event.signature for event in self._store.group_events()}
        for kind, key in [*self._changes]:
            if kind is RecordKind.GROUP_EVENT and key not in events:
                self.remove_change(kind, key)

    def newest_message_unix_ms(self, chat_id: ChatId) -> int:
        """Return when a chat's newest message was written, not later than kept; 0 if none."""
        of_chat = self._store.page(chat_id, before=None, limit=sys.maxsize)
        return max((min(it.written_unix_ms, it.kept_unix_ms) for it in of_chat), default=0)

    def _add(self, kind: RecordKind, key: bytes) -> None:
        if (kind, key) not in self._changes:
            self.put_change(kind, key)
