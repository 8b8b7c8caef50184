"""Protobuf written by hand, so that tests can write what no library would."""

VARINT = 0
FIXED64 = 1
BYTES = 2
GROUP_START = 3
GROUP_END = 4
FIXED32 = 5


def varint(number: int) -> bytes:
    """Encode a number that is not negative, seven bits at a time."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3 | VARINT) + varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def group(number: int, body: bytes = b"") -> bytes:
    return varint(number << 3 | GROUP_START) + body + varint(number << 3 | GROUP_END)


def nested(number: int, depth: int) -> bytes:
    """Put a field into itself so many times."""
    body = b""
    for _ in range(depth):
        body = bytes_field(number, body)
    return body
