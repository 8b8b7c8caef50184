"""What becomes of a record in our list when another device has brought its version of it.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from dataclasses import dataclass
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.chat.feed_log import FeedLog
from sottovoce.chat.feed_records import Stamps
from sottovoce.chat.feed_settings import CLOCKS_APART_MS_MAX
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.message_values import unix_ms
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.limits import CLOCK_AHEAD_MS_MAX


@dataclass(frozen=True, slots=True)
class Bringing:
    """Who brings records, and when.

    Attributes:
        device: What is known of the device.
        now: The time.
        sent_unix_ms: When the envelope around them was sent.
        is_believed: Whether it is the device as we know it, and has what it brings.
    """

    device: FedDevice
    now: Moment
    sent_unix_ms: int
    is_believed: bool = True

    @property
    def present_unix_ms(self) -> int:
        """The time by whichever clock is ahead, with room for one that was further ahead yet."""
        return max(self.sent_unix_ms, unix_ms(self.now)) + CLOCKS_APART_MS_MAX

    @property
    def latest_clock(self) -> int:
        """The highest clock that anything honest has by now."""
        return self.present_unix_ms + CLOCK_AHEAD_MS_MAX


class FeedRows:
    """Our list, seen from what others bring."""

    def __init__(self, log: FeedLog) -> None:
        self.log: Final = log

    def stamps(self, kind: RecordKind, key: bytes) -> Stamps:
        """Return when a record's decisions were made."""
        return self.log.stamps(kind, key)

    def brought(
        self,
        kind: RecordKind,
        key: bytes,
        by: Bringing,
        *,
        stamps: Stamps = (),
        changed: bool,
        same: bool,
    ) -> None:
        """Note what a device has of a record, after its version was taken in.

        Args:
            kind: What the record is about.
            key: Its name.
            by: Who brought it.
            stamps: When its decisions were made, as it is now.
            changed: Whether it is not what it was here before.
            same: Whether it is what they have.
        """
        name = by.device.installation_id
        row = self.log.store.change(kind, key)
        if changed or row is None:
            self.log.put(kind, key, stamps)
        elif not same and row.number <= by.device.done:
            self.log.put(kind, key, stamps)  # They seemed to have it, and have an older one.
        if same and by.is_believed:
            self.log.store.note_known(name, kind, key)
