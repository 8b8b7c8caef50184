"""The key derivations of the ratchet, and the encryption of one message under a key used once.

It owns the constants and the layout of a ciphertext; which key is next is the business of
`double_ratchet`.

Spec: signal.org/docs/specifications/doubleratchet, section 5.2, with the constants of
status-im/doubleratchet and CTR in place of CBC (docs/spec-deviations.md, "Double ratchet").
"""

from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.base.errors import DecryptionError
from sottovoce.crypto.aes import BLOCK_BYTES, AesCtrStream
from sottovoce.crypto.constant_time import equal
from sottovoce.crypto.hmac_sha256 import (
    DIGEST_BYTES,
    hkdf_sha256,
    hmac_sha256,
    hmac_sha256_pair,
)

CHAIN_KEY_BYTES: Final = DIGEST_BYTES
TAG_BYTES: Final = DIGEST_BYTES
OVERHEAD_BYTES: Final = BLOCK_BYTES + TAG_BYTES

_ROOT_INFO: Final = b"rsZUpEuXUqqwXBvSy3EcievAh4cMj6QL"
_ROOT_BYTES: Final = 3 * CHAIN_KEY_BYTES
_MESSAGE_INFO: Final = b"pcwSByyx2CRdryCffXJwy7xgVZWtW5Sh"
_IV_START: Final = 2 * CHAIN_KEY_BYTES
_NO_SALT: Final = bytes(DIGEST_BYTES)
_NEXT_CHAIN_KEY: Final = b"\x0f"
_MESSAGE_KEY: Final = b"\x10"


class RootStep(NamedTuple):
    """What a step of the root chain gives; 32 bytes each, all of them secret."""

    root_key: bytes
    chain_key: bytes
    header_key: bytes

    @override
    def __repr__(self) -> str:
        return "RootStep(…)"


def root_step(root_key: bytes, dh_output: bytes) -> RootStep:
    """Mix a Diffie-Hellman result of 32 bytes into the root key of 32 bytes.

    Returns:
        The next root key, the key of a new chain, and a header key, which nobody uses.
    """
    derived = hkdf_sha256(dh_output, salt=root_key, info=_ROOT_INFO, size_bytes=_ROOT_BYTES)
    return RootStep(
        derived[:CHAIN_KEY_BYTES],
        derived[CHAIN_KEY_BYTES : 2 * CHAIN_KEY_BYTES],
        derived[2 * CHAIN_KEY_BYTES :],
    )


def chain_step(chain_key: bytes) -> tuple[bytes, bytes]:
    """Return a chain's next key and the key of the message at its place, 32 bytes each."""
    return hmac_sha256_pair(chain_key, _NEXT_CHAIN_KEY, _MESSAGE_KEY)


def next_chain_key(chain_key: bytes) -> bytes:
    """Return the key of 32 bytes that follows in a chain."""
    return hmac_sha256(chain_key, _NEXT_CHAIN_KEY)


def seal_message(key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """Encrypt one message under its key of 32 bytes, which must never be used again.

    Returns:
        IV (16) || ciphertext || tag (32), `OVERHEAD_BYTES` longer than the plaintext.
    """
    derived = _derive(key, _IV_START + BLOCK_BYTES)
    encryption_key, mac_key = derived[:CHAIN_KEY_BYTES], derived[CHAIN_KEY_BYTES:_IV_START]
    iv = derived[_IV_START:]
    sealed = iv + AesCtrStream(encryption_key, iv).apply(plaintext)
    return sealed + hmac_sha256(mac_key, associated_data + sealed)


def open_message(key: bytes, sealed: bytes, associated_data: bytes) -> bytes:
    """Check the tag of a message and decrypt it with its key of 32 bytes.

    Raises:
        DecryptionError: It is too short, damaged, or sealed under another key.
    """
    if len(sealed) < OVERHEAD_BYTES:
        raise DecryptionError("ratchet: a message is too short")
    # The IV of the message itself counts, as it does for the deployed clients; the tag covers it.
    derived = _derive(key, _IV_START)
    encryption_key, mac_key = derived[:CHAIN_KEY_BYTES], derived[CHAIN_KEY_BYTES:]
    body = sealed[:-TAG_BYTES]
    if not equal(hmac_sha256(mac_key, associated_data + body), sealed[-TAG_BYTES:]):
        raise DecryptionError("ratchet: the tag of a message does not fit")
    return AesCtrStream(encryption_key, body[:BLOCK_BYTES]).apply(body[BLOCK_BYTES:])


def _derive(key: bytes, size_bytes: int) -> bytes:
    return hkdf_sha256(key, salt=_NO_SALT, info=_MESSAGE_INFO, size_bytes=size_bytes)
