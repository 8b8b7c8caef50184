"""What feeds between devices of one person have to keep, as a port.

A device keeps the list of what changed on it: one row for each record, and a record that changes
again moves to the end with a new number. Of each other device it knows how far that one has the
list, and which of the rest it has all the same.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sottovoce.chat.records import ChatId
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.form import Value


@dataclass(frozen=True, slots=True, repr=False)
class Change(Value):
    """A row of the list: which record changed.

    Attributes:
        number: Its number; a higher one is a later change.
        kind: What the record is about.
        key: What names the record among those of its kind.
        stamps: When the person decided what it says, one time in milliseconds for each decision;
            none for a record that nobody decides.
    """

    number: int
    kind: RecordKind
    key: bytes
    stamps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class FedDevice(Value):
    """Another device that feeds us, and that we feed.

    Attributes:
        installation_id: Its id.
        life: The life of its list, or empty while it is not known.
        have: Up to here we have its list.
        said: Up to here it has ours, as it said last.
        done: Up to here it needs nothing of ours; not below `said`.
    """

    installation_id: str
    life: bytes = b""
    have: int = 0
    said: int = 0
    done: int = 0


class FeedStore(Protocol):
    """The list of changes of one device, and what is known of the others."""

    def load_life(self) -> bytes:
        """Return what names the life of the list; empty before its first."""
        ...

    def save_life(self, life: bytes) -> None:
        """Begin a new life of the list, whose rows and numbers go on."""
        ...

    def went_back_unix_ms(self) -> int:
        """Return when an older copy took the place of what is stored, last; 0 for never."""
        ...

    def save_went_back(self, unix_ms: int) -> None:
        """Note when an older copy took the place of what is stored."""
        ...

    def last_number(self) -> int:
        """Return the highest number that was ever given; 0 at first."""
        ...

    def change(self, kind: RecordKind, key: bytes) -> Change | None:
        """Return the row of a record."""
        ...

    def put_change(self, kind: RecordKind, key: bytes, stamps: tuple[int, ...] = ()) -> None:
        """Move a record to the end of the list, or add it; no device has it from now on."""
        ...

    def remove_change(self, kind: RecordKind, key: bytes) -> None:
        """Take a record from the list; nothing happens if it is not there."""
        ...

    def changes_for(self, installation_id: str, *, after: int, limit: int) -> Sequence[Change]:
        """Return rows above a number that a device has not, the lowest numbers first."""
        ...

    def note_known(self, installation_id: str, kind: RecordKind, key: bytes) -> None:
        """Note that a device has a record as it is in the list now."""
        ...

    def forget_known(self, installation_id: str, *, up_to: int) -> None:
        """Forget of rows up to a number that a device has them."""
        ...

    def devices(self) -> Iterable[FedDevice]:
        """Return the devices that are fed, in the order of their ids."""
        ...

    def save_device(self, device: FedDevice) -> None:
        """Keep what is known of a device; what was known before is replaced."""
        ...

    def remove_device(self, installation_id: str) -> None:
        """Forget a device, and what it has; nothing happens if it is not there."""
        ...

    def list_history(self, *, per_chat_max: int, messages_max: int) -> None:
        """Add to the end of the list what is here and not in it, without stamps.

        Args:
            per_chat_max: Of each chat at most so many messages, the newest.
            messages_max: Of all of these at most so many, the newest first; reactions to them
                follow.
        """
        ...

    def trim(self, *, messages_max: int) -> None:
        """Take the lowest numbers of messages and reactions from the list, down to so many.

        Events of groups that are not here any more leave it, too.
        """
        ...

    def newest_message_unix_ms(self, chat_id: ChatId) -> int:
        """Return when a chat's newest message was written, not later than kept; 0 if none."""
        ...
