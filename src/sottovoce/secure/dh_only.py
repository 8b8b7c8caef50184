"""Content that every device of a person can read: one Diffie-Hellman result, no session.

It serves people whose bundle is unknown, pairing, and conversations whose forward secrecy is
switched off. Whoever gets the identity's private key later reads all of it.

Spec: status-im/specs docs/stable/5-secure-transport.md; status-go protocol/encryption/encryptor.go
(docs/spec-deviations.md, "Messages without a session").
"""

from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.aes import GCM_NONCE_BYTES, GCM_TAG_BYTES, gcm_open_once, gcm_seal_once

OVERHEAD_BYTES: Final = GCM_TAG_BYTES + GCM_NONCE_BYTES


def seal_dh_only(
    recipient: PublicKey, plaintext: bytes, *, entropy: Entropy
) -> tuple[bytes, bytes]:
    """Encrypt to an identity with a fresh ephemeral key.

    Args:
        recipient: The identity.
        plaintext: Any number of bytes.
        entropy: Gives the ephemeral key (32 bytes) and then the nonce (12 bytes).

    Returns:
        The ephemeral key, compressed, 33 bytes; and ciphertext || tag || nonce, `OVERHEAD_BYTES`
        longer than the plaintext.

    Raises:
        InvalidKeyError: The recipient's key is not on the curve.
    """
    ephemeral = secp256k1.generate_private_key(entropy)
    key = secp256k1.shared_x(ephemeral, recipient)
    nonce = entropy.take(GCM_NONCE_BYTES)
    sealed = gcm_seal_once(key, nonce, plaintext) + nonce
    return secp256k1.compress(secp256k1.public_key(ephemeral)), sealed


def open_dh_only(identity: PrivateKey, ephemeral: bytes, sealed: bytes) -> bytes:
    """Decrypt what was sealed to our identity.

    Args:
        identity: Our identity key.
        ephemeral: The sender's ephemeral key, compressed, 33 bytes.
        sealed: Ciphertext || tag || nonce.

    Raises:
        InvalidKeyError: The ephemeral key is no point of the curve.
        DecryptionError: The content is too short, damaged, or meant for another identity.
    """
    if len(sealed) < OVERHEAD_BYTES:
        raise DecryptionError("a message without a session is too short")
    key = secp256k1.shared_x(identity, secp256k1.decompress(ephemeral))
    return gcm_open_once(key, sealed[-GCM_NONCE_BYTES:], sealed[:-GCM_NONCE_BYTES])
