"""Random networks of whole nodes of all kinds: everything arrives, and nothing goes round."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Final

import pytest

from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.node import inputs
from sottovoce.node.effects import MessageArrived
from sottovoce.node.node import Node
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import SimulatedNode, World

KEY: Final = SymmetricKey(b"shared key of thirty-two bytes!!")
TOPIC: Final = Topic(b"both")
HEARING: Final = Filter(KEY, frozenset((TOPIC,)), allows_direct=True)
BRIDGE: Final = GossipSettings(minimum_pow=0.0)
APART: Final = replace(BRIDGE, bridges=False)
EITHER: Final = replace(BRIDGE, transport=Transport.EITHER)
LIGHT: Final = replace(BRIDGE, light=True)
KINDS: Final = (
    BRIDGE,
    APART,
    replace(BRIDGE, transport=Transport.WHISPER),
    replace(BRIDGE, transport=Transport.WAKU),
    EITHER,
    replace(EITHER, interest=Interest.BLOOM),
    replace(EITHER, interest=Interest.TOPICS),
    replace(EITHER, bridges=False),
    LIGHT,
)
WORLDS: Final = {
    Transport.WHISPER: {"shh"},
    Transport.WAKU: {"waku"},
    Transport.EITHER: {"shh", "waku"},
    Transport.BOTH: {"shh", "waku"},
}
# Greetings are through, and an envelope has been everywhere it goes, long before this.
SETTLE_S: Final = 8.0
SPREAD_S: Final = 6.0
POSTS: Final = 2

# Who sent how many envelopes to whom, and got how many, in which world.
Counts = Counter[tuple[int, int, str, str]]


class Graph:
    """Nodes, who all listen, and the links between them."""

    def __init__(self, seed: int, kinds: list[GossipSettings], links: set[tuple[int, int]]) -> None:
        self.kinds = kinds
        self.links = {
            (one, other)
            for one, other in links
            if self.shared(one, other) and not (kinds[one].light and kinds[other].light)
        }
        self.world = World(seed, LinkQuality(delay_min_s=0.01, delay_max_s=0.3))
        self.nodes = [self.world.add_node(gossip=kind) for kind in kinds]
        for node in self.nodes:
            self.world.start(node.number, inputs.InstallFilter(1, HEARING))
        for one, other in self.links:
            self.world.start(one, inputs.AddPeer(self.nodes[other].enode))
        self.wait(SETTLE_S)

    def shared(self, one: int, other: int) -> set[str]:
        """Return the worlds that two nodes both speak."""
        return WORLDS[self.kinds[one].transport] & WORLDS[self.kinds[other].transport]

    def wait(self, duration_s: float) -> None:
        self.world.run_until(self.world.now_s + duration_s)

    def post(self, author: int, number: int) -> None:
        message = inputs.PostMessage(
            request=number + 1,
            route=EnvelopeRoute(TOPIC, KEY, None),
            payload=bytes([number]),
            ttl_s=60,
            pow_target=0.0,
            work_time_s=0.0,
        )
        self.world.command(author, message)

    def want_more(self, number: int) -> None:
        """Let everybody want one more topic, of which those who name any tell their peers."""
        wanted = Filter(KEY, frozenset((Topic(bytes((0, 0, 0, number))),)))
        for node in self.nodes:
            self.world.command(node.number, inputs.InstallFilter(number + 2, wanted))

    def counts(self) -> Counts:
        """Return what each node's sessions carried so far, each end as it counts itself."""
        numbers = {node.node.public_key: node.number for node in self.nodes}
        counts: Counts = Counter()
        for node in self.nodes:
            for peer in machine(node).traffic().peers:
                link = node.number, numbers[peer.public_key], peer.protocol.split("/")[0]
                sent, received = peer.carried.sent, peer.carried.received
                counts[*link, "sent"] = sum(
                    part.envelopes for part in (sent.useful, sent.duplicate, sent.unwanted)
                )
                counts[*link, "received"] = sum(
                    part.envelopes
                    for part in (received.useful, received.duplicate, received.unwanted)
                )
        return counts

    def heard(self) -> list[int]:
        """Return how many messages each node heard so far."""
        return [
            sum(isinstance(fact, MessageArrived) for _, fact in node.facts) for node in self.nodes
        ]

    def reached_from(self, author: int) -> set[int]:
        """Work out whom a message reaches, by the worlds in which each node may pass it on."""
        worlds = {author: {"shh", "waku"}}
        to_look_at = [author]
        while to_look_at:
            node = to_look_at.pop()
            for peer in self._neighbours(node):
                arrived = worlds[node] & self._ways(node, peer, is_author=node == author)
                if arrived and self.kinds[peer].bridges:
                    arrived = {"shh", "waku"}
                if not arrived <= worlds.get(peer, set()):
                    worlds[peer] = worlds.get(peer, set()) | arrived
                    to_look_at.append(peer)
        return set(worlds)

    def _neighbours(self, node: int) -> set[int]:
        return {
            one if other == node else other for one, other in self.links if node in (one, other)
        }

    def _ways(self, node: int, peer: int, *, is_author: bool) -> set[str]:
        if self.kinds[node].light and not is_author:
            return set()
        ways = self.shared(node, peer)
        prefer_waku = [self.kinds[end].transport is Transport.EITHER for end in (node, peer)]
        # Beside Waku, the Whisper session of somebody who prefers Waku carries their own alone.
        is_quiet = prefer_waku[1] or (prefer_waku[0] and not is_author)
        return {"waku"} if len(ways) > 1 and is_quiet else ways


