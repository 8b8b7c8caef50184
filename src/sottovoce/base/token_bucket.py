"""A token bucket: so much at once, so much a second, and a word when it is overdrawn."""


class TokenBucket:
    """An account that refills with time; whoever owns it says what things cost."""

    __slots__ = ("_at_s", "_capacity", "_left", "_refill_per_s")

    def __init__(self, *, capacity: float, refill_per_s: float, now_s: float) -> None:
        """Make a full bucket.

        Args:
            capacity: The most that it holds.
            refill_per_s: What flows in each second.
            now_s: The monotonic second.
        """
        self._capacity = capacity
        self._refill_per_s = refill_per_s
        self._left = capacity
        self._at_s = now_s

    def spend(self, cost: float, now_s: float) -> bool:
        """Take a cost out at a monotonic second; tell whether the bucket is overdrawn."""
        self._left = self.left(now_s) - cost
        self._at_s = now_s
        return self._left < 0

    def wait_s(self, cost: float, now_s: float) -> float:
        """Return the seconds until a cost could be paid in full; nothing is taken out."""
        return max(0.0, (cost - self.left(now_s)) / self._refill_per_s)

    def ready_at_s(self, cost: float) -> float:
        """Return the monotonic second from which on a cost is covered.

        A cost above the capacity is covered by a full bucket, which it overdraws. Without a
        spending in between it is the same number at any time: whoever wakes up then may spend.
        """
        missing = min(cost, self._capacity) - self._left
        return self._at_s + missing / self._refill_per_s if missing > 0 else self._at_s

    def is_full(self, now_s: float) -> bool:
        """Tell whether a new bucket would be the same."""
        return self.left(now_s) >= self._capacity

    def left(self, now_s: float) -> float:
        """Return what the bucket holds at a monotonic second; below 0 if it is overdrawn."""
        return min(self._capacity, self._left + (now_s - self._at_s) * self._refill_per_s)
