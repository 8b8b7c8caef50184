"""Entropy for tests: the same bytes in every run."""

import random


class SeededEntropy:
    """Bytes drawn from a seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def take(self, size_bytes: int) -> bytes:
        """Return the next bytes."""
        return self._random.randbytes(size_bytes)
