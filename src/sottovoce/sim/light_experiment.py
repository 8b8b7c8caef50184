"""`sim light`: what a light node receives, in the networks of the published measurement.

The nodes are those that run on sockets. Beside the two light nodes that were measured, one with a
bloom filter and one with topic interest, there is one that speaks Whisper; the full nodes speak
both and bridge. All three want the same topics.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.quantities import TOPIC_BYTES, Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.bloom import bloom_matches, bloom_of_topics, topic_bloom
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.node import inputs
from sottovoce.node.node import Node
from sottovoce.sim.light_network import (
    FULL,
    FULL_NODES,
    LIGHT_KINDS,
    LIGHT_PEERS,
    Topology,
    full_names,
    links_between_full,
)
from sottovoce.sim.light_published import published_lines
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import SimulatedNode, World

COUNT: Final = 10_000
TOPICS: Final = 100

# As in the measurement a full node posts an envelope of one byte every millisecond. It is not the
# middle of the star, so that everything takes the way over the middle.
_POSTER: Final = FULL_NODES - 1
_PAYLOAD: Final = b"\x00"
_POST_EVERY_S: Final = 0.001
# Links, greetings and announcements take some round trips.
_SETTLE_S: Final = 5.0
# Envelopes cross two or three links, each after a tick.
_SPREAD_S: Final = 5.0
_SLICES: Final = 20


@dataclass(frozen=True, slots=True)
class LightSettings:
    """What is asked.

    Attributes:
        seed: Everything random follows from it.
        count: Envelopes on random topics; one more is on a topic that is wanted.
        topics: How many topics each light node wants.
    """

    seed: int = 1
    count: int = COUNT
    topics: int = TOPICS


@dataclass(frozen=True, slots=True)
class LightLine:
    """What one node received.

    Attributes:
        topology: `star` or `full_mesh`.
        node: Its name.
        peers: How many peers it has.
        valid: Envelopes that it took, each once; those that it posted are among them.
        duplicates: Further copies of these that came.
        useful: Envelopes that came and that it wants: on its topics, or any if it wants everything.
        unwanted: Those that came without being wanted, because a bloom filter cannot tell them
            from what is.
        bytes: Bytes of the packets that came, statuses included.
        published_peers: The same, as published; None where nothing was.
        published_valid: The same.
        published_invalid: Copies that came over a link which had carried the envelope already.
    """

    topology: str
    node: str
    peers: int
    valid: int
    duplicates: int
    useful: int
    unwanted: int
    bytes: int
    published_peers: int | None
    published_valid: int | None
    published_invalid: int | None


@dataclass(frozen=True, slots=True)
class LightResult:
    """What all nodes received.

    Attributes:
        settings: What was asked.
        matching: How many of the envelopes the bloom filter of the wanted topics lets pass.
        lines: The nodes, those of the star first.
    """

    settings: LightSettings
    matching: int
    lines: tuple[LightLine, ...]


def run_light(settings: LightSettings, on_progress: Callable[[float, str], None]) -> LightResult:
    """Run both networks.

    Args:
        settings: What is asked.
        on_progress: Told how far it is, 0 to 1, and what it is at.
    """
    load = Load(settings)
    lines: list[LightLine] = []
    for place, topology in enumerate(Topology):
        done = place / len(Topology)

        def tell(share: float, done: float = done, name: str = topology.name.lower()) -> None:
            on_progress(done + share / len(Topology), name)

        lines += _run(topology, load, settings.seed, tell)
    return LightResult(settings, load.matching, tuple(lines))


class Load:
    """What is wanted and what is posted: the same in each network.

    Attributes:
        wanted: What light nodes listen to.
        key: What all envelopes are sealed with.
        topics: The topic of each envelope, in order.
        matching: How many of them the bloom of what is wanted lets pass.
    """

    def __init__(self, settings: LightSettings) -> None:
        random = Random(f"light nodes {settings.seed}")  # noqa: S311
        wanted = [Topic(random.randbytes(TOPIC_BYTES)) for _ in range(settings.topics)]
        self.key: Final = SymmetricKey(random.randbytes(32))
        self.wanted: Final = Filter(self.key, frozenset(wanted), allows_direct=True)
        others = [Topic(random.randbytes(TOPIC_BYTES)) for _ in range(settings.count)]
        self.topics: Final = [wanted[0], *others]
        bloom = bloom_of_topics(wanted)
        self.matching: Final = sum(
            bloom_matches(bloom, topic_bloom(topic)) for topic in self.topics
        )

    def posts(self) -> list[inputs.PostMessage]:
        """Return the wishes to post, in order."""
        ttl_s = 1 + round(len(self.topics) * _POST_EVERY_S + _SETTLE_S + _SPREAD_S)
        return [
            inputs.PostMessage(
                request=number,
                route=EnvelopeRoute(topic, self.key, None),
                payload=_PAYLOAD,
                ttl_s=ttl_s,
                pow_target=0.0,
                work_time_s=0.0,
            )
            for number, topic in enumerate(self.topics, start=1)
        ]


def _run(
    topology: Topology, load: Load, seed: int, on_progress: Callable[[float], None]
) -> list[LightLine]:
    world = World(seed, LinkQuality())
    full = [world.add_node(gossip=FULL) for _ in range(FULL_NODES)]
    light = [world.add_node(gossip=kind.gossip) for kind in LIGHT_KINDS]
    for number, target in links_between_full(topology):
        world.start(number, inputs.AddPeer(full[target].enode))
    for node in light:
        world.start(node.number, inputs.InstallFilter(1, load.wanted))
        for target in LIGHT_PEERS:
            world.start(node.number, inputs.AddPeer(full[target].enode))
    for number, post in enumerate(load.posts()):
        world.command_at(_SETTLE_S + number * _POST_EVERY_S, _POSTER, post)
    end_s = _SETTLE_S + len(load.topics) * _POST_EVERY_S + _SPREAD_S
    for number in range(1, _SLICES + 1):
        world.run_until(end_s * number / _SLICES)
        on_progress(number / _SLICES)
    names = [*full_names(topology), *(kind.name for kind in LIGHT_KINDS)]
    return [_line(topology, name, node) for name, node in zip(names, world.nodes, strict=True)]


def _line(topology: Topology, name: str, simulated: SimulatedNode) -> LightLine:
    node = simulated.node
    assert isinstance(node, Node)
    counted, received = node.relay_statistics, node.traffic().total.received
    published = published_lines(topology).get(name)
    return LightLine(
        topology=topology.value,
        node=name,
        peers=node.peer_count,
        valid=counted.envelopes_pooled,
        duplicates=received.duplicate.envelopes,
        useful=received.useful.envelopes,
        unwanted=received.unwanted.envelopes,
        bytes=received.bytes,
        published_peers=None if published is None else published.peers,
        published_valid=None if published is None else published.valid,
        published_invalid=None if published is None else published.invalid,
    )
