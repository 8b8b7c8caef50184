"""RLP, strict and bounded.

It owns the one encoding of Ethereum's wire formats and refuses every other spelling of a value:
single bytes in long form, lengths with leading zeros, long form where short would do, items that
reach over the end of their list, anything after the end. Depth is bounded by `DEPTH_MAX`; the
number of items is bounded by the number of bytes. What the items mean is not its business.

Spec: Ethereum yellow paper, appendix B; devp2p rlpx.md uses it for every packet.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError

RlpItem: TypeAlias = "bytes | list[RlpItem]"
Encodable: TypeAlias = "bytes | int | Sequence[Encodable]"

# The deepest structure of the protocols here nests five lists; sixteen leaves room for unknown
# extra elements and keeps hostile input from exhausting the interpreter's stack.
DEPTH_MAX: Final = 16

_SHORT_MAX: Final = 55
_STRING: Final = 0x80
_LONG_STRING: Final = 0xB7
_LIST: Final = 0xC0
_LONG_LIST: Final = 0xF7
_LENGTH_BYTES_MAX: Final = 8
_BITS_PER_BYTE: Final = 8


def encode(item: Encodable) -> bytes:
    """Encode bytes, a non-negative integer (minimal big-endian) or a sequence of these.

    Raises:
        LocalProtocolError: An integer is negative.
    """
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _header(len(item), _STRING) + item
    if isinstance(item, int):
        return encode_uint(item)
    return encode_list([encode(part) for part in item])


def encode_uint(value: int) -> bytes:
    """Encode one non-negative integer; zero is the empty string.

    Raises:
        LocalProtocolError: The integer is negative.
    """
    if value < 0:
        raise LocalProtocolError("RLP has no negative integers")
    if 0 < value < _STRING:
        return value.to_bytes(1, "big")
    raw = value.to_bytes((value.bit_length() + _BITS_PER_BYTE - 1) // _BITS_PER_BYTE, "big")
    return _header(len(raw), _STRING) + raw


def encode_list(encoded_items: Sequence[bytes]) -> bytes:
    """Wrap items that are RLP already into one list."""
    body = b"".join(encoded_items)
    return _header(len(body), _LIST) + body


def _header(length: int, base: int) -> bytes:
    if length <= _SHORT_MAX:
        return bytes((base + length,))
    raw = length.to_bytes((length.bit_length() + _BITS_PER_BYTE - 1) // _BITS_PER_BYTE, "big")
    return bytes((base + _SHORT_MAX + len(raw),)) + raw


def read_header(data: bytes, start: int, limit: int) -> tuple[bool, int, int]:
    """Read the header of the item at `start`, which must end at or before `limit`.

    Returns:
        Whether it is a list, where its content starts, and where it ends.

    Raises:
        RemoteProtocolError: The header is missing, not canonical, or reaches over `limit`.
    """
    if start >= limit:
        raise RemoteProtocolError("RLP: an item is missing")
    first = data[start]
    if first < _STRING:
        return False, start, start + 1
    is_list = first >= _LIST
    length = first - (_LIST if is_list else _STRING)
    body = start + 1
    if length > _SHORT_MAX:
        body, length = _long_length(data, body, length - _SHORT_MAX, limit)
    end = body + length
    if end > limit:
        raise RemoteProtocolError("RLP: an item is longer than what contains it")
    if length == 1 and not is_list and data[body] < _STRING:
        raise RemoteProtocolError("RLP: a single byte is not in its shortest form")
    return is_list, body, end


def read_list(data: bytes, start: int, limit: int, what: str) -> tuple[int, int]:
    """Read the header of a list at `start` and leave its items alone.

    Returns:
        Where its first item starts, and where the list ends.

    Raises:
        RemoteProtocolError: `read_header` says so, or it is a string; `what` names it in the text.
    """
    is_list, body, end = read_header(data, start, limit)
    if not is_list:
        raise RemoteProtocolError(f"{what}: expected a list")
    return body, end


def read_string(data: bytes, start: int, limit: int, what: str) -> tuple[bytes, int]:
    """Read the string at `start`; a list in its place is refused by its header, however long.

    Returns:
        The string, and where the next item starts.

    Raises:
        RemoteProtocolError: `read_header` says so, or it is a list; `what` names it in the text.
    """
    is_list, body, end = read_header(data, start, limit)
    if is_list:
        raise RemoteProtocolError(f"{what}: expected a string, got a list")
    return data[body:end], end


def _long_length(data: bytes, start: int, size: int, limit: int) -> tuple[int, int]:
    end = start + size
    if end > limit:
        raise RemoteProtocolError("RLP: a length is cut off")
    length = int.from_bytes(data[start:end], "big")
    if data[start] == 0 or length <= _SHORT_MAX:
        raise RemoteProtocolError("RLP: a length is not in its shortest form")
    return end, length


def decode(data: bytes) -> RlpItem:
    """Decode exactly one item.

    Returns:
        Bytes for a string, a list of items for a list.

    Raises:
        RemoteProtocolError: The bytes are not canonical RLP, nest too deeply, or do not end with
            the item.
    """
    item, end = decode_prefix(data)
    if end != len(data):
        raise RemoteProtocolError("RLP: there are bytes after the end of the item")
    return item


def decode_prefix(data: bytes) -> tuple[RlpItem, int]:
    """Decode the first item and leave what follows it alone.

    Returns:
        The item and the offset of the first byte after it.

    Raises:
        RemoteProtocolError: The item is not canonical RLP or nests too deeply.
    """
    is_list, start, end = read_header(data, 0, len(data))
    if not is_list:
        return data[start:end], end
    return _decode_list(data, start, end, 1), end


def decode_string(data: bytes, what: str, length: int | None = None) -> bytes:
    """Decode the first item, a string, and leave what follows it alone.

    Returns:
        The string, of exactly `length` bytes where given.

    Raises:
        RemoteProtocolError: The item is not canonical RLP, is a list, or has another length;
            `what` names it in the text.
    """
    string, _ = read_string(data, 0, len(data), what)
    return as_bytes(string, what, length)


def _decode_list(data: bytes, start: int, end: int, depth: int) -> list[RlpItem]:
    if depth > DEPTH_MAX:
        raise RemoteProtocolError(f"RLP: lists nest deeper than {DEPTH_MAX}")
    items: list[RlpItem] = []
    while start < end:
        is_list, body, start_of_next = read_header(data, start, end)
        if is_list:
            items.append(_decode_list(data, body, start_of_next, depth + 1))
        else:
            items.append(data[body:start_of_next])
        start = start_of_next
    return items


def split_list(data: bytes) -> list[tuple[int, int]]:
    """Find the items of the one list that `data` is, without decoding them.

    Returns:
        For each item the offsets of its first byte (header included) and of the byte after it.

    Raises:
        RemoteProtocolError: `data` is not exactly one list, or a header in it is not canonical.
    """
    is_list, start, end = read_header(data, 0, len(data))
    if not is_list:
        raise RemoteProtocolError("RLP: expected a list")
    if end != len(data):
        raise RemoteProtocolError("RLP: there are bytes after the end of the item")
    spans = []
    while start < end:
        _, _, start_of_next = read_header(data, start, end)
        spans.append((start, start_of_next))
        start = start_of_next
    return spans


def as_list(item: RlpItem, what: str) -> list[RlpItem]:
    """Return the item as a list.

    Raises:
        RemoteProtocolError: It is a string; `what` names it in the text.
    """
    if not isinstance(item, list):
        raise RemoteProtocolError(f"{what}: expected a list")
    return item


def as_bytes(item: RlpItem, what: str, length: int | None = None) -> bytes:
    """Return the item as bytes, of exactly `length` bytes where given.

    Raises:
        RemoteProtocolError: It is a list or has another length; `what` names it in the text.
    """
    if isinstance(item, list):
        raise RemoteProtocolError(f"{what}: expected a string, got a list")
    if length is not None and len(item) != length:
        raise RemoteProtocolError(f"{what}: expected {length} bytes, got {len(item)}")
    return item


def as_uint(item: RlpItem, what: str, bits: int = 64) -> int:
    """Return the item as an unsigned integer of at most `bits` bits.

    Raises:
        RemoteProtocolError: It is a list, has leading zeros or is too wide.
    """
    raw = as_bytes(item, what)
    if raw[:1] == b"\x00":
        raise RemoteProtocolError(f"{what}: an integer has leading zero bytes")
    if len(raw) * _BITS_PER_BYTE > bits:
        raise RemoteProtocolError(f"{what}: an integer is wider than {bits} bits")
    return int.from_bytes(raw, "big")
