"""Entropy that tests know beforehand: recorded draws, or an endless stream from a seed."""

import hashlib
from collections.abc import Iterable


class ScriptedEntropy:
    """Gives recorded draws, in order; each must have the size that is asked for."""

    def __init__(self, draws: Iterable[bytes]) -> None:
        self._draws = list(draws)

    def take(self, size_bytes: int) -> bytes:
        """Return the next recorded draw."""
        assert self._draws, f"a draw of {size_bytes} bytes was not recorded"
        drawn = self._draws.pop(0)
        assert len(drawn) == size_bytes, f"recorded {len(drawn)} bytes, asked for {size_bytes}"
        return drawn

    @property
    def is_used_up(self) -> bool:
        """Whether every recorded draw was taken."""
        return not self._draws


class SeededEntropy:
    """Gives the same endless stream for the same seed."""

    def __init__(self, seed: bytes = b"") -> None:
        self._seed = seed
        self._taken = 0

    def take(self, size_bytes: int) -> bytes:
        """Return bytes that depend on the seed and on how many draws there were."""
        self._taken += 1
        name = self._seed + self._taken.to_bytes(8, "big")
        return hashlib.shake_256(name).digest(size_bytes)
