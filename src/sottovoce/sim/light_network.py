"""The networks of the published measurement of light nodes: who is there, and who dials whom.

Six full nodes, and light nodes that each have the same two of them as peers: a star around the
first full node, or a mesh in which every full node is a peer of every other one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sottovoce.gossip.settings import GossipSettings, Interest, Transport

FULL_NODES: Final = 6
# The two that the light nodes dial.
LIGHT_PEERS: Final = (0, 1)

# As in the Go nodes and in the measured ones every link is flushed on a tick of its own, so that
# many envelopes share a packet. What is relayed and what is ours wait alike: nobody here looks for
# an author. Nothing is mined, because nobody asks for work.
TICK_S: Final = 0.3
FULL: Final = GossipSettings(
    minimum_pow=0.0, own_delay_s_max=0.0, flush_delay_s_max=TICK_S, confirmations=False
)


class Topology(Enum):
    """How the full nodes are linked; the value is the name in the published data."""

    STAR = "star"
    MESH = "full_mesh"


@dataclass(frozen=True, slots=True)
class LightKind:
    """A kind of light node.

    Attributes:
        name: What it is called; those that were measured have the published name.
        announces: What it speaks and announces, in short.
        transport: Which world it speaks.
        interest: What it tells its peers that it wants.
    """

    name: str
    announces: str
    transport: Transport
    interest: Interest

    @property
    def gossip(self) -> GossipSettings:
        """How it gossips; it relays nothing."""
        return GossipSettings(
            transport=self.transport,
            interest=self.interest,
            minimum_pow=0.0,
            light=True,
            confirmations=False,
        )


LIGHT_KINDS: Final = (
    LightKind("Whisper bloom light node", "Whisper bloom", Transport.WHISPER, Interest.BLOOM),
    LightKind("bloom light node", "Waku bloom", Transport.WAKU, Interest.BLOOM),
    LightKind("topic-interest light node", "Waku topic interest", Transport.WAKU, Interest.TOPICS),
)


def full_names(topology: Topology) -> list[str]:
    """Return the published names of the full nodes."""
    first = "master node" if topology is Topology.STAR else "full node 0"
    return [first, *(f"full node {number}" for number in range(1, FULL_NODES))]


def links_between_full(topology: Topology) -> Iterator[tuple[int, int]]:
    """Yield who dials whom among the full nodes, by their numbers."""
    for number in range(1, FULL_NODES):
        earlier = range(1) if topology is Topology.STAR else range(number)
        for target in earlier:
            yield number, target
