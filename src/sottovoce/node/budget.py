"""A budget of bytes for each day, for people who pay for data.

It owns the day and what was used of it; what happens when it is used up is the node's business. A
day begins at midnight UTC by the wall clock: when that jumps to another day, the budget is new, but
for the day before the jump, whose use still counts when the clock comes back to it.

Spec: none.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from sottovoce.base.moment import Moment

MB: Final = 1_000_000
DAY_S: Final = 24 * 3600
# Early enough to raise the budget or to talk less, late enough to be true on most days never.
WARNING_PERCENT: Final = 80
_WHOLE: Final = 100
# A moment that has come must not be due again at the same moment, should the clock lag behind.
_WAIT_S_MIN: Final = 0.1


class Spent(NamedTuple):
    """What was used of a day, to be kept by others over a restart.

    Attributes:
        day: Whole days since 1970 in UTC.
        bytes: Bytes received and sent on that day.
    """

    day: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Budget:
    """How a day's budget stands.

    Attributes:
        used_bytes: Bytes of all TCP streams today, both directions.
        limit_bytes: How many there may be.
        is_bound: Whether it is used up, so that nothing of others is received.
        resumes_unix_s: When the next day begins.
    """

    used_bytes: int
    limit_bytes: int
    is_bound: bool
    resumes_unix_s: int


class _Stage(IntEnum):
    """How far a budget is used; each stage is told once."""

    FREE = 0
    NEARLY_USED = 1
    USED_UP = 2


class DayBudget:
    """What a node may carry each day.

    Args:
        bytes_max: Bytes of a day, received and sent together.
        spent: What was used before this life of the node.
    """

    def __init__(self, bytes_max: int, spent: Spent | None = None) -> None:
        self._bytes_max: Final = bytes_max
        self._spent = spent or Spent(0, 0)
        # The day that was looked at before; a machine may wake up with a wrong clock.
        self._before = Spent(0, 0)
        self._seen_bytes = 0
        self._stage = _Stage.FREE
        self._resumes_s: float | None = None

    @property
    def spent(self) -> Spent:
        """What was used of the day of the last look."""
        return self._spent

    @property
    def is_bound(self) -> bool:
        """Whether the day's budget is used up."""
        return self._stage is _Stage.USED_UP

    def state(self) -> Budget:
        """Return how it stood at the last look."""
        day, used_bytes = self._spent
        return Budget(used_bytes, self._bytes_max, self.is_bound, (day + 1) * DAY_S)

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which it should be looked at without any traffic."""
        return self._resumes_s

    def look(self, carried_bytes: int, now: Moment) -> Budget | None:
        """Count what was carried, and look at the clock.

        Args:
            carried_bytes: All that was carried in this life so far.
            now: The moment.

        Returns:
            How it stands, if people should hear of it: it is nearly or wholly used, or was until
            now.
        """
        day = now.unix_whole_s // DAY_S
        if self._spent.day != day:
            known_bytes = self._before.bytes if self._before.day == day else 0
            self._before, self._spent = self._spent, Spent(day, known_bytes)
        used_bytes = self._spent.bytes + carried_bytes - self._seen_bytes
        self._spent, self._seen_bytes = Spent(day, used_bytes), carried_bytes
        stage = self._stage_of(used_bytes)
        self._resumes_s = None
        if stage is not _Stage.FREE:
            left_s = (day + 1) * DAY_S - now.unix_s
            self._resumes_s = now.monotonic_s + max(_WAIT_S_MIN, left_s)
        if stage is self._stage:
            return None
        self._stage = stage
        return self.state()

    def _stage_of(self, used_bytes: int) -> _Stage:
        if used_bytes >= self._bytes_max:
            return _Stage.USED_UP
        is_near = used_bytes * _WHOLE >= self._bytes_max * WARNING_PERCENT
        return _Stage.NEARLY_USED if is_near else _Stage.FREE


def refusal_of(budget: Budget) -> str:
    """Return why history is not asked for, in a few words."""
    return f"today's budget of {mb_text(budget.limit_bytes)} is used up; ask again after 00:00 UTC"


def notice_of(budget: Budget) -> str:
    """Return how a budget stands, one sentence for people.

    Bytes are told in MB of a million, in which budgets are set and data is paid for.
    """
    limit = mb_text(budget.limit_bytes)
    if budget.is_bound:
        return (
            f"today's budget of {limit} is used up: nothing more is received until 00:00 UTC; your "
            "own messages still leave; raise it with --day-mb or fetch what was missed later with "
            "mail fetch"
        )
    used = mb_text(budget.used_bytes)
    if budget.used_bytes * _WHOLE >= budget.limit_bytes * WARNING_PERCENT:
        return (
            f"{used} of today's budget of {limit} are used; when it is used up, nothing more is "
            "received until 00:00 UTC"
        )
    return f"a new day's budget of {limit} begins; everything is received again"


def mb_text(size_bytes: int) -> str:
    """Return an amount in MB of a million bytes, with as many digits as say something."""
    return f"{size_bytes / MB:.3g} MB" if size_bytes < _WHOLE * MB else f"{size_bytes // MB} MB"
