"""Randomness as an argument: below `runtime/` nobody asks the operating system for it."""

from typing import Final, Protocol

_FRACTION_BYTES: Final = 7
_FRACTION_BITS: Final = 53  # what a float64 holds exactly


class Entropy(Protocol):
    """A source of unpredictable bytes (or, in a simulation, of seeded ones)."""

    def take(self, size_bytes: int) -> bytes:
        """Return `size_bytes` fresh random bytes."""
        ...


def uniform(entropy: Entropy, upper: float) -> float:
    """Draw a number from 0 (included) to `upper` (excluded), evenly."""
    drawn = int.from_bytes(entropy.take(_FRACTION_BYTES), "big") >> 3
    return upper * (drawn / (1 << _FRACTION_BITS))
