"""When a record that nobody acknowledged goes out again: one pure function, two tables.

Epochs are numbers here; how long one lasts is not this module's business.

Spec: VAC 2 (MVDS), "Retransmission"; status-go protocol/datasync/transport.go (the reference's
table, see docs/spec-deviations.md, "Repetitions of data sync").
"""

from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError

# No gap doubles more often; it is far beyond every bound and keeps the integers small.
_DOUBLINGS_MAX: Final = 32

# 16 epochs are 4.8 s: proof of work, two hops and the way back take two or three. Sooner, most
# repetitions would be in vain.
FIRST_GAP_EPOCHS: Final = 16

# 1,800 epochs are nine minutes: nobody is stuck for ten once the network works again, and a peer
# that is away for a day costs 170 payloads.
GAP_EPOCHS_MAX: Final = 1800


@dataclass(frozen=True, slots=True)
class Schedule:
    """A table of gaps.

    Attributes:
        step_epochs: The gap after the first sending.
        doubles: Whether each gap is twice the one before; else it is one step longer.
        gap_epochs_max: The longest gap; None for no bound.
        adds_absolute_epoch: Whether the gap is added, together with the number of the epoch, to
            the epoch at which the record was due; else to the number of the epoch alone.

    Raises:
        LocalProtocolError: A step below one epoch, or a bound below the step.
    """

    step_epochs: int
    doubles: bool
    gap_epochs_max: int | None
    adds_absolute_epoch: bool = False

    def __post_init__(self) -> None:
        if self.step_epochs < 1:
            raise LocalProtocolError("a record is repeated after one epoch at the earliest")
        if self.gap_epochs_max is not None and self.gap_epochs_max < self.step_epochs:
            raise LocalProtocolError("the longest gap is not below the first one")


# The clients of 2020. The gap grows with the epoch's own number, so that on a client that has run
# for a week the first repetition comes after another week.
REFERENCE: Final = Schedule(
    step_epochs=2, doubles=False, gap_epochs_max=None, adds_absolute_epoch=True
)

DEFAULT: Final = Schedule(step_epochs=FIRST_GAP_EPOCHS, doubles=True, gap_epochs_max=GAP_EPOCHS_MAX)


def next_send_epoch(schedule: Schedule, *, send_count: int, due_epoch: int, epoch: int) -> int:
    """Return the epoch at which a record goes out again if nothing comes back.

    Args:
        schedule: The table.
        send_count: How often it went out by now, from 1.
        due_epoch: The epoch at which it was due this time.
        epoch: The epoch in which it went out.
    """
    assert send_count > 0
    doublings = min(send_count - 1, _DOUBLINGS_MAX)
    gap = schedule.step_epochs * (1 << doublings if schedule.doubles else send_count)
    if schedule.gap_epochs_max is not None:
        gap = min(gap, schedule.gap_epochs_max)
    return gap + epoch + (due_epoch if schedule.adds_absolute_epoch else 0)
