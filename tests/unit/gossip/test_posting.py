"""Posting: our own envelopes, packets to single peers, and our own wishes."""

import math

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.gossip import own_delays
from sottovoce.gossip.bloom import bloom_from_bytes, bloom_to_bytes, topic_bloom
from sottovoce.gossip.direct_packets import Completion, decode_direct, encode_completion_body
from sottovoce.gossip.events import (
    ArchivedPosted,
    BloomChanged,
    DirectPosted,
    DirectRequestAnswered,
    DirectRequestClosed,
    DirectRequestPosted,
    Drop,
    EnvelopesSent,
    FilterInstalled,
    FilterRemoved,
    GossipEvent,
    MessageOpened,
    MinimumPowChanged,
    PeerFailed,
    PostAccepted,
    PostRefused,
    SyncAnswered,
    SyncRefused,
    SyncRequestPosted,
)
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.sync_packets import SyncRequest, SyncResponse, decode_sync_response
from sottovoce.gossip.whisper_v6 import GETH
from sottovoce.gossip.wishes import encode_bloom_filter, encode_pow_requirement
from unit.gossip.network import (
    OTHER_TOPIC,
    TOPIC,
    Bench,
    CountingEntropy,
    hashes_to,
    make_envelope,
    messages,
    packets_to,
    status,
)

KEY = SymmetricKey(b"\x07" * 32)
ONE, TWO = make_envelope(b"1"), make_envelope(b"2")
SYNC = SyncRequest(1, 2, b"\xff" * 64, 10)


def listener(*topics: Topic) -> Filter:
    return Filter(KEY, topics=frozenset(topics))


# ---- our own envelopes


def test_accepted_post_is_told_and_pooled() -> None:
    bench = Bench()
    assert bench.post(ONE) == [PostAccepted(ONE.hash)]
    assert bench.relay.pool.holds(ONE.hash)
    assert bench.relay.statistics.envelopes_posted == 1


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (make_envelope(ttl_s=10**6, pow=0), Drop.LOW_POW),
        (make_envelope(sent_unix_s=10**9), Drop.VERY_OLD),
        (make_envelope(b"x" * 500), Drop.TOO_LARGE),
    ],
)
def test_own_envelope_passes_the_same_checks(envelope: object, reason: Drop) -> None:
    bench = Bench(settings=GossipSettings(message_bytes_max=500))
    posted = envelope
    assert isinstance(posted, type(ONE))
    assert bench.post(posted) == [PostRefused(posted.hash, reason)]
    assert bench.relay.statistics.dropped[reason] == 1


@pytest.mark.parametrize("interest", [Interest.BLOOM, Interest.TOPICS])
def test_own_envelope_needs_no_interest_of_ours(interest: Interest) -> None:
    bench = Bench(settings=GossipSettings(interest=interest, own_delay_s_max=0.0))
    bench.greet(1)
    assert hashes_to(1, bench.post(ONE)) == [ONE.hash]


def test_own_envelope_that_fits_no_packet_is_refused() -> None:
    # By the network's convention its size is exactly the limit; its packet would be larger.
    envelope = make_envelope(b"x" * 980, pow=0)
    bench = Bench(settings=GossipSettings(message_bytes_max=1000, minimum_pow=0.0))
    assert envelope.size_bytes == 1000
    assert bench.post(envelope) == [PostRefused(envelope.hash, Drop.TOO_LARGE)]


def test_own_filters_see_own_envelopes() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(1, listener(TOPIC)))
    route = EnvelopeRoute(TOPIC, KEY, None)
    sealed = seal(b"note", route, ttl_s=50, now=bench.now, entropy=CountingEntropy())
    outputs = bench.post(mine(sealed, 0.01, 10**6))
    assert isinstance(outputs[-1], MessageOpened)
    assert outputs[-1].message.payload == b"note"


def test_posting_twice_is_accepted_and_sends_once() -> None:
    bench = Bench()
    bench.greet(1)
    assert hashes_to(1, bench.post(ONE)) == [ONE.hash]
    assert bench.post(ONE) == [PostAccepted(ONE.hash)]


def test_posting_what_was_relayed_makes_it_our_own_for_newcomers() -> None:
    bench = Bench(own_delay_s_max=1.0)
    bench.greet(1)
    bench.feed(1, messages(ONE))
    bench.post(ONE)
    assert hashes_to(2, bench.greet(2)) == []
    outputs = bench.wait(1.0)
    assert hashes_to(2, outputs) == [ONE.hash]
    assert EnvelopesSent(2, (ONE.hash,)) in outputs


