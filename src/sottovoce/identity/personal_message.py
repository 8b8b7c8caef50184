"""Signing a text as an Ethereum account, so that it can be no transaction.

Spec: EIP-191, version 0x45; go-ethereum accounts (TextHash).
"""

from typing import Final

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.identity.address import Address, address_of

# Wallets write the recovery id as 27 or 28, the habit of the first Bitcoin client.
RECOVERY_OFFSET: Final = 27

_PREFIX: Final = b"\x19Ethereum Signed Message:\n"


def personal_digest(message: bytes) -> bytes:
    """Return the 32 bytes that are signed for a message."""
    return keccak256(_PREFIX + str(len(message)).encode() + message)


def sign_personal(private: PrivateKey, message: bytes) -> bytes:
    """Sign a message; returns the 65 bytes r || s || v with v 27 or 28.

    Raises:
        InvalidKeyError: The private key is not below the order of the curve.
    """
    signature = secp256k1.sign(private, personal_digest(message))
    return signature[:-1] + bytes((signature[-1] + RECOVERY_OFFSET,))


def recover_personal(message: bytes, signature: bytes) -> Address:
    """Return the address whose key signed a message.

    Args:
        message: What was signed.
        signature: 65 bytes, with a v of 27 and 28 or of 0 and 1.

    Raises:
        InvalidKeyError: It is no signature.
    """
    if len(signature) != secp256k1.SIGNATURE_BYTES:
        raise InvalidKeyError("a signature has a wrong length or recovery id")
    identifier = signature[-1]
    if identifier >= RECOVERY_OFFSET:
        identifier -= RECOVERY_OFFSET
    plain = signature[:-1] + bytes((identifier,))
    return address_of(secp256k1.recover(personal_digest(message), plain))
