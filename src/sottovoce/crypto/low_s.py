"""The one of two equal signatures that counts: of s and its negative, the lower.

Spec: SEC 2, section 2.4.1 (the order of secp256k1); BIP 146, "Low S".
"""

from typing import Final

from sottovoce.base.errors import InvalidKeyError
from sottovoce.crypto.secp256k1 import COMPACT_SIGNATURE_BYTES

ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_LOW_S_MAX: Final = ORDER // 2
_S_START: Final = 32


def check_low_s(signature: bytes) -> None:
    """Check that a signature r || s, with or without v, is the one that every library makes.

    Raises:
        InvalidKeyError: It is too short, or its s is in the upper half.
    """
    if len(signature) < COMPACT_SIGNATURE_BYTES:
        raise InvalidKeyError("a signature is too short")
    if int.from_bytes(signature[_S_START:COMPACT_SIGNATURE_BYTES], "big") > _LOW_S_MAX:
        raise InvalidKeyError("a signature has a high s")
