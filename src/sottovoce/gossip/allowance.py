"""Allowance: how much of a peer's limit we allow ourselves, now and later.

It owns two accounts, one that counts and one of bytes. We keep to three quarters of a second's
worth at once and nine tenths of the rate, so that neither the way nor a coarse clock makes an
excess of it.

Spec: 6/WAKU1, "Rate limits"; status-go waku/common/rate_limiter.go for how peers count.
"""

import math
from typing import Final

from sottovoce.base.token_bucket import TokenBucket

# What we allow ourselves of a limit, in seconds' worth at once. The Go nodes count in steps of a
# tenth of a second and allow one second's worth; the rest is for what the way bunches up.
BURST_S: Final = 0.75
# And of its rate, for clocks that do not run alike.
RATE_KEPT: Final = 0.9


class Allowance:
    """What may still be sent of one kind: a count and bytes, each only if it is limited."""

    __slots__ = ("_buckets",)

    def __init__(self, count: int, size_bytes: int) -> None:
        self._buckets = (_bucket(count), _bucket(size_bytes))

    def ready_at_s(self, count: int, size_bytes: int) -> float:
        """Return the monotonic second from which on this much may be sent."""
        costs = zip(self._buckets, (count, size_bytes), strict=True)
        return max((part.ready_at_s(cost) for part, cost in costs if part is not None), default=0.0)

    def full_at_s(self) -> float:
        """Return the monotonic second from which on a new account would be the same."""
        return max(part.ready_at_s(math.inf) for part in self._buckets if part is not None)

    def spend(self, count: int, size_bytes: int, now_s: float) -> None:
        """Note what was sent."""
        for part, cost in zip(self._buckets, (count, size_bytes), strict=True):
            if part is not None:
                part.spend(cost, now_s)

    def bytes_left(self, now_s: float) -> float:
        """Return how many bytes may be sent now."""
        part = self._buckets[1]
        return math.inf if part is None else part.left(now_s)

    def count_left(self, now_s: float) -> float:
        """Return how many may be sent now."""
        part = self._buckets[0]
        return math.inf if part is None else part.left(now_s)


def _bucket(per_s: int) -> TokenBucket | None:
    if not per_s:
        return None
    return TokenBucket(
        capacity=max(1.0, per_s * BURST_S), refill_per_s=per_s * RATE_KEPT, now_s=0.0
    )