def machine(simulated: SimulatedNode) -> Node:
    assert isinstance(simulated.node, Node)
    return simulated.node


def check(graph: Graph, random: Random) -> None:
    """Let some nodes say something, and look at each link."""
    assert {(node, peer) for node, peer, _, _ in graph.counts()} == (
        graph.links | {(other, one) for one, other in graph.links}
    )
    for number in range(POSTS):
        author = random.randrange(len(graph.nodes))
        counted, heard = graph.counts(), graph.heard()
        graph.post(author, number)
        graph.wait(SPREAD_S)
        spread = graph.counts()
        graph.want_more(number)
        graph.wait(SPREAD_S)
        # While the envelope still lives, nothing moves any more, though pools are offered anew.
        assert graph.counts() == spread
        reached = graph.reached_from(author)
        told = [after - before for before, after in zip(heard, graph.heard(), strict=True)]
        assert told == [int(node in reached) for node in range(len(graph.nodes))]
        carried = spread - counted
        assert set(carried.values()) <= {1}
        check_bridges(graph, carried)


def check_bridges(graph: Graph, carried: Counts) -> None:
    """Between two bridges nothing goes in both worlds."""
    both = [
        (node, peer)
        for node, peer, world, way in carried
        if world == "shh" and way == "sent" and carried[node, peer, "waku", "sent"]
    ]
    assert not any(graph.kinds[node] is graph.kinds[peer] is BRIDGE for node, peer in both)


def random_graph(random: Random, seed: int) -> Graph:
    kinds = random.choices(KINDS, k=random.randint(3, 7))
    pairs = [(other, one) for other in range(len(kinds)) for one in range(other)]
    share = random.choice((0.4, 0.7, 1.0))
    return Graph(seed, kinds, {pair for pair in pairs if random.random() < share})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 13))
def test_each_message_reaches_whom_it_may_and_takes_each_link_once(seed: int) -> None:
    random = Random(seed)
    check(random_graph(random, seed), random)


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 4, 5])
def test_ring_of_bridges_and_nodes_that_keep_the_worlds_apart_has_no_loop(count: int) -> None:
    random = Random(count)
    ring = {(node, (node + 1) % count) for node in range(count)}
    check(Graph(count, [BRIDGE] * count, ring), random)
    check(Graph(count, [BRIDGE, APART] * (count // 2) + [BRIDGE] * (count % 2), ring), random)