def test_post_is_refused_while_too_many_delays_are_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_delays, "DELAYS_COUNT_MAX", 1)
    bench = Bench(own_delay_s_max=1.0)
    bench.greet(1)
    bench.post(ONE)
    assert bench.post(TWO) == [PostRefused(TWO.hash, Drop.POOL_FULL)]
    bench.wait(1.0)
    assert bench.post(TWO) == [PostAccepted(TWO.hash)]


def test_newcomer_is_offered_the_rest_when_delays_are_free_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_delays, "DELAYS_COUNT_MAX", 1)
    bench = Bench(own_delay_s_max=0.5)
    bench.post(ONE)
    bench.post(TWO)
    bench.greet(1)
    assert hashes_to(1, bench.wait(0.9)) == [ONE.hash]
    assert hashes_to(1, bench.wait(1.0)) == [TWO.hash]


def test_own_envelope_is_not_sent_after_its_time() -> None:
    bench = Bench(own_delay_s_max=30.0)
    bench.greet(1)
    bench.post(make_envelope(ttl_s=0, pow=0))
    assert hashes_to(1, bench.wait(31.0)) == []


# ---- packets to one peer


def test_direct_envelopes_go_as_the_peer_can_read_them() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2, status(items=4))
    both = rlp.encode_list((ONE.raw, TWO.raw))
    direct = (ONE, TWO)
    assert packets_to(1, bench.handle(DirectPosted(1, direct))) == [Packet(127, both)]
    assert packets_to(1, bench.handle(DirectPosted(1, (ONE,)))) == [Packet(127, ONE.raw)]
    bare = [Packet(127, ONE.raw), Packet(127, TWO.raw)]
    assert packets_to(2, bench.handle(DirectPosted(2, direct))) == bare


def test_direct_envelopes_before_the_status_go_bare() -> None:
    bench = Bench()
    bench.join(1)
    sent = packets_to(1, bench.handle(DirectPosted(1, (ONE, TWO))))
    assert [packet.payload for packet in sent] == [ONE.raw, TWO.raw]


def test_many_direct_envelopes_are_split() -> None:
    bench = Bench(settings=GossipSettings(packet_bytes_target=1000))
    bench.greet(1)
    envelopes = tuple(make_envelope(bytes([n]) * 300) for n in range(9))
    packets = packets_to(1, bench.handle(DirectPosted(1, envelopes)))
    assert max(len(packet.payload) for packet in packets) <= 1000
    parts = [
        decode_direct(packet.payload, list_accepted=True, bare_accepted=True) for packet in packets
    ]
    assert [envelope for part in parts for envelope in part] == list(envelopes)


def test_request_for_history_opens_the_way_for_its_answer_and_no_more() -> None:
    bench = Bench()
    bench.greet(1)
    sent = bench.handle(DirectRequestPosted(1, ONE.raw))
    assert packets_to(1, sent) == [Packet(126, ONE.raw)]
    assert bench.session(1).asked
    assert not bench.session(1).trusted
    bench.handle(DirectRequestClosed(1))
    assert not bench.session(1).asked


@pytest.mark.parametrize("count", [1, 3])
def test_archived_envelopes_leave_as_they_are_in_one_packet(count: int) -> None:
    bench = Bench()
    bench.greet(1)
    raw = (ONE.raw, TWO.raw, b"\xc0not looked at")[:count]
    (packet,) = packets_to(1, bench.handle(ArchivedPosted(1, raw)))
    assert packet == Packet(127, raw[0] if count == 1 else rlp.encode_list(raw))


def test_archived_envelopes_leave_one_by_one_for_a_peer_without_lists() -> None:
    bench = Bench(dialect=GETH)
    bench.greet(1, status(items=4))
    sent = packets_to(1, bench.handle(ArchivedPosted(1, (ONE.raw, TWO.raw))))
    assert sent == [Packet(127, ONE.raw), Packet(127, TWO.raw)]


def test_end_of_a_request_is_sent_as_one_byte_string() -> None:
    bench = Bench()
    bench.greet(1)
    body = encode_completion_body(Completion(b"\x01" * 32))
    sent = packets_to(1, bench.handle(DirectRequestAnswered(1, body)))
    assert sent == [Packet(125, rlp.encode(body))]


