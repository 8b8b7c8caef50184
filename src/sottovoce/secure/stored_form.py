"""How records are written: a version, then fields without names, each with its length.

It owns the two directions and the error for bytes that are no record. Which fields a record has,
and what its versions mean, is said where the record is.

Spec: none but this text: a byte of version; numbers of eight bytes with a sign, least significant
first; bytes and texts after their length in four.
"""

import struct
from contextlib import suppress
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto.secp256k1 import COMPRESSED_BYTES

_LENGTH: Final = struct.Struct("<I")
_NUMBER: Final = struct.Struct("<q")
_COMPRESSED_PREFIXES: Final = b"\x02\x03"


def checked_key(raw: bytes) -> bytes:
    """Return a stored public key as it is, if it has the form of one: 33 bytes, 02 or 03 first.

    Whether it is a point shows when it is used, which costs ten times as much.

    Raises:
        LocalProtocolError: It has another form.
    """
    if len(raw) != COMPRESSED_BYTES or raw[0] not in _COMPRESSED_PREFIXES:
        raise LocalProtocolError("a stored public key is damaged")
    return raw


class RecordWriter:
    """Writes one record."""

    __slots__ = ("_parts",)

    def __init__(self, version: int) -> None:
        self._parts = [bytes((version,))]

    def number(self, value: int) -> None:
        """Write a whole number of 64 bits with a sign."""
        self._parts.append(_NUMBER.pack(value))

    def data(self, value: bytes) -> None:
        """Write bytes of any length."""
        self._parts += (_LENGTH.pack(len(value)), value)

    def text(self, value: str) -> None:
        """Write a text."""
        self.data(value.encode())

    def finish(self) -> bytes:
        """Return the record."""
        return b"".join(self._parts)


class RecordReader:
    """Reads one record.

    Raises:
        LocalProtocolError: The record has another version.
    """

    __slots__ = ("_position", "_raw")

    def __init__(self, raw: bytes, version: int) -> None:
        if not raw or raw[0] != version:
            raise LocalProtocolError("a stored record has a form that this program does not know")
        self._raw = raw
        self._position = 1

    def number(self) -> int:
        """Read a number.

        Raises:
            LocalProtocolError: The record ends before.
        """
        value: int = _NUMBER.unpack(self._take(_NUMBER.size))[0]
        return value

    def count(self) -> int:
        """Read how many items follow.

        Raises:
            LocalProtocolError: The record ends before, or cannot hold so many.
        """
        value = self.number()
        if not 0 <= value <= len(self._raw):
            raise LocalProtocolError("a stored record is damaged")
        return value

    def data(self) -> bytes:
        """Read bytes.

        Raises:
            LocalProtocolError: The record ends before.
        """
        return self._take(_LENGTH.unpack(self._take(_LENGTH.size))[0])

    def text(self) -> str:
        """Read a text.

        Raises:
            LocalProtocolError: The record ends before, or the bytes are no text.
        """
        raw = self.data()
        with suppress(UnicodeDecodeError):
            return raw.decode()
        # Raised only here: the other error holds the bytes.
        raise LocalProtocolError("a stored record is damaged")

    def finish(self) -> None:
        """Check that nothing follows.

        Raises:
            LocalProtocolError: Something follows.
        """
        if self._position != len(self._raw):
            raise LocalProtocolError("a stored record is damaged")

    def _take(self, size_bytes: int) -> bytes:
        taken = self._raw[self._position : self._position + size_bytes]
        if len(taken) != size_bytes:
            raise LocalProtocolError("a stored record is damaged")
        self._position += size_bytes
        return taken
