"""Distinct types for distinct kinds of bytes; lengths are checked once, where the value is made.

`Topic` and `EnvelopeHash` are bare bytes with a name (they are keys of hot dictionaries); keys
are classes. Whether a public key lies on the curve is a question for `sottovoce.crypto`.
"""

from dataclasses import dataclass
from typing import Final, NewType

from typing_extensions import override

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError

TOPIC_BYTES: Final = 4
HASH_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 64

Topic = NewType("Topic", bytes)
EnvelopeHash = NewType("EnvelopeHash", bytes)


def topic(raw: bytes) -> Topic:
    """Make a topic of its 4 bytes.

    Raises:
        LocalProtocolError: The length is not 4.
    """
    if len(raw) != TOPIC_BYTES:
        raise LocalProtocolError(f"a topic has {TOPIC_BYTES} bytes, not {len(raw)}")
    return Topic(raw)


def envelope_hash(raw: bytes) -> EnvelopeHash:
    """Make an envelope hash of its 32 bytes.

    Raises:
        LocalProtocolError: The length is not 32.
    """
    if len(raw) != HASH_BYTES:
        raise LocalProtocolError(f"an envelope hash has {HASH_BYTES} bytes, not {len(raw)}")
    return EnvelopeHash(raw)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point of secp256k1 as its 64 bytes x || y; made by `crypto.secp256k1`, which checks it.

    Raises:
        InvalidKeyError: The length is not 64.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_KEY_BYTES:
            raise InvalidKeyError(
                f"a public key has {PUBLIC_KEY_BYTES} bytes (x || y), not {len(self.raw)}"
            )

    @property
    def uncompressed(self) -> bytes:
        """The 65 bytes 04 || x || y."""
        return b"\x04" + self.raw

    @override
    def __repr__(self) -> str:
        # Eight hex digits tell peers apart in a log without being a whole identity.
        return f"PublicKey({self.raw[:4].hex()}…)"
