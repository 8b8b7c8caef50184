"""Forwarding: runs of a size, what fits a packet, and queues that grow too long."""

import pytest

from sottovoce.gossip import forwarding
from sottovoce.gossip.envelope import encode_envelopes
from sottovoce.gossip.events import PeerBlocked, PeerDrained, PeerPackets, TimePassed
from sottovoce.gossip.forwarding import (
    LIST_HEADER_BYTES_MAX,
    Fresh,
    fits_packet,
    split_by_size,
    split_envelopes,
)
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.wishes import pow_to_bits
from unit.gossip.network import Bench, hashes_to, make_envelope, messages, packets_to, status

HEADER = LIST_HEADER_BYTES_MAX


def test_items_fill_a_run_up_to_the_target() -> None:
    assert split_by_size([10, 10, 10, 10, 10], 20 + HEADER) == [(0, 2), (2, 4), (4, 5)]


def test_item_above_the_target_is_a_run_of_its_own() -> None:
    assert split_by_size([5, 99, 5], 20 + HEADER) == [(0, 1), (1, 2), (2, 3)]


def test_nothing_makes_no_runs() -> None:
    assert split_by_size([], 100) == []


def test_packet_of_exactly_the_largest_size_fits() -> None:
    envelope = make_envelope(b"x" * 300)
    size = len(encode_envelopes([envelope]))
    assert fits_packet(envelope.raw, size)
    assert not fits_packet(envelope.raw, size - 1)


def test_envelope_that_fits_no_packet_is_left_out() -> None:
    small, large = make_envelope(b"s"), make_envelope(b"l" * 2000)
    settings = GossipSettings(message_bytes_max=1000)
    assert split_envelopes([small, large, small], settings) == [[small, small]]


def test_target_above_the_largest_packet_does_not_count() -> None:
    envelopes = [make_envelope(b"x" * 300)] * 4
    settings = GossipSettings(message_bytes_max=800, packet_bytes_target=10**6)
    assert [len(part) for part in split_envelopes(envelopes, settings)] == [2, 2]


def test_queue_that_grows_too_long_becomes_an_offer_of_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forwarding, "QUEUE_COUNT_MAX", 3)
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    bench.wait(2.0)
    bench.handle(PeerBlocked(2))
    envelopes = [make_envelope(bytes([n])) for n in range(6)]
    bench.feed(1, messages(*envelopes))
    assert len(bench.session(2).queue) == 0
    expected = [envelope.hash for envelope in envelopes]
    assert hashes_to(2, bench.handle(PeerDrained(2))) == expected


def test_peers_with_the_same_wishes_get_the_same_packets() -> None:
    bench = Bench()
    for peer in (1, 2, 3):
        bench.greet(peer)
    outputs = bench.feed(1, messages(make_envelope(b"1"), make_envelope(b"2")))
    (for_second,), (for_third,) = packets_to(2, outputs), packets_to(3, outputs)
    assert for_second.payload is for_third.payload


def test_peer_that_wants_more_work_than_there_is_is_not_asked_for_each_envelope() -> None:
    few = [PoolEntry(make_envelope(b"a"), 1.0, 1, own=False)]
    bench = Bench()
    bench.greet(1)
    bench.session(1).wishes.set_minimum_pow(1.5)
    assert Fresh(few).is_nothing_for(bench.session(1))
    few.append(PoolEntry(make_envelope(b"b"), 2.0, 1, own=False))
    assert not Fresh(few).is_nothing_for(bench.session(1))


def test_peer_that_sent_all_of_a_packet_is_not_asked_for_each_envelope() -> None:
    bench = Bench()
    bench.greet(1)
    bit = bench.session(1).bit
    both = [PoolEntry(make_envelope(data), 1.0, 1, own=False, sent_by=bit) for data in (b"a", b"b")]
    assert Fresh(both).is_nothing_for(bench.session(1))
    both[0].known = 0
    assert not Fresh(both).is_nothing_for(bench.session(1))


def test_pool_is_looked_through_in_parts_for_a_peer_that_wants_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forwarding, "LOOKED_AT_PER_CALL", 2)
    bench = Bench()
    bench.greet(1)
    bench.feed(1, messages(*(make_envelope(bytes([n])) for n in range(5))))
    bench.join(2)
    wants_nothing = status(pow_bits=pow_to_bits(1e9))
    outputs = bench.relay.handle(PeerPackets(2, (wants_nothing,)), bench.now)
    left = [len(bench.session(2).queue)]
    for _ in range(2):
        outputs += bench.relay.handle(TimePassed(), bench.now)
        left.append(len(bench.session(2).queue))
    assert (left, packets_to(2, outputs)) == ([3, 1, 0], [])
