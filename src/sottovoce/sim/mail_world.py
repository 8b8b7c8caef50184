"""Virtual time for a world of mailservers and of clients that come and go, on one heap of events.

A run follows from its seed alone. Clocks of clients go wrong in their own ways, those of servers by
some seconds.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.moment import Moment

EPOCH_UNIX_S: Final = 1_590_000_000.0
# As the driver has it: a shorter wait can be rounded away.
TIMER_S_MIN: Final = 0.001
# A month that has more events than this does not end by itself.
EVENTS_MAX: Final = 2_000_000


class MailWorld:
    """What happens when.

    Args:
        seed: Everything random follows from it.

    Attributes:
        seed: The same.
        random: What the world draws.
        now_s: The virtual second.
        event_count: How many events there were.
        faults: How often each kind of fault fired.
    """

    def __init__(self, seed: int) -> None:
        self.seed: Final = seed
        self.random: Final = Random(f"mail world {seed}")  # noqa: S311
        self.now_s = 0.0
        self.event_count = 0
        self.faults: Final[Counter[str]] = Counter()
        self._heap: Final[list[tuple[float, int, Callable[[], None]]]] = []
        self._sequence = 0
        self._trace: Final = hashlib.sha256()

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        """Do something at a moment."""
        self._sequence += 1
        heapq.heappush(self._heap, (time_s, self._sequence, action))

    def after(self, pause_s: float, action: Callable[[], None]) -> None:
        """Do something in so many seconds."""
        self.at(self.now_s + pause_s, action)

    def run_until(self, end_s: float) -> None:
        """Let everything happen that happens up to a moment.

        Raises:
            RuntimeError: The world did not come to rest within `EVENTS_MAX` events.
        """
        while self._heap and self._heap[0][0] <= end_s:
            time_s, _, action = heapq.heappop(self._heap)
            self.now_s = max(self.now_s, time_s)
            self.event_count += 1
            if self.event_count > EVENTS_MAX:
                raise RuntimeError(f"seed {self.seed}: more than {EVENTS_MAX} events")
            action()
        self.now_s = max(self.now_s, end_s)

    def true_unix_s(self) -> float:
        """Return what a right clock shows now."""
        return EPOCH_UNIX_S + self.now_s

    def note(self, who: str, number: int, what: object, detail: object = "") -> None:
        """Add something to the trace: when, who, what kind of thing, and what repeats of it."""
        line = f"{self.now_s:.9f} {who} {number} {type(what).__name__} {detail}\n"
        self._trace.update(line.encode())

    @property
    def trace_hash(self) -> str:
        """The hash of everything noted so far: equal on every run of the same seed."""
        return self._trace.hexdigest()


class Alarm:
    """Wakes a machine when its deadline comes, and not for deadlines that it had before.

    Args:
        world: The time.
        ring: What to do then.
    """

    def __init__(self, world: MailWorld, ring: Callable[[], None]) -> None:
        self._world: Final = world
        self._ring: Final = ring
        self._due_s: float | None = None

    def set(self, due_s: float | None) -> None:
        """Ring at a second of the world, or not at all; earlier settings count no more."""
        if due_s is None:
            self._due_s = None
            return
        due_s = max(due_s, self._world.now_s) + TIMER_S_MIN
        if due_s != self._due_s:
            self._due_s = due_s
            self._world.at(due_s, lambda: self._came(due_s))

    def _came(self, due_s: float) -> None:
        if self._due_s == due_s:
            self._due_s = None
            self._ring()


def moment_of(world: MailWorld, *, ahead_s: float = 0.0, suspended_s: float = 0.0) -> Moment:
    """Return what clocks show now.

    Args:
        world: The time.
        ahead_s: By how much the wall clock is ahead.
        suspended_s: For how long the monotonic clock has stood still.
    """
    return Moment(world.now_s - suspended_s, max(0.0, world.true_unix_s() + ahead_s))
