"""Messages on their way, as the store has them, with what is known of them only while we run.

It owns the store's rows and the ways to find them: by message, by their name in data sync, by age.
How a message leaves is not its business.

Spec: none; status-go keeps the same in its tables `raw_messages` and in memory.
"""

from dataclasses import dataclass, field
from typing import Final, TypeVar

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.receipts import Leg
from sottovoce.stack.stores import Submission, SubmissionStore
from sottovoce.sync.records import MessageId as SyncId

# Messages that go without data sync and were taken by nobody yet. Offline, a program may write on
# and on; so many leave within a minute when it is connected again.
DIRECT_MAX: Final = 10_000
# They stay in memory, so what they hold together is bounded as well: sixty-four of the largest.
DIRECT_BYTES_MAX: Final = 64 * 1024 * 1024

_Name = TypeVar("_Name")


@dataclass(slots=True)
class Underway:
    """A submission and what happened to it since we run.

    Attributes:
        row: What is stored.
        peer: Whom data sync sends it to; None if it goes without.
        gives_up_s: The monotonic second at which it has failed.
        told_secrecy: How it is protected, as it was told last; None if it was not.
    """

    row: Submission = field(repr=False)
    peer: PublicKey | None = field(repr=False)
    gives_up_s: float
    told_secrecy: Secrecy | None = None


class Submissions:
    """All messages of one person that are not done."""

    def __init__(self, store: SubmissionStore, *, give_up_s: int) -> None:
        self._store: Final = store
        self._give_up_s: Final = give_up_s
        self._rows: Final[dict[Leg, Underway]] = {}
        self._legs: Final[dict[MessageId, list[Leg]]] = {}
        self._synced: Final[dict[tuple[PublicKey, SyncId], list[Leg]]] = {}
        self._waiting: Final[dict[Leg, None]] = {}
        self._direct_count = 0
        self._direct_bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def has_room(self, size_bytes: int) -> bool:
        """Tell whether a further message of so many bytes is taken without data sync."""
        if self._direct_count >= DIRECT_MAX:
            return False
        return self._direct_bytes + size_bytes <= DIRECT_BYTES_MAX

    def get(self, leg: Leg) -> Underway | None:
        """Return a submission that is not done."""
        return self._rows.get(leg)

    def legs_of(self, message_id: MessageId) -> tuple[Leg, ...]:
        """Return where a message is still to go."""
        return tuple(self._legs.get(message_id, ()))

    def legs_of_synced(self, peer: PublicKey, ids: tuple[SyncId, ...]) -> tuple[Leg, ...]:
        """Return the submissions behind names of data sync, in their order."""
        return tuple(leg for id in ids for leg in self._synced.get((peer, id), ()))

    def legs_to(self, peer: PublicKey) -> tuple[Leg, ...]:
        """Return what is still to go to a person; looks through everything."""
        return tuple(leg for leg, underway in self._rows.items() if underway.peer == peer)

    def waiting(self) -> tuple[Leg, ...]:
        """Return what has to leave by itself and is in no envelope, the longest waiting first."""
        return tuple(self._waiting)

    def let_wait(self, leg: Leg, waits: bool = True) -> None:
        """Note that a submission has to leave by itself, or is in an envelope."""
        if waits and leg in self._rows:
            self._waiting[leg] = None
        else:
            self._waiting.pop(leg, None)

    def save(self, row: Submission, peer: PublicKey | None, now: Moment) -> None:
        """Keep a new submission."""
        self._store.save_submission(row)
        self.restore(row, peer, now)

    def restore(self, row: Submission, peer: PublicKey | None, now: Moment) -> None:
        """Take up a submission that is stored."""
        leg = Leg(row.message_id, row.destination)
        # What seems to be of the future was submitted while the clock was wrong.
        age_s = max(0, now.unix_whole_s - row.submitted_unix_s)
        self._rows[leg] = Underway(row, peer, now.monotonic_s + self._give_up_s - age_s)
        self._legs.setdefault(row.message_id, []).append(leg)
        if row.sync_id is None:
            self._direct_count += 1
            self._direct_bytes += len(row.raw)
            self._waiting[leg] = None
        elif peer is not None:
            self._synced.setdefault((peer, SyncId(row.sync_id)), []).append(leg)

    def remove(self, leg: Leg) -> Underway | None:
        """Forget a submission; returns what it was, or None if it was done."""
        underway = self._rows.pop(leg, None)
        if underway is None:
            return None
        self._store.remove_submission(leg.message_id, leg.destination)
        self._waiting.pop(leg, None)
        _take_out(self._legs, leg.message_id, leg)
        row = underway.row
        if row.sync_id is None:
            self._direct_count -= 1
            self._direct_bytes -= len(row.raw)
        elif underway.peer is not None:
            _take_out(self._synced, (underway.peer, SyncId(row.sync_id)), leg)
        return underway

    def too_old(self, now_s: float) -> tuple[Leg, ...]:
        """Return what has failed by its age; they age in the order in which they were submitted."""
        old = []
        for leg, underway in self._rows.items():
            if underway.gives_up_s > now_s:
                break
            old.append(leg)
        return tuple(old)

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which the oldest submission has failed, or None."""
        oldest = next(iter(self._rows.values()), None)
        return None if oldest is None else oldest.gives_up_s


def _take_out(lists: dict[_Name, list[Leg]], name: _Name, leg: Leg) -> None:
    legs = lists[name]
    legs.remove(leg)
    if not legs:
        del lists[name]
