"""The least that a PNG picture needs: true colour with transparency, one chunk of pixels.

Spec: PNG (ISO/IEC 15948), sections 5 and 11.2, colour type 6, filter type 0.
"""

import struct
import zlib
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PIXEL_BYTES: Final = 4  # red, green, blue, alpha

_DEPTH_BITS: Final = 8
_RGBA: Final = 6
_NO_FILTER: Final = b"\0"


def encode_png(width: int, rgba: bytes) -> bytes:
    """Write a picture.

    Args:
        width: How many pixels a row has.
        rgba: The pixels, row by row, 4 bytes each.
    """
    row_bytes = PIXEL_BYTES * width
    assert row_bytes, "a picture is at least one pixel wide"
    assert len(rgba) % row_bytes == 0, "a picture has whole rows"
    height = len(rgba) // row_bytes
    header = struct.pack(">IIBBBBB", width, height, _DEPTH_BITS, _RGBA, 0, 0, 0)
    rows = b"".join(
        _NO_FILTER + rgba[start : start + row_bytes] for start in range(0, len(rgba), row_bytes)
    )
    return (
        SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
