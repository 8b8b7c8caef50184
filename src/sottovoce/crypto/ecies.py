"""ECIES on secp256k1 as RLPx and Whisper use it.

A message is ``04 || R (64) || iv (16) || ciphertext || tag (32)``: 113 bytes longer than what it
carries. The tag is checked before anything is decrypted; every way to fail raises the same error
with the same text, so that a peer learns nothing from the difference.

Spec: devp2p rlpx.md, "ECIES Encryption"; go-ethereum crypto/ecies, whose MAC key is hashed once
more than the text says (docs/spec-deviations.md, "ECIES").
"""

import hashlib
import hmac
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError, InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.aes import BLOCK_BYTES, AesCtrStream
from sottovoce.crypto.constant_time import equal
from sottovoce.crypto.hashes import sha256
from sottovoce.crypto.kdf import concat_kdf_32

TAG_BYTES: Final = 32
OVERHEAD_BYTES: Final = secp256k1.UNCOMPRESSED_BYTES + BLOCK_BYTES + TAG_BYTES

_ENCRYPTION_KEY_BYTES: Final = 16
_IV_END: Final = secp256k1.UNCOMPRESSED_BYTES + BLOCK_BYTES


def encrypt(
    recipient: PublicKey, plaintext: bytes, *, entropy: Entropy, authdata: bytes = b""
) -> bytes:
    """Encrypt to a public key with a fresh ephemeral key.

    Args:
        recipient: The key that can decrypt.
        plaintext: Any number of bytes.
        entropy: Gives the ephemeral key (32 bytes, drawn first) and the IV (16 bytes).
        authdata: Enters the tag only and is not transmitted.

    Returns:
        The message, `OVERHEAD_BYTES` longer than the plaintext.

    Raises:
        InvalidKeyError: The recipient's key is not on the curve.
    """
    ephemeral = secp256k1.generate_private_key(entropy)
    encryption_key, mac_key = _keys(ephemeral, recipient)
    iv = entropy.take(BLOCK_BYTES)
    sealed = iv + AesCtrStream(encryption_key, iv).apply(plaintext)
    tag = _tag(mac_key, sealed, authdata)
    return secp256k1.public_key(ephemeral).uncompressed + sealed + tag


def decrypt(private: PrivateKey, message: bytes, *, authdata: bytes = b"") -> bytes:
    """Check the tag and decrypt.

    Raises:
        DecryptionError: The message is too short, its key is no point of the curve, or the tag
            does not fit this private key and `authdata`.
    """
    if len(message) < OVERHEAD_BYTES:
        raise DecryptionError("ECIES: the message does not open")
    valid = message[0] == secp256k1.UNCOMPRESSED_PREFIX
    try:
        ephemeral = PublicKey(message[1 : secp256k1.UNCOMPRESSED_BYTES])
        encryption_key, mac_key = _keys(private, ephemeral)
    except InvalidKeyError:
        # The same work is done on another point, so that an answer takes as long as for a bad tag.
        valid = False
        encryption_key, mac_key = _keys(private, secp256k1.GENERATOR)
    sealed = message[secp256k1.UNCOMPRESSED_BYTES : -TAG_BYTES]
    tag_fits = equal(message[-TAG_BYTES:], _tag(mac_key, sealed, authdata))
    if not (valid and tag_fits):
        raise DecryptionError("ECIES: the message does not open")
    iv = message[secp256k1.UNCOMPRESSED_BYTES : _IV_END]
    return AesCtrStream(encryption_key, iv).apply(sealed[BLOCK_BYTES:])


def _keys(private: PrivateKey, public: PublicKey) -> tuple[bytes, bytes]:
    derived = concat_kdf_32(secp256k1.shared_x(private, public))
    return derived[:_ENCRYPTION_KEY_BYTES], sha256(derived[_ENCRYPTION_KEY_BYTES:])


def _tag(mac_key: bytes, sealed: bytes, authdata: bytes) -> bytes:
    return hmac.digest(mac_key, sealed + authdata, hashlib.sha256)
