"""Protocol messages with the entries of their maps in ascending order.

The deployed clients write map entries in any order, another one each time, and nothing depends on
it; ours is ascending. Bytes are moved here and none is changed: this reads neither keys nor texts.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

_BUNDLES: Final = 3
_PREKEYS: Final = 2
_DIRECT: Final = 101
_WIRE_TYPE_BITS: Final = 3
_DELIMITED: Final = 2


def in_map_order(message: bytes) -> bytes:
    """Return a protocol message with its own map and those of its bundles in order."""
    return _rewritten(message, map_field=_DIRECT, inner={_BUNDLES: _bundle_in_order})


def _bundle_in_order(bundle: bytes) -> bytes:
    return _rewritten(bundle, map_field=_PREKEYS, inner={})


def _rewritten(
    message: bytes, *, map_field: int, inner: dict[int, Callable[[bytes], bytes]]
) -> bytes:
    parts: list[bytes] = []
    for number, run in groupby(_fields(message), key=lambda field: field[0]):
        fields = list(run)
        if number == map_field:
            fields.sort(key=lambda field: _key_of(field[2]))
        for _, head, content in fields:
            change = inner.get(number)
            parts += [head, content if change is None else change(content)]
    return b"".join(parts)


def _key_of(entry: bytes) -> bytes:
    """Return the key of a map's entry, which the deployed clients write first."""
    number, _, key = next(_fields(entry))
    assert number == 1
    return key


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each field's number, what stands before its content, and its content."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _number(message, at)
        value, at = _number(message, at)
        size_bytes = value if tag & 7 == _DELIMITED else 0
        yield tag >> _WIRE_TYPE_BITS, message[start:at], message[at : at + size_bytes]
        at += size_bytes


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """Read a number of 7 bits per byte; returns it and where it ends."""
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
