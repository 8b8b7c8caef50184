"""Secrets: values whose text form never shows what they hold."""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import InvalidKeyError

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class _Secret32:
    """Thirty-two secret bytes; never all zero.

    Raises:
        InvalidKeyError: Another length, or all bytes are zero.
    """

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise InvalidKeyError(f"a key has {KEY_BYTES} bytes, not {len(self.raw)}")
        if not any(self.raw):
            raise InvalidKeyError("a key must not be all zero bytes")


class PrivateKey(_Secret32):
    """A secp256k1 scalar of 32 bytes, big-endian; its range is checked by `crypto.secp256k1`."""

    __slots__ = ()


class SymmetricKey(_Secret32):
    """A key of 32 bytes for AES-256-GCM."""

    __slots__ = ()
