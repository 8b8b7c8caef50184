"""Nodes of Whisper, nodes of Waku and two bridges between them, on a network that has faults."""

from dataclasses import replace
from random import Random
from typing import Final

import pytest

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.node import inputs
from sottovoce.node.effects import PostSucceeded
from sottovoce.sim.checkers import arrived, bounds_hold, nothing_twice
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import SimulatedNode, World

KEY: Final = SymmetricKey(b"shared key of thirty-two bytes!!")
TOPIC: Final = Topic(b"both")
ROUTE: Final = EnvelopeRoute(TOPIC, KEY, None)
HEARING: Final = make_filter(symmetric_key=KEY, topics=[TOPIC])
BRIDGE: Final = GossipSettings()
WHISPER: Final = replace(BRIDGE, transport=Transport.WHISPER)
WAKU: Final = replace(BRIDGE, transport=Transport.WAKU)
EITHER: Final = replace(BRIDGE, transport=Transport.EITHER)
# Two of each world, two bridges side by side, and somebody who prefers Waku behind one of them.
KINDS: Final = (WHISPER, WHISPER, WAKU, WAKU, BRIDGE, BRIDGE, EITHER)
LINKS: Final = ((1, 0), (3, 2), (4, 0), (4, 2), (5, 1), (5, 3), (5, 4), (6, 4))
TTL_S: Final = 60
TALK_FROM_S: Final = 5.0
TALK_S: Final = 40.0
MESSAGES: Final = 30


class Mesh:
    """The nodes, who all listen, and what they say."""

    def __init__(self, seed: int, kinds: tuple[GossipSettings, ...] = KINDS) -> None:
        self.random = Random(seed)
        self.world = World(seed, LinkQuality(delay_min_s=0.01, delay_max_s=0.3, loss=0.05))
        self.nodes = [self.world.add_node(gossip=kind) for kind in kinds]
        peers: dict[int, list[inputs.Input]] = {}
        for one, other in LINKS:
            peers.setdefault(one, []).append(inputs.AddPeer(self.nodes[other].enode))
        for node in self.nodes:
            heard = inputs.InstallFilter(1, HEARING)
            self.world.start(node.number, heard, *peers.get(node.number, []))
        self.world.checkers.append(bounds_hold)

    def talk(self) -> None:
        """Let everybody say something now and then."""
        for number in range(MESSAGES):
            post = inputs.PostMessage(
                request=number + 1,
                route=ROUTE,
                payload=number.to_bytes(4, "big"),
                ttl_s=TTL_S,
                pow_target=0.002,
                work_time_s=5.0,
            )
            at_s = TALK_FROM_S + self.random.uniform(0, TALK_S)
            self.world.command_at(at_s, number % len(self.nodes), post)

    def cut_now_and_then(self, count: int) -> None:
        """Cut some connections while they talk; they are dialled again."""
        for _ in range(count):
            at_s = TALK_FROM_S + self.random.uniform(0, TALK_S)
            self.world.at(at_s, lambda: self.world.cut(self.random.choice(self.world.ends())))

    def said(self) -> set[EnvelopeHash]:
        return {
            fact.hash
            for node in self.nodes
            for _, fact in node.facts
            if isinstance(fact, PostSucceeded)
        }

    def finish(self) -> None:
        self.world.run_until(TALK_FROM_S + TALK_S + TTL_S)
        nothing_twice(self.world)


def missing(mesh: Mesh, node: SimulatedNode) -> set[EnvelopeHash]:
    return mesh.said() - arrived(mesh.world, node.number)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 3))
def test_everybody_hears_everything_once_whatever_is_cut(seed: int) -> None:
    mesh = Mesh(seed)
    mesh.talk()
    mesh.cut_now_and_then(10)
    mesh.finish()
    assert len(mesh.said()) == MESSAGES
    assert [missing(mesh, node) for node in mesh.nodes] == [set()] * len(KINDS)


@pytest.mark.slow
def test_one_bridge_does_while_the_other_one_is_gone() -> None:
    mesh = Mesh(7)
    mesh.talk()
    gone = mesh.nodes[5]
    mesh.world.at(TALK_FROM_S + 5.0, lambda: mesh.world.crash(gone))
    mesh.world.at(TALK_FROM_S + 30.0, lambda: mesh.world.restart(gone))
    mesh.finish()
    others = [node for node in mesh.nodes if node is not gone]
    assert [missing(mesh, node) for node in others] == [set()] * len(others)


@pytest.mark.slow
def test_worlds_that_are_kept_apart_hear_their_own_and_those_in_between() -> None:
    apart = replace(BRIDGE, bridges=False)
    mesh = Mesh(9, (WHISPER, WHISPER, WAKU, WAKU, apart, apart, EITHER))
    mesh.talk()
    mesh.finish()
    by_node = [
        {fact.hash for _, fact in node.facts if isinstance(fact, PostSucceeded)}
        for node in mesh.nodes
    ]
    in_between = by_node[4] | by_node[5] | by_node[6]
    whisper, waku = by_node[0] | by_node[1] | in_between, by_node[2] | by_node[3] | in_between
    heard = [arrived(mesh.world, node.number) for node in mesh.nodes]
    assert heard[0] == heard[1] == whisper
    assert heard[2] == heard[3] == waku
    # The last one prefers Waku, and asks those who keep the worlds apart on Whisper as well.
    assert heard[4] == heard[5] == heard[6] == whisper | waku
