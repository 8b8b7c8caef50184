"""The operating system's random bytes."""

import os
from typing import Final

# Draws are a few to a few hundred bytes, and a system call costs as much as either; so a block is
# fetched at once. Taken bytes are overwritten, and a forked child fetches anew.
_BLOCK_BYTES: Final = 4096


class SystemEntropy:
    """Unpredictable bytes for keys, nonces, padding and delays."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._owner = os.getpid()

    def take(self, size_bytes: int) -> bytes:
        """Return `size_bytes` fresh random bytes."""
        if size_bytes > _BLOCK_BYTES:
            return os.urandom(size_bytes)
        if len(self._block) < size_bytes or self._owner != os.getpid():
            self._block[:] = os.urandom(_BLOCK_BYTES)
            self._owner = os.getpid()
        taken = bytes(self._block[-size_bytes:]) if size_bytes else b""
        del self._block[len(self._block) - size_bytes :]
        return taken
