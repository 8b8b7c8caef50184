"""The secret of two identities, from which both derive a topic of their own.

It owns the arithmetic and the question who is known to have it. What a topic is, is not its
business.

Spec: status-im/specs docs/stable/10-waku-usage.md, "Negotiated topic"; status-go
protocol/encryption/sharedsecret.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto.secp256k1 import shared_x
from sottovoce.secure.bundle import Bundle
from sottovoce.secure.installations import Peer

# From this version on a client listens on the negotiated topic.
PROTOCOL_VERSION_MIN: Final = 1


def negotiated_secret(identity: PrivateKey, peer_key: PublicKey, peer: Peer) -> SymmetricKey:
    """Return the secret that is stored, or else compute it: x of the two identities' common point.

    Raises:
        InvalidKeyError: The public key is not on the curve.
    """
    return peer.secret or SymmetricKey(shared_x(identity, peer_key))


def is_agreed(peer: Peer, installation_ids: Sequence[str]) -> bool:
    """Tell whether every one of these installations is known to have the secret."""
    return bool(installation_ids) and all(name in peer.agreed for name in installation_ids)


def negotiates(bundles: Iterable[Bundle], installation_id: str) -> bool:
    """Tell whether a message's bundles say that its sender's installation negotiates topics.

    Only the first bundle with prekeys counts; one that does not name the installation says no.
    """
    first = next((bundle for bundle in bundles if bundle.prekeys), None)
    if first is None or not installation_id:
        return False
    prekey = first.prekeys.get(installation_id)
    return prekey is not None and prekey.protocol_version >= PROTOCOL_VERSION_MIN
