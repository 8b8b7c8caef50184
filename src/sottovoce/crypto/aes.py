"""AES in the ways that the protocols need: CTR streams, CTR at once, single blocks, CBC, GCM.

Spec: NIST FIPS 197, SP 800-38A (CTR, ECB, CBC), SP 800-38D (GCM); RFC 5652 section 6.3 (padding).
"""

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sottovoce.base.errors import DecryptionError

BLOCK_BYTES: Final = 16
GCM_NONCE_BYTES: Final = 12
GCM_TAG_BYTES: Final = 16

# Keys that stay expanded: those of all chats of a busy person, at about a kilobyte each. With more
# of them, each try expands its key again and takes twice as long.
_GCM_CIPHERS_MAX: Final = 512


class AesCtrStream:
    """One running key stream; in counter mode encryption and decryption are the same.

    Attributes:
        apply: Xors data with the next bytes of the key stream. It is the library's own function,
            for two of them are called per frame.
    """

    __slots__ = ("apply",)

    def __init__(self, key: bytes, initial_counter: bytes) -> None:
        cipher = Cipher(algorithms.AES(key), modes.CTR(initial_counter))
        self.apply: Final = cipher.encryptor().update


class AesBlock:
    """AES on single blocks of 16 bytes, with a fixed key.

    Attributes:
        encrypt: Encrypts one block of 16 bytes; the library's own function, like that of a stream.
    """

    __slots__ = ("encrypt",)

    def __init__(self, key: bytes) -> None:
        # Single blocks are what the frame MAC is made of; nothing longer goes through here.
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        self.encrypt: Final = cipher.encryptor().update


def cbc_open(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """Decrypt CBC with an IV of 16 bytes and take off the padding of PKCS 7.

    Only for what a MAC was checked over before; the padding would tell an attacker something.

    Raises:
        DecryptionError: The length is no multiple of 16, or the padding is none.
    """
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(8 * BLOCK_BYTES).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise DecryptionError("AES-CBC: the padding does not fit") from None


def gcm_seal(key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    """Encrypt with AES-GCM: 12 bytes of nonce, no associated data; returns ciphertext || tag."""
    return _gcm(key).encrypt(nonce, plaintext, None)


def gcm_open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Open ciphertext || tag (16 bytes).

    Raises:
        DecryptionError: The tag does not fit, or the input is shorter than a tag.
    """
    plaintext = gcm_try(key, nonce, sealed)
    if plaintext is None:
        raise DecryptionError("AES-GCM: the tag does not fit")
    return plaintext


def gcm_try(key: bytes, nonce: bytes, sealed: bytes) -> bytes | None:
    """Open ciphertext || tag (16 bytes) if this is its key, or return None.

    Whoever listens tries each key on each envelope. Nearly all do not fit, and an error for each
    of them would cost as much as the try.
    """
    try:
        return _gcm(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        return None


def gcm_seal_once(key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    """Encrypt like `gcm_seal` under a key that is used once and is not remembered."""
    return AESGCM(key).encrypt(nonce, plaintext, None)


def gcm_open_once(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Open ciphertext || tag (16 bytes) with a key that is used once and is not remembered.

    Raises:
        DecryptionError: The tag does not fit, or the input is shorter than a tag.
    """
    try:
        return AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise DecryptionError("AES-GCM: the tag does not fit") from None


@lru_cache(maxsize=_GCM_CIPHERS_MAX)
def _gcm(key: bytes) -> AESGCM:
    # To expand a key costs more than to try it on an envelope.
    return AESGCM(key)