def test_sync_answer_leaves_packet_by_packet_as_it_is() -> None:
    bench = Bench()
    bench.greet(1)
    answers = (SyncAnswered(1, (ONE.raw, TWO.raw)), SyncAnswered(1, (), b"\x01" * 36, final=True))
    packets = [packet for answer in answers for packet in packets_to(1, bench.handle(answer))]
    assert [decode_sync_response(packet.payload) for packet in packets] == [
        SyncResponse(envelopes=(ONE, TWO)),
        SyncResponse(cursor=b"\x01" * 36, final=True),
    ]


def test_refused_sync_is_told_and_ends_the_connection() -> None:
    bench = Bench()
    bench.greet(1)
    outputs = bench.handle(SyncRefused(1, "too often"))
    (packet,) = packets_to(1, outputs)
    assert decode_sync_response(packet.payload) == SyncResponse(error="too often")
    assert isinstance(outputs[-1], PeerFailed)


def test_senseless_sync_request_is_not_sent() -> None:
    bench = Bench()
    bench.greet(1)
    with pytest.raises(LocalProtocolError):
        bench.handle(SyncRequestPosted(1, SyncRequest(1, 2, b"", 0)))


def test_geth_dialect_sends_no_packets_that_it_does_not_have() -> None:
    bench = Bench(dialect=GETH)
    bench.greet(1)
    events: list[GossipEvent] = [
        DirectRequestAnswered(1, bytes(32)),
        SyncRequestPosted(1, SYNC),
        SyncAnswered(1, (ONE.raw,), final=True),
    ]
    assert [bench.handle(event) for event in events] == [[], [], []]


def test_packets_for_a_peer_that_is_gone_are_dropped() -> None:
    bench = Bench()
    assert bench.handle(DirectPosted(9, (ONE,))) == []


# ---- our own wishes


def test_new_minimum_is_told_to_all_peers() -> None:
    bench = Bench()
    bench.greet(1)
    bench.join(2)
    outputs = bench.handle(MinimumPowChanged(0.5))
    told = Packet(2, encode_pow_requirement(0.5))
    assert [packets_to(peer, outputs) for peer in (1, 2)] == [[told], [told]]
    assert bench.relay.minimum_pow == 0.5


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_impossible_minimum_changes_nothing(value: float) -> None:
    bench = Bench()
    with pytest.raises(LocalProtocolError):
        bench.handle(MinimumPowChanged(value))
    assert bench.relay.minimum_pow == GossipSettings().minimum_pow


def test_new_bloom_is_told_to_all_peers_and_to_newcomers() -> None:
    bench = Bench()
    bench.greet(1)
    bloom = bloom_to_bytes(topic_bloom(TOPIC))
    told = packets_to(1, bench.handle(BloomChanged(bloom)))
    assert told == [Packet(3, encode_bloom_filter(bloom))]
    (hello,) = packets_to(2, bench.join(2))
    assert bloom in hello.payload


@pytest.mark.parametrize("length", [0, 63])
def test_bloom_of_a_wrong_length_changes_nothing(length: int) -> None:
    bench = Bench()
    with pytest.raises(LocalProtocolError):
        bench.handle(BloomChanged(bytes(length)))
    assert bench.relay.announced_bloom == b""


def test_filter_of_a_full_node_announces_nothing() -> None:
    bench = Bench()
    bench.greet(1)
    assert bench.handle(FilterInstalled(1, listener(TOPIC))) == []
    assert bench.relay.announced_bloom == b""


def test_filter_widens_a_bloom_that_is_set() -> None:
    bench = Bench(settings=GossipSettings(bloom=bytes(64)))
    bench.greet(1)
    outputs = bench.handle(FilterInstalled(1, listener(TOPIC, OTHER_TOPIC)))
    assert [packet.code for packet in packets_to(1, outputs)] == [3]
    wide = topic_bloom(TOPIC) | topic_bloom(OTHER_TOPIC)
    assert bloom_from_bytes(bench.relay.announced_bloom) == wide
    assert bench.handle(FilterInstalled(2, listener(TOPIC))) == []


def test_removed_filter_opens_nothing_and_leaves_the_bloom() -> None:
    bench = Bench(settings=GossipSettings(bloom=bytes(64)))
    bench.handle(FilterInstalled(1, listener(TOPIC)))
    bench.handle(FilterRemoved(1))
    assert bloom_from_bytes(bench.relay.announced_bloom) == topic_bloom(TOPIC)
    bench.handle(FilterInstalled(1, listener(TOPIC)))


def test_number_of_an_installed_filter_is_refused() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(1, listener(TOPIC)))
    with pytest.raises(LocalProtocolError):
        bench.handle(FilterInstalled(1, listener(TOPIC)))
