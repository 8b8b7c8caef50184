import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import topic
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node.inputs import TimePassed
from sottovoce.node.node import Node
from sottovoce.node.settings import INBOUND_THROTTLE_S
from sottovoce.sim.spammer import Spammer, SpamMine
from sottovoce.sim.world import SimulatedNode, World

TOPIC = topic(b"spam")
NOW_S = 1_590_000_000


def mine_of(pow_target: float) -> SpamMine:
    return SpamMine(TOPIC, bytes(500), ttl_s=10, pow_target=pow_target)


def attacked(
    *, hashes_per_s: float = 1e6, line_bytes_per_s: float = 50_000.0, gossip: GossipSettings
) -> tuple[World, SimulatedNode, Spammer]:
    """Let a node be flooded from the second second to the fourth."""
    world = World(1)
    node = world.add_node(gossip=gossip)
    spammer = Spammer(
        1,
        mine_of(0.002),
        node.enode,
        hashes_per_s=hashes_per_s,
        line_bytes_per_s=line_bytes_per_s,
        begin_s=2.0,
        end_s=4.0,
    )
    world.add_machine(lambda _: spammer)
    return world, node, spammer


def test_every_envelope_is_another_one_and_has_the_work() -> None:
    mine = mine_of(0.002)
    raws = [mine.envelope(NOW_S, place)[1] for place in range(20)]
    assert len(set(raws)) == 20
    for envelope in map(decode_envelope, raws):
        assert envelope.topic == TOPIC
        assert envelope.expiry_unix_s == NOW_S + 10
        assert envelope_pow(envelope) >= 0.002


def test_tries_are_the_nonces_that_were_looked_at() -> None:
    mine = mine_of(0.002)
    found = [mine.envelope(NOW_S, place) for place in range(5)]
    assert sum(tries for tries, _ in found) == decode_envelope(found[-1][1]).nonce + 1


def test_mine_gives_the_same_again() -> None:
    mine = mine_of(0.002)
    assert mine.envelope(NOW_S, 3) == mine.envelope(NOW_S, 3) == mine_of(0.002).envelope(NOW_S, 3)


def test_line_sets_the_pace_of_cheap_envelopes() -> None:
    world, node, spammer = attacked(gossip=GossipSettings(minimum_pow=0.0))
    world.run_until(8.0)
    assert spammer.sent_bytes == pytest.approx(2 * 50_000, rel=0.1)
    assert isinstance(node.node, Node)
    assert node.node.relay_statistics.envelopes_pooled == spammer.sent_count
    assert spammer.ended_count == 0


def test_processor_sets_the_pace_of_dear_envelopes() -> None:
    world, _, spammer = attacked(hashes_per_s=500.0, gossip=GossipSettings(minimum_pow=0.0))
    world.run_until(8.0)
    assert spammer.tries == pytest.approx(2 * 500, rel=0.1)
    assert spammer.sent_bytes < 50_000


def test_thrown_out_spammer_stays_away_as_long_as_an_address_has_to() -> None:
    gossip = GossipSettings(minimum_pow=0.0, rate_limits=(0, 0, 1), limit_tolerance=5)
    world, _, spammer = attacked(gossip=gossip)
    world.run_until(8.0)
    assert spammer.ended_count == 1
    assert spammer.next_deadline() is None or spammer.handle(TimePassed(), Moment(8, 8)) == []
    assert spammer.sent_bytes < 50_000
    assert INBOUND_THROTTLE_S > 8.0
