"""Reading a PNG of RGBA pixels, with every filter that an encoder may choose."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXEL_BYTES = 4


def decode_png(png: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the pixels, row by row, 4 bytes each."""
    assert png[: len(SIGNATURE)] == SIGNATURE
    chunks = list(_chunks(png[len(SIGNATURE) :]))
    name, header = chunks[0]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", header)
    assert (name, depth, colour, rest) == (b"IHDR", 8, 6, [0, 0, 0])
    assert chunks[-1] == (b"IEND", b"")
    packed = b"".join(content for name, content in chunks if name == b"IDAT")
    return width, height, _unfilter(zlib.decompress(packed), PIXEL_BYTES * width)


def _chunks(raw: bytes) -> list[tuple[bytes, bytes]]:
    chunks = []
    while raw:
        [size] = struct.unpack(">I", raw[:4])
        name, content = raw[4:8], raw[8 : 8 + size]
        assert struct.unpack(">I", raw[8 + size : 12 + size]) == (zlib.crc32(name + content),)
        chunks.append((name, content))
        raw = raw[12 + size :]
    return chunks


def _unfilter(raw: bytes, row_bytes: int) -> bytes:
    rows = [bytearray(row_bytes)]
    for start in range(0, len(raw), row_bytes + 1):
        above, row = rows[-1], bytearray(raw[start + 1 : start + 1 + row_bytes])
        for place in range(row_bytes):
            left = row[place - PIXEL_BYTES] if place >= PIXEL_BYTES else 0
            corner = above[place - PIXEL_BYTES] if place >= PIXEL_BYTES else 0
            row[place] = (row[place] + _guess(raw[start], left, above[place], corner)) & 0xFF
        rows.append(row)
    return b"".join(rows[1:])


def _guess(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 4:
        estimate = left + above - corner
        return min(left, above, corner, key=lambda value: abs(estimate - value))
    return (0, left, above, (left + above) // 2)[kind]
