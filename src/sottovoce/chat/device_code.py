"""A short code by which a person picks one of their devices, read from its screen.

It names a device of one person and protects against picking the wrong one. It is no secret, and no
protection against whoever has the recovery phrase: all devices of a person hold the same key.

Spec: none; the deployed clients show names.
"""

from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.hashes import keccak256

# Crockford's digits: no I, L, O and U, which are misread. 40 bits are far from equal by accident.
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("ILO", "110")
_LABEL: Final = b"sottovoce device code 1"
_BITS_PER_DIGIT: Final = 5
_DIGIT_COUNT: Final = 8
_GROUP: Final = 4


def device_code(owner: PublicKey, installation_id: str) -> str:
    """Return the code of a device: eight digits in two groups.

    Args:
        owner: Whose device it is.
        installation_id: Its id.
    """
    digest = keccak256(_LABEL + owner.raw + installation_id.encode(errors="surrogatepass"))
    number = int.from_bytes(digest, "big")
    places = range(0, _DIGIT_COUNT * _BITS_PER_DIGIT, _BITS_PER_DIGIT)
    digits = "".join(_DIGITS[number >> place & (len(_DIGITS) - 1)] for place in places)
    return f"{digits[:_GROUP]}-{digits[_GROUP:]}"


def same_code(code: str, written: str) -> bool:
    """Tell whether what a person typed is a code, however they grouped and spelled it."""
    typed = "".join(sign for sign in written.upper() if sign.isalnum()).translate(_MISREAD)
    return typed == code.replace("-", "")
