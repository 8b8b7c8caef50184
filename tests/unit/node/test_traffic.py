"""What nodes count adds up to what was carried between them."""

import pytest

from sottovoce.base.quantities import Topic
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.node import inputs
from sottovoce.node.effects import MessageArrived, SentToPeer
from sottovoce.node.node import Node
from sottovoce.node.traffic import NodeTraffic
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import World
from unit.node.pump import SHARED, key_number

WANTED = (Topic(b"aaaa"), Topic(b"bbbb"), Topic(b"cccc"))
# A bloom filter over the wanted topics lets this one pass: each byte sets a bit of one of them.
LOOK_ALIKE = Topic(b"abca")
CLIENT, RELAYS = 3, (0, 1, 2)


def say(world: World, who: int, request: int, topic: Topic) -> None:
    route = EnvelopeRoute(topic, SHARED, key_number(99))
    world.command(who, inputs.PostMessage(request, route, b"%d" % request, 50, 0.002, 5.0))


def traffic_of(world: World, number: int) -> NodeTraffic:
    node = world.nodes[number].node
    assert isinstance(node, Node)
    return node.traffic()


@pytest.fixture(scope="module")
def world() -> World:
    """Three relays in a triangle, so that copies cross, and a client of two of them."""
    world = World(7, LinkQuality(delay_min_s=0.05, delay_max_s=0.2))
    for _ in RELAYS:
        world.add_node()
    world.add_node(gossip=GossipSettings(transport=Transport.EITHER, interest=Interest.BLOOM))
    for one, other in ((0, 1), (1, 2), (2, 0), (CLIENT, 0), (CLIENT, 1)):
        world.command(one, inputs.AddPeer(world.nodes[other].enode))
    wanted = make_filter(symmetric_key=SHARED, topics=WANTED)
    world.command(CLIENT, inputs.InstallFilter(1, wanted))
    world.run_until(5)
    unheard = (LOOK_ALIKE, Topic(b"far."))
    for request, topic in enumerate((*WANTED, *unheard) * 4):
        world.run_until(world.now_s + 0.05)
        say(world, request % 3, request, topic)
    say(world, CLIENT, 100, WANTED[0])
    world.run_until(20)
    return world


def test_everything_that_was_sent_was_received(world: World) -> None:
    sent = [traffic_of(world, number).total.sent for number in range(4)]
    received = [traffic_of(world, number).total.received for number in range(4)]
    assert sum(flow.envelopes for flow in sent) == sum(flow.envelopes for flow in received)
    assert sum(flow.bytes for flow in sent) == sum(flow.bytes for flow in received)


@pytest.mark.parametrize("number", range(4))
def test_peers_and_topics_add_up_to_the_total(world: World, number: int) -> None:
    traffic = traffic_of(world, number)
    for name in ("received", "sent"):
        total = getattr(traffic.total, name)
        by_peer = [getattr(peer.carried, name) for peer in traffic.peers]
        by_topic = [getattr(row.carried, name) for row in traffic.topics]
        for use in ("useful", "duplicate", "unwanted"):
            for rows in (by_peer, by_topic):
                assert sum(getattr(row, use).envelopes for row in rows) == (
                    getattr(total, use).envelopes
                )
                assert sum(getattr(row, use).bytes for row in rows) == getattr(total, use).bytes
        assert sum(flow.other_bytes for flow in by_peer) == total.other_bytes


def test_copies_that_cross_are_counted_on_both_sides(world: World) -> None:
    totals = [traffic_of(world, number).total for number in RELAYS]
    assert sum(total.received.duplicate.envelopes for total in totals) > 0
    assert sum(total.sent.duplicate.envelopes for total in totals) > 0


def test_what_is_useful_for_a_client_is_what_it_heard(world: World) -> None:
    heard = [fact for _, fact in world.nodes[CLIENT].facts if isinstance(fact, MessageArrived)]
    received = traffic_of(world, CLIENT).total.received
    assert received.useful.envelopes == len(heard) - 1 == 12  # One it said itself.


def test_client_counts_false_positives_as_unwanted_and_gets_nothing_else(world: World) -> None:
    traffic = traffic_of(world, CLIENT)
    assert traffic.total.received.unwanted.envelopes == 4
    rows = {row.topic: row for row in traffic.topics}
    assert rows[LOOK_ALIKE].carried.received.unwanted.envelopes == 4
    assert not rows[LOOK_ALIKE].is_heard
    assert rows[WANTED[0]].is_heard
    assert Topic(b"far.") not in rows


def test_own_envelope_is_sent_to_each_peer(world: World) -> None:
    taken = [fact for _, fact in world.nodes[CLIENT].facts if isinstance(fact, SentToPeer)]
    sent = traffic_of(world, CLIENT).total.sent
    assert sent.envelopes >= len({fact.public_key for fact in taken}) == 2


def test_streams_carry_more_than_payloads(world: World) -> None:
    for number in range(4):
        traffic = traffic_of(world, number)
        assert traffic.received_bytes > traffic.total.received.bytes
        assert traffic.sent_bytes > traffic.total.sent.bytes
    assert "public_key=" not in repr(traffic_of(world, 0))
