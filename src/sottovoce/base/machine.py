"""What every sans-I/O machine looks like: two entrances, nothing else."""

from typing import Protocol, TypeVar

from sottovoce.base.moment import Moment

EventT = TypeVar("EventT", contravariant=True)
OutputT = TypeVar("OutputT")


class Machine(Protocol[EventT, OutputT]):
    """A state machine: it is told events, tells outputs, and never waits or calls back."""

    def handle(self, event: EventT, now: Moment) -> list[OutputT]:
        """Take one event and return what follows from it, in order."""
        ...

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which time itself becomes an event, or None."""
        ...
