"""The delays of our own envelopes: on each link one of its own, drawn anew.

An envelope that leaves on all links at the moment it was made names its author. It owns the draw
and the waiting; whether an envelope is still wanted when its delay is over is not its business.

Spec: none in EIP-627; the Go nodes' ticks of 300 ms per connection are the model
(docs/spec-deviations.md, "Delay of own envelopes").
"""

import heapq
from typing import Final

from sottovoce.base.entropy import Entropy, uniform
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.session import Session

# Thousands of our own envelopes to dozens of peers at once; at about 200 bytes each this is 20 MB.
# When it is reached our own program has to wait before it may post more.
DELAYS_COUNT_MAX: Final = 100_000


class OwnDelays:
    """The running delays. There is at most one for each own envelope in the pool and peer."""

    def __init__(self, delay_s_max: float, *, entropy: Entropy) -> None:
        self._delay_s_max: Final = delay_s_max
        self._entropy: Final = entropy
        self._heap: list[tuple[float, int, Session, PoolEntry]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._heap)

    def has_room(self, count: int) -> bool:
        """Tell whether this many more delays may run."""
        return len(self._heap) + count <= DELAYS_COUNT_MAX

    def start(self, session: Session, entry: PoolEntry, now_s: float) -> bool:
        """Let an own envelope wait for one peer, unless it waits already or the peer has it.

        Returns:
            False if too many delays are running; then nothing was done.
        """
        if (entry.known | entry.delayed) & session.bit:
            return True
        if not self.has_room(1):
            return False
        entry.delayed |= session.bit
        due_s = now_s + uniform(self._entropy, self._delay_s_max)
        self._serial += 1
        heapq.heappush(self._heap, (due_s, self._serial, session, entry))
        return True

    def take_due(self, now_s: float) -> list[tuple[Session, PoolEntry]]:
        """Return, and forget, what has waited long enough at a monotonic second."""
        due = []
        while self._heap and self._heap[0][0] <= now_s:
            _, _, session, entry = heapq.heappop(self._heap)
            due.append((session, entry))
        return due

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which the next delay is over."""
        return self._heap[0][0] if self._heap else None
