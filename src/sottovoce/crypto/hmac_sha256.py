"""HMAC and HKDF with SHA-256, for keys that are used once.

A ratchet makes seven of these per message and side, each under another key. One call of the
library's HMAC spends most of its time on setting up; two calls of its SHA-256 do the same in half
of that.

Spec: RFC 2104; RFC 5869.
"""

from hashlib import sha256
from typing import Final

DIGEST_BYTES: Final = 32

_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER_FILLING: Final = b"\x36" * (_BLOCK_BYTES - DIGEST_BYTES)
_OUTER_FILLING: Final = b"\x5c" * (_BLOCK_BYTES - DIGEST_BYTES)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """Return the 32 bytes of HMAC-SHA256 under a key of exactly 32 bytes."""
    assert len(key) == DIGEST_BYTES
    inner = sha256(key.translate(_INNER) + _INNER_FILLING + data).digest()
    return sha256(key.translate(_OUTER) + _OUTER_FILLING + inner).digest()


def hmac_sha256_pair(key: bytes, first: bytes, second: bytes) -> tuple[bytes, bytes]:
    """Return HMAC-SHA256 of two texts under one key of exactly 32 bytes, 32 bytes each."""
    assert len(key) == DIGEST_BYTES
    inner = key.translate(_INNER) + _INNER_FILLING
    outer = key.translate(_OUTER) + _OUTER_FILLING
    return (
        sha256(outer + sha256(inner + first).digest()).digest(),
        sha256(outer + sha256(inner + second).digest()).digest(),
    )


def hkdf_sha256(secret: bytes, *, salt: bytes, info: bytes, size_bytes: int) -> bytes:
    """Derive bytes from a secret.

    Args:
        secret: The input key material, any length.
        salt: Exactly 32 bytes.
        info: What the bytes are for, any length.
        size_bytes: How many to derive, at most 255 * 32.

    Returns:
        `size_bytes` bytes.
    """
    key = hmac_sha256(salt, secret)
    inner = key.translate(_INNER) + _INNER_FILLING
    outer = key.translate(_OUTER) + _OUTER_FILLING
    block = output = b""
    number = 1
    while len(output) < size_bytes:
        block = sha256(inner + block + info + bytes((number,))).digest()
        block = sha256(outer + block).digest()
        output += block
        number += 1
    return output[:size_bytes]
