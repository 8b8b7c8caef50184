"""Keys that have children: a private key, its chain code, and its place in the tree.

Children are always made of 32 padded bytes, as BIP-32 says; an old client's slip is not copied.

Spec: BIP-32.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import KEY_BYTES, PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.constant_time import equal
from sottovoce.crypto.hashes import sha256
from sottovoce.crypto.kdf import hmac_sha512
from sottovoce.crypto.ripemd160 import ripemd160
from sottovoce.identity.digits import BASE58
from sottovoce.identity.mnemonic import Seed

HARDENED: Final = 1 << 31  # added to an index, it cuts the child's public key off from the parent's
INDEX_MAX: Final = (1 << 32) - 1
DEPTH_MAX: Final = 255  # what one byte can say

CHAIN_CODE_BYTES: Final = 32
FINGERPRINT_BYTES: Final = 4

_MASTER_KEY: Final = b"Bitcoin seed"
_PRIVATE_VERSION: Final = bytes.fromhex("0488ade4")  # the text starts with xprv
_PUBLIC_VERSION: Final = bytes.fromhex("0488b21e")  # the text starts with xpub
_NO_PARENT: Final = bytes(FINGERPRINT_BYTES)
_PADDING: Final = b"\0"
_HEAD: Final = struct.Struct(">4sB4sI32s")
_SERIALIZED_BYTES: Final = 78
_CHECKSUM_BYTES: Final = 4
_TEXT_CHARS: Final = 111


@dataclass(frozen=True, slots=True)
class ExtendedPrivateKey:
    """A key of the tree.

    Attributes:
        private: The key itself.
        chain_code: 32 secret bytes; with them a key's children follow from it.
        depth: 0 for the master key.
        parent_fingerprint: 4 bytes that name the parent; zeros for the master key.
        index: Which child it is; `HARDENED` and above for hardened ones.

    Raises:
        LocalProtocolError: A length or a number is out of range.
    """

    private: PrivateKey
    chain_code: bytes = field(repr=False)
    depth: int = 0
    parent_fingerprint: bytes = field(default=_NO_PARENT, repr=False)
    index: int = 0

    def __post_init__(self) -> None:
        if len(self.chain_code) != CHAIN_CODE_BYTES:
            raise LocalProtocolError(f"a chain code has {CHAIN_CODE_BYTES} bytes")
        if len(self.parent_fingerprint) != FINGERPRINT_BYTES:
            raise LocalProtocolError(f"a fingerprint has {FINGERPRINT_BYTES} bytes")
        if not (0 <= self.depth <= DEPTH_MAX and 0 <= self.index <= INDEX_MAX):
            raise LocalProtocolError("a key's place in the tree is out of range")

    @property
    def public(self) -> PublicKey:
        """The public key, computed each time."""
        return secp256k1.public_key(self.private)

    def child(self, index: int) -> "ExtendedPrivateKey":
        """Return one child.

        Raises:
            LocalProtocolError: The index is out of range, or the tree is not that deep.
            InvalidKeyError: There is no such child, which happens once in 2 to the power of 127.
        """
        if not 0 <= index <= INDEX_MAX or self.depth == DEPTH_MAX:
            raise LocalProtocolError("a child's place in the tree is out of range")
        compressed = secp256k1.compress(self.public)
        parent = _PADDING + self.private.raw if index >= HARDENED else compressed
        digest = hmac_sha512(self.chain_code, parent + struct.pack(">I", index))
        return ExtendedPrivateKey(
            private=secp256k1.add_to_private_key(self.private, digest[:KEY_BYTES]),
            chain_code=digest[KEY_BYTES:],
            depth=self.depth + 1,
            parent_fingerprint=ripemd160(sha256(compressed))[:FINGERPRINT_BYTES],
            index=index,
        )

    def descendant(self, path: Sequence[int]) -> "ExtendedPrivateKey":
        """Walk down a path of indices.

        Raises:
            LocalProtocolError: An index is out of range, or the tree is not that deep.
            InvalidKeyError: There is no such key.
        """
        key = self
        for index in path:
            key = key.child(index)
        return key

    def private_text(self) -> str:
        """Return the secret text that starts with xprv, 111 characters."""
        return self._text(_PRIVATE_VERSION, _PADDING + self.private.raw)

    def public_text(self) -> str:
        """Return the text that starts with xpub: all public keys of the branch follow from it."""
        return self._text(_PUBLIC_VERSION, secp256k1.compress(self.public))

    def _text(self, version: bytes, key: bytes) -> str:
        place = (self.depth, self.parent_fingerprint, self.index)
        serialized = _HEAD.pack(version, *place, self.chain_code) + key
        return BASE58.encode(serialized + _checksum(serialized))


def master_key(seed: Seed) -> ExtendedPrivateKey:
    """Return the root of the tree that grows from a seed.

    Raises:
        InvalidKeyError: The seed gives no key, which happens once in 2 to the power of 127.
    """
    digest = hmac_sha512(_MASTER_KEY, seed.raw)
    return ExtendedPrivateKey(secp256k1.private_key(digest[:KEY_BYTES]), digest[KEY_BYTES:])


def parse_extended_key(text: str) -> ExtendedPrivateKey:
    """Read a text that starts with xprv.

    Raises:
        RemoteProtocolError: It is no such text; the error does not repeat it.
        InvalidKeyError: What it holds is no key, or no key at that place.
    """
    if len(text) != _TEXT_CHARS:
        raise RemoteProtocolError(f"an extended private key has {_TEXT_CHARS} characters")
    raw = BASE58.decode(text)
    serialized, checksum = raw[:_SERIALIZED_BYTES], raw[_SERIALIZED_BYTES:]
    if not equal(checksum, _checksum(serialized)):
        raise RemoteProtocolError("the checksum of an extended private key does not fit")
    version, depth, fingerprint, index, chain_code = _HEAD.unpack(serialized[: _HEAD.size])
    key = serialized[_HEAD.size :]
    if version != _PRIVATE_VERSION or key[:1] != _PADDING:
        raise RemoteProtocolError("an extended key is not a private one of the main network")
    if not depth and (index or fingerprint != _NO_PARENT):
        raise InvalidKeyError("an extended key without a parent says which child it is")
    private = secp256k1.private_key(key[1:])
    return ExtendedPrivateKey(private, chain_code, depth, fingerprint, index)


def _checksum(serialized: bytes) -> bytes:
    return sha256(sha256(serialized))[:_CHECKSUM_BYTES]
