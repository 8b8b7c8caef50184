"""Patience: useless work is paid for, by each peer for itself."""

import pytest

from sottovoce.base.packets import Packet
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope
from sottovoce.gossip.events import Drop, Failure, PeerFailed
from sottovoce.gossip.patience import CAPACITY
from sottovoce.gossip.settings import GossipSettings
from unit.gossip.network import OTHER_TOPIC, START_UNIX_S, TOPIC, Bench, make_envelope, messages


def useless(number: int) -> Envelope:
    """Make an envelope from the year before."""
    unmined = UnminedEnvelope(START_UNIX_S - 30_000_000, 50, TOPIC, number.to_bytes(4, "big"))
    return unmined.mined(0)


def flood(bench: Bench, peer: int, count: int) -> list[PeerFailed]:
    outputs = []
    for start in range(0, count, 500):
        outputs += bench.feed(peer, messages(*(useless(n) for n in range(start, start + 500))))
    return [part for part in outputs if isinstance(part, PeerFailed)]


def test_flood_of_useless_envelopes_ends_the_session_and_is_counted() -> None:
    bench = Bench()
    bench.greet(1)
    assert flood(bench, 1, 5500) == [PeerFailed(1, "too much useless work", Failure.FLOOD)]
    assert bench.relay.statistics.failures[Failure.FLOOD] == 1
    assert bench.relay.statistics.dropped[Drop.VERY_OLD] == 5000


def test_flooder_changes_nothing_for_another_peer() -> None:
    bench = Bench()
    for peer in (1, 2):
        bench.greet(peer)
    flood(bench, 1, 5500)
    assert flood(bench, 2, 1000) == []


def test_trusted_peer_is_never_cut_for_useless_work() -> None:
    bench = Bench()
    bench.greet(1, trusted=True)
    assert flood(bench, 1, 5500) == []


def test_useful_envelopes_cost_nothing() -> None:
    bench = Bench(settings=GossipSettings(minimum_pow=0.0))
    bench.greet(1)
    for start in range(0, 6000, 500):
        fresh = [make_envelope(n.to_bytes(4, "big"), pow=0.0) for n in range(start, start + 500)]
        assert not [
            part for part in bench.feed(1, messages(*fresh)) if isinstance(part, PeerFailed)
        ]
    assert bench.session(1).patience.spend(CAPACITY, bench.now.monotonic_s) is False


def test_flood_of_changed_wishes_ends_the_session() -> None:
    bench = Bench()
    bench.greet(1)
    outputs = bench.feed(1, *[Packet(2, bytes([1 + n % 100])) for n in range(501)])
    assert [part.failure for part in outputs if isinstance(part, PeerFailed)] == [Failure.FLOOD]


def test_confirmations_of_what_was_sent_cost_nothing_and_others_do() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    bench.feed(1, messages(make_envelope()))
    full = bench.session(2).patience
    answers = [
        Packet(12, bytes.fromhex("e401e2a0" + "00" * 32 + "c0")),
        Packet(11, b"\xa0" + bytes(32)),
    ]
    bench.feed(2, *answers)
    assert not full.spend(CAPACITY, bench.now.monotonic_s)
    bench.wait(1000.0)
    bench.feed(2, *answers)
    assert full.spend(CAPACITY - 1.0, bench.now.monotonic_s)


def test_peer_that_sends_the_same_envelope_again_and_again_is_cut() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    same = messages(*[make_envelope()] * 3000)
    assert not [part for part in bench.feed(1, same) if isinstance(part, PeerFailed)]
    failed = [part for part in bench.feed(1, same) if isinstance(part, PeerFailed)]
    assert [part.failure for part in failed] == [Failure.FLOOD]


@pytest.mark.parametrize("kind", ["unwanted", "dead", "repeated"])
def test_peer_that_sends_large_useless_envelopes_at_a_slow_pace_is_cut(kind: str) -> None:
    """Twenty a second would be no flood, and somebody pays for twenty megabytes a second."""
    settings = GossipSettings(minimum_pow=0.0, bloom=bloom_to_bytes(topic_bloom(TOPIC)))
    bench = Bench(settings=settings)
    bench.greet(1)
    large = make_envelope(
        bytes(1_000_000),
        pow=0.0,
        topic=OTHER_TOPIC if kind == "unwanted" else TOPIC,
        ttl_s=5000,
        sent_unix_s=START_UNIX_S - (10_000 if kind == "dead" else 0),
    )
    packet = messages(large)
    size_bytes = 0
    while not [part for part in bench.feed(1, packet) if isinstance(part, PeerFailed)]:
        bench.wait(0.05)
        size_bytes += len(large.raw)
        assert size_bytes < 20_000_000


def test_dead_envelopes_of_a_stuck_socket_cost_no_honest_peer_its_session() -> None:
    bench = Bench()
    bench.greet(1)
    dead = make_envelope(bytes(256), sent_unix_s=START_UNIX_S - 1000, pow=0.0)
    count = 1024 * 1024 // len(dead.raw)
    assert count > 3000
    assert not [
        part for part in bench.feed(1, messages(*[dead] * count)) if isinstance(part, PeerFailed)
    ]


def test_envelope_that_several_peers_bring_costs_none_of_them_anything() -> None:
    bench = Bench()
    for peer in range(1, 5):
        bench.greet(peer)
    envelopes = [make_envelope(bytes([number])) for number in range(50)]
    for peer in range(1, 5):
        bench.feed(peer, messages(*envelopes))
    for peer in range(1, 5):
        assert not bench.session(peer).patience.spend(CAPACITY, bench.now.monotonic_s)
