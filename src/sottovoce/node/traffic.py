"""Traffic by node key: what a relay counted for its sessions, with who is behind each.

Spec: none; EIP-627 and 6/WAKU1 leave measuring to the node.
"""

from dataclasses import dataclass, field

from sottovoce.base.quantities import PublicKey
from sottovoce.gossip.traffic import Carried, TopicTraffic
from sottovoce.node.budget import Budget


@dataclass(frozen=True, slots=True)
class PeerTraffic:
    """What one session with a peer carried; a connection that speaks both worlds has two.

    Attributes:
        public_key: The peer's node key.
        address: Its network address.
        protocol: How the session is spoken: ``shh/6``, ``waku/1``.
        carried: The counts.
    """

    public_key: PublicKey = field(repr=False)
    address: str = field(repr=False)
    protocol: str
    carried: Carried


@dataclass(frozen=True, slots=True)
class NodeTraffic:
    """What a node carried since it started.

    Attributes:
        total: Payloads of all peers, those that left included.
        peers: The peers of this moment.
        topics: The topics that carried most first; envelopes only.
        received_bytes: All bytes of TCP streams, with what encryption and framing add.
        sent_bytes: The same in the other direction.
        budget: How today's budget stands; None if there is none.
    """

    total: Carried
    peers: tuple[PeerTraffic, ...]
    topics: tuple[TopicTraffic, ...]
    received_bytes: int
    sent_bytes: int
    budget: Budget | None = None
