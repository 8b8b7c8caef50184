"""X3DH: two people who share nothing yet reach the same secret, one of them being offline.

It owns the arithmetic and nothing else: who is who, what is stored and what follows is not its
business. There are no one-time prekeys, no text that separates this use from others, and both
identities enter through the Diffie-Hellman results alone (docs/spec-deviations.md, "X3DH").

Spec: status-im/specs docs/stable/5-secure-transport.md, "X3DH";
signal.org/docs/specifications/x3dh.
"""

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import shared_x


def agree_as_initiator(
    *,
    identity: PrivateKey,
    ephemeral: PrivateKey,
    their_identity: PublicKey,
    their_prekey: PublicKey,
) -> SymmetricKey:
    """Compute the secret as the one who writes first.

    Args:
        identity: Our identity key.
        ephemeral: A fresh key, whose public half is sent along.
        their_identity: Who is written to.
        their_prekey: The prekey of the installation that is written to.

    Raises:
        InvalidKeyError: A public key is not on the curve.
    """
    return _secret(
        shared_x(identity, their_prekey),
        shared_x(ephemeral, their_identity),
        shared_x(ephemeral, their_prekey),
    )


def agree_as_responder(
    *,
    identity: PrivateKey,
    prekey: PrivateKey,
    their_identity: PublicKey,
    their_ephemeral: PublicKey,
) -> SymmetricKey:
    """Compute the secret as the one who was written to.

    Args:
        identity: Our identity key.
        prekey: The private half of the prekey that the other side used.
        their_identity: Who signed the envelope.
        their_ephemeral: The fresh key that came along.

    Raises:
        InvalidKeyError: A public key is not on the curve.
    """
    return _secret(
        shared_x(prekey, their_identity),
        shared_x(identity, their_ephemeral),
        shared_x(prekey, their_ephemeral),
    )


def _secret(first: bytes, second: bytes, third: bytes) -> SymmetricKey:
    return SymmetricKey(keccak256(first + second + third))
