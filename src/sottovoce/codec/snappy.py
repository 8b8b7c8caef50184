"""Snappy block format, with the declared length checked before anything is inflated.

Spec: EIP-706; Snappy format description, "block format". The framing format is never used.
"""

import cramjam

from sottovoce.base.errors import RemoteProtocolError


def compress(data: bytes) -> bytes:
    """Compress into one block; empty input becomes the single byte 00."""
    return bytes(cramjam.snappy.compress_raw(data))


def compressed_bytes_max(size_bytes: int) -> int:
    """Return the largest block that any encoder makes of `size_bytes` bytes."""
    return 32 + size_bytes + size_bytes // 6


def decompress(block: bytes | memoryview, size_bytes_max: int) -> bytes:
    """Inflate one block that declares at most `size_bytes_max` bytes.

    Raises:
        RemoteProtocolError: The block declares more, or is corrupt.
    """
    declared = _declared_length(block)
    if declared > size_bytes_max:
        raise RemoteProtocolError(
            f"Snappy: a block declares {declared} bytes, the limit is {size_bytes_max}"
        )
    try:
        inflated = bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError:
        raise RemoteProtocolError("Snappy: a block is corrupt") from None
    if len(inflated) != declared:
        raise RemoteProtocolError("Snappy: a block is shorter than it declares")
    return inflated


def _declared_length(block: bytes | memoryview) -> int:
    """Read the length in front of a block: seven bits a byte, lowest first, 32 bits in all.

    Raises:
        RemoteProtocolError: It is cut off or wider than 32 bits.
    """
    length = shift = 0
    for byte in block[:5]:
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            if length >> 32:
                break
            return length
        shift += 7
    raise RemoteProtocolError("Snappy: the length in front of a block is corrupt")
