"""Seeded randomness: everything that is drawn in a simulation follows from one number."""

from random import Random  # noqa: TID251 - seeded, so repeatable


class SeededEntropy:
    """Bytes that look random and repeat with the seed; never for real keys."""

    def __init__(self, *seed: object) -> None:
        self._random = Random(repr(seed))  # noqa: S311

    def take(self, size_bytes: int) -> bytes:
        """Return the next `size_bytes` bytes of the stream."""
        return self._random.randbytes(size_bytes)
