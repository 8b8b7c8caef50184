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
        refilled = self._left + (now_s - self._at_s) * self._refill_per_s
        self._left = min(self._capacity, refilled) - cost
        self._at_s = now_s
        return self._left < 0
