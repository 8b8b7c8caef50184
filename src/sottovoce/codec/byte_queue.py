"""A queue of bytes: append at the end, take a known length from the front."""

from typing import Final

# Taken bytes are cut off the front only now and then: each cut moves all that is left.
_COMPACT_BYTES: Final = 65536


class ByteQueue:
    """Bytes that arrived and were not taken yet; the owner bounds how many it lets in."""

    __slots__ = ("_data", "_start")

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0

    def __len__(self) -> int:
        return len(self._data) - self._start

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._data += data

    def take(self, size_bytes: int) -> bytes | None:
        """Remove and return the first `size_bytes` bytes, or return None if there are fewer."""
        end = self._start + size_bytes
        if end > len(self._data):
            return None
        taken = bytes(memoryview(self._data)[self._start : end])
        if end == len(self._data):
            self._data.clear()
            self._start = 0
        elif end >= _COMPACT_BYTES:
            del self._data[:end]
            self._start = 0
        else:
            self._start = end
        return taken

    def peek(self, size_bytes: int) -> bytes | None:
        """Return the first `size_bytes` bytes and keep them, or None if there are fewer."""
        end = self._start + size_bytes
        if end > len(self._data):
            return None
        return bytes(memoryview(self._data)[self._start : end])

    def clear(self) -> None:
        """Forget everything."""
        self._data.clear()
        self._start = 0
