"""A bundle: the signed prekeys under which the devices of one identity can be reached.

It owns the bytes that are signed, signing and checking. How long a prekey lives and what is stored
is not its business; how a bundle looks on the wire is that of `wire`.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Bundles"; the code signs the timestamp as
well (docs/spec-deviations.md, "Bundle signature").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256

# What this program, like every client of its time, says about the protocol that it speaks. From 1
# on a contact negotiates a topic of its own.
PROTOCOL_VERSION: Final = 1

# v of a bundle's signature is 0 or 1: larger ones never come from an honest signer.
_RECOVERY_ID_MAX: Final = 1


@dataclass(frozen=True, slots=True)
class SignedPrekey:
    """The prekey of one installation.

    Attributes:
        key: The compressed public key, 33 bytes; it doubles as the session's name on the wire.
        version: Counts the prekeys of this installation, from 1.
        protocol_version: What the installation speaks. It is not signed.
    """

    key: bytes = field(repr=False)
    version: int
    protocol_version: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """The prekeys of an identity, and its signature.

    Attributes:
        identity: The identity's compressed public key, 33 bytes; unchecked.
        prekeys: By installation id.
        timestamp_ns: When it was signed, nanoseconds since 1970 by the signer's clock.
        signature: 65 bytes r || s || v; unchecked.
    """

    identity: bytes = field(repr=False)
    prekeys: Mapping[str, SignedPrekey] = field(repr=False)
    timestamp_ns: int
    signature: bytes = field(repr=False)


def signed_bytes(bundle: Bundle) -> bytes:
    """Return what the signature is over (before hashing)."""
    parts = []
    for name, prekey in sorted((name.encode(), prekey) for name, prekey in bundle.prekeys.items()):
        parts += [name, prekey.key, str(prekey.version).encode()]
    if bundle.timestamp_ns:
        # Without one the bytes are those of clients from before there were timestamps.
        parts.append(str(bundle.timestamp_ns).encode())
    return b"".join(parts)


def sign_bundle(
    identity: PrivateKey, prekeys: Mapping[str, SignedPrekey], *, timestamp_ns: int
) -> Bundle:
    """Make a bundle of prekeys.

    Args:
        identity: Who signs, and whose prekeys they are.
        prekeys: By installation id.
        timestamp_ns: Nanoseconds since 1970.

    Raises:
        InvalidKeyError: The private key is not below the order of the curve.
    """
    public = secp256k1.compress(secp256k1.kept_public_key(identity))
    unsigned = Bundle(public, prekeys, timestamp_ns, b"")
    signature = secp256k1.sign(identity, keccak256(signed_bytes(unsigned)))
    return Bundle(public, prekeys, timestamp_ns, signature)


def verify_bundle(bundle: Bundle) -> PublicKey:
    """Check a bundle's signature.

    Returns:
        The identity, which is a point of the curve.

    Raises:
        InvalidKeyError: The identity is no compressed key, or it did not sign this bundle.
    """
    identity = secp256k1.decompress(bundle.identity)
    signature = bundle.signature
    if len(signature) != secp256k1.SIGNATURE_BYTES or signature[-1] > _RECOVERY_ID_MAX:
        raise InvalidKeyError("a bundle's signature has a wrong length or recovery id")
    if secp256k1.recover(keccak256(signed_bytes(bundle)), signature) != identity:
        raise InvalidKeyError("a bundle is not signed by its identity")
    return identity
