"""The delays of our own envelopes: on each link one of its own, drawn anew.

An envelope that leaves on all links at the moment it was made names its author. It owns the draw
and the waiting; whether an envelope is still wanted when its delay is over is not its business.

Spec: none in EIP-627; the Go nodes' ticks of 300 ms per connection are the model
(docs/spec-deviations.md, "Delay of own envelopes").
"""

import heapq
from typing import Final

from sottovoce.base.entropy import Entropy, uniform
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.session import Session


class OwnDelays:
    """The running delays. There is at most one for each own envelope in the pool and peer."""

    def __init__(self, delay_s_max: float, *, entropy: Entropy) -> None:
        self._delay_s_max: Final = delay_s_max
        self._entropy: Final = entropy
        self._heap: list[tuple[float, int, Session, EnvelopeHash]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._heap)

    def start(self, session: Session, entry: PoolEntry, now_s: float) -> None:
        """Let an own envelope wait for one peer, unless it waits already or the peer has it."""
        if (entry.known | entry.delayed) & session.bit:
            return
        entry.delayed |= session.bit
        due_s = now_s + uniform(self._entropy, self._delay_s_max)
        self._serial += 1
        heapq.heappush(self._heap, (due_s, self._serial, session, entry.envelope.hash))

    def take_due(self, now_s: float) -> list[tuple[Session, EnvelopeHash]]:
        """Return, and forget, what has waited long enough at a monotonic second."""
        due = []
        while self._heap and self._heap[0][0] <= now_s:
            _, _, session, hash = heapq.heappop(self._heap)
            due.append((session, hash))
        return due

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which the next delay is over."""
        return self._heap[0][0] if self._heap else None
