"""AES in the four ways that the protocols need: CTR streams, CTR at once, single blocks, GCM.

Spec: NIST FIPS 197, SP 800-38A (CTR, ECB), SP 800-38D (GCM).
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sottovoce.base.errors import DecryptionError

BLOCK_BYTES: Final = 16
GCM_NONCE_BYTES: Final = 12
GCM_TAG_BYTES: Final = 16


class AesCtrStream:
    """One running key stream; in counter mode encryption and decryption are the same."""

    __slots__ = ("_update",)

    def __init__(self, key: bytes, initial_counter: bytes) -> None:
        cipher = Cipher(algorithms.AES(key), modes.CTR(initial_counter))
        self._update = cipher.encryptor().update

    def apply(self, data: bytes) -> bytes:
        """Xor `data` with the next bytes of the key stream."""
        return self._update(data)


class AesBlock:
    """AES on single blocks of 16 bytes, with a fixed key."""

    __slots__ = ("_update",)

    def __init__(self, key: bytes) -> None:
        # Single blocks are what the frame MAC is made of; nothing longer goes through here.
        self._update = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update  # noqa: S305

    def encrypt(self, block: bytes) -> bytes:
        """Encrypt one block of 16 bytes."""
        assert len(block) == BLOCK_BYTES
        return self._update(block)


def gcm_seal(key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    """Encrypt with AES-GCM: 12 bytes of nonce, no associated data; returns ciphertext || tag."""
    return AESGCM(key).encrypt(nonce, plaintext, None)


def gcm_open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Open ciphertext || tag (16 bytes).

    Raises:
        DecryptionError: The tag does not fit, or the input is shorter than a tag.
    """
    try:
        return AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise DecryptionError("AES-GCM: the tag does not fit") from None
