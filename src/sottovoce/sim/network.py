"""The virtual network: streams that keep their order, take time, and lose packets.

A stream is reliable, as TCP is: a lost segment is sent again after a time-out, and everything
behind it waits. So loss shows as delay, never as missing bytes.
"""

from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

# TCP's first retransmission time-out on a path whose round trip it does not know better.
RETRANSMISSION_S: Final = 0.2
# More than this many losses in a row on one segment would be a cut, which is another fault.
LOSSES_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class LinkQuality:
    """How good the paths are.

    Attributes:
        delay_min_s: Shortest time of flight, seconds.
        delay_max_s: Longest time of flight, seconds.
        loss: Share of segments lost, from 0 to below 1.
    """

    delay_min_s: float = 0.01
    delay_max_s: float = 0.1
    loss: float = 0.0


@dataclass(slots=True)
class StreamEnd:
    """One end of a stream.

    Attributes:
        node: The node that holds this end.
        number: How that node calls the stream.
        other: The other end.
        opened_s: When the node hears that the stream is there.
        last_arrival_s: When the last bytes sent from this end arrive; later ones come after.
        clogged_until_s: Until when nothing written at this end gets through.
        clogged_bytes: What was written while it was clogged.
        blocked: Whether this end was told that its socket takes no more.
        reads: Whether its node takes what arrives at this end.
        unread: What arrived while it did not.
    """

    node: int
    number: int
    other: "StreamEnd | None" = None
    opened_s: float = 0.0
    last_arrival_s: float = 0.0
    clogged_until_s: float = 0.0
    clogged_bytes: int = 0
    blocked: bool = False
    reads: bool = True
    unread: list[bytes] = field(default_factory=list)


class Network:
    """Draws times of flight; counts what was sent and lost."""

    def __init__(self, quality: LinkQuality, random: Random) -> None:
        self._quality = quality
        self._random = random
        self.segment_count = 0
        self.loss_count = 0

    def flight_s(self) -> float:
        """Return how long the next segment takes, with its retransmissions."""
        quality = self._quality
        self.segment_count += 1
        duration_s = self._random.uniform(quality.delay_min_s, quality.delay_max_s)
        for attempt in range(LOSSES_MAX):
            if self._random.random() >= quality.loss:
                break
            self.loss_count += 1
            duration_s += RETRANSMISSION_S * 2**attempt
        return duration_s
