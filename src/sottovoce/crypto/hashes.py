"""Keccak-256 as Ethereum uses it (the padding from before SHA-3), SHA-256, and MD5 for pictures.

The streaming state can be copied: frame MACs and the search for proof of work live on that.

Spec: the Keccak reference, version 3.0 (rate 1088, capacity 512, padding 01); FIPS 180-4.
"""

import hashlib
from typing import Protocol

from sha3 import keccak_256  # The library is safe-pysha3.


class KeccakState(Protocol):
    """A sponge that can be fed, asked for its digest at any time, and copied."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Absorb more bytes."""
        ...

    def digest(self) -> bytes:
        """Return the 32 bytes over all that was absorbed; the state stays as it is."""
        ...

    def copy(self) -> "KeccakState":
        """Return an independent state that has absorbed the same bytes."""
        ...


def keccak256(data: bytes) -> bytes:
    """Return the 32 bytes of Keccak-256."""
    digest: bytes = keccak_256(data).digest()
    return digest


def keccak256_state(data: bytes = b"") -> KeccakState:
    """Return a streaming state that has absorbed `data`."""
    state: KeccakState = keccak_256(data)
    return state


def sha256(data: bytes) -> bytes:
    """Return the 32 bytes of SHA-256."""
    return hashlib.sha256(data).digest()


def md5(data: bytes) -> bytes:
    """Return the 16 bytes of MD5, which is broken; pictures of keys are drawn from it."""
    return hashlib.md5(data, usedforsecurity=False).digest()
