"""Time as an argument: below `runtime/` nobody reads a clock."""

from collections.abc import Iterable
from typing import NamedTuple


class Moment(NamedTuple):
    """One instant, as two clocks show it.

    Attributes:
        monotonic_s: Seconds on a clock that never jumps; deadlines are written in it.
        unix_s: Seconds since 1970 as the wall clock has it; envelopes carry it.
    """

    monotonic_s: float
    unix_s: float

    @property
    def unix_whole_s(self) -> int:
        """The wall clock in whole seconds, rounded down, as envelopes have it."""
        return int(self.unix_s)


def earliest(deadlines: Iterable[float | None]) -> float | None:
    """Return the first of some deadlines, monotonic seconds; None if all are None."""
    soonest: float | None = None
    for at_s in deadlines:
        if at_s is not None and (soonest is None or at_s < soonest):
            soonest = at_s
    return soonest
