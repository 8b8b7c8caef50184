"""The relay: what leaves when, for whom, and what an opened message changes (nothing)."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip import forwarding
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    EnvelopePosted,
    EnvelopesSent,
    Failure,
    FilterInstalled,
    MessageOpened,
    PacketsToSend,
    PeerBlocked,
    PeerDrained,
    PeerFailed,
    PeerJoined,
    PeerLeft,
    PeerPackets,
    TimePassed,
)
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.gossip.wishes import encode_bloom_filter, encode_pow_requirement, pow_to_bits
from unit.gossip.network import (
    OTHER_TOPIC,
    START_UNIX_S,
    TOPIC,
    Bench,
    CountingEntropy,
    Network,
    envelopes_to,
    hashes_to,
    make_envelope,
    messages,
    packets_to,
    status,
)

KEY = SymmetricKey(b"\x07" * 32)


def readable_envelope() -> Envelope:
    route = EnvelopeRoute(TOPIC, KEY, None)
    now = Moment(0.0, float(START_UNIX_S))
    return mine(seal(b"hello", route, ttl_s=50, now=now, entropy=CountingEntropy()), 0.01, 10**6)


def test_received_envelope_leaves_in_the_same_call_in_the_same_bytes() -> None:
    bench = Bench(own_delay_s_max=5.0)
    bench.greet(1)
    bench.greet(2)
    envelope = make_envelope()
    sent = envelopes_to(2, bench.feed(1, messages(envelope)))
    assert [part.raw for part in sent] == [envelope.raw]


def test_envelope_is_not_echoed_to_its_sender() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    assert hashes_to(1, bench.feed(1, messages(make_envelope()))) == []


def test_envelope_goes_to_each_peer_once() -> None:
    bench = Bench()
    for peer in (1, 2, 3):
        bench.greet(peer)
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    again = bench.feed(2, messages(envelope)) + bench.wait(3.0)
    assert [hashes_to(peer, again) for peer in (1, 2, 3)] == [[], [], []]


def test_opened_envelope_is_relayed_exactly_like_another() -> None:
    envelope = readable_envelope()
    blind, reading = Bench(), Bench()
    reading.handle(FilterInstalled(5, Filter(KEY)))
    for bench in (blind, reading):
        bench.greet(1)
        bench.greet(2)
    unseen = blind.feed(1, messages(envelope))
    seen = reading.feed(1, messages(envelope))
    assert [part for part in seen if isinstance(part, PacketsToSend)] == unseen
    assert blind.relay.next_deadline() == reading.relay.next_deadline()
    opened = seen[-1]
    assert isinstance(opened, MessageOpened)
    assert (opened.filters, opened.message.payload, opened.direct) == ((5,), b"hello", False)


def test_new_filter_can_search_the_pool() -> None:
    bench, envelope = Bench(), readable_envelope()
    bench.greet(1)
    bench.feed(1, messages(envelope, make_envelope(b"of somebody else")))
    wanted = Filter(KEY, topics=frozenset({envelope.topic}))
    assert bench.handle(FilterInstalled(1, wanted)) == []
    [found] = bench.handle(FilterInstalled(2, wanted, searches_pool=True))
    assert isinstance(found, MessageOpened)
    assert (found.filters, found.message.payload) == ((2,), b"hello")


def test_what_waits_for_all_filters_is_not_opened_a_second_time_for_a_new_one() -> None:
    bench, envelope = Bench(), readable_envelope()
    bench.greet(1)
    wanted = Filter(KEY, topics=frozenset({envelope.topic}))
    relay = bench.relay
    relay.handle(FilterInstalled(1, wanted), bench.now)
    relay.handle(PeerPackets(1, (messages(envelope),)), bench.now)
    relay.handle(FilterInstalled(2, wanted, searches_pool=True), bench.now)
    [found] = relay.handle(TimePassed(), bench.now)
    assert isinstance(found, MessageOpened)
    assert found.filters == (1, 2)


def test_message_crosses_a_line_of_three_relays() -> None:
    network = Network(3, GossipSettings(own_delay_s_max=0.3))
    network.connect(0, 1)
    network.connect(1, 2)
    network.handle(2, FilterInstalled(1, Filter(KEY)))
    network.handle(0, EnvelopePosted(readable_envelope()))
    network.wait(0.3)
    (opened,) = network.nodes[2].of_kind(MessageOpened)
    assert isinstance(opened, MessageOpened)
    assert opened.message.payload == b"hello"
    assert network.nodes[1].of_kind(MessageOpened, PeerFailed) == []


def test_status_go_confirms_what_crossed_a_link() -> None:
    network = Network(2, GossipSettings(own_delay_s_max=0.0))
    network.connect(0, 1)
    network.handle(0, EnvelopePosted(make_envelope()))
    codes = [packet.code for sender, _, packet in network.carried if sender is network.nodes[1]]
    assert codes == [0, 12, 11]


def test_own_envelope_waits_on_each_link_for_a_time_of_its_own() -> None:
    bench = Bench(own_delay_s_max=1.0)
    peers = (1, 2, 3, 4)
    for peer in peers:
        bench.greet(peer)
    envelope = make_envelope()
    posted = bench.post(envelope)
    assert all(hashes_to(peer, posted) == [] for peer in peers)
    left_at: dict[int, float] = {}
    while bench.passed_s < 1.0:
        at = bench.relay.next_deadline()
        assert at is not None
        for output in bench.wait(at - bench.now.monotonic_s):
            if isinstance(output, EnvelopesSent):
                left_at[output.peer] = bench.passed_s
    assert set(left_at) == set(peers)
    assert len(set(left_at.values())) == len(peers)
    assert all(0 <= delay < 1.0 for delay in left_at.values())


def test_own_envelope_without_delay_leaves_in_the_same_call() -> None:
    bench = Bench(own_delay_s_max=0.0)
    bench.greet(1)
    envelope = make_envelope()
    outputs = bench.post(envelope)
    assert hashes_to(1, outputs) == [envelope.hash]
    assert EnvelopesSent(1, (envelope.hash,)) in outputs


def test_peer_that_sends_our_own_envelope_back_gets_it_no_more() -> None:
    bench = Bench(own_delay_s_max=10.0)
    bench.greet(1)
    envelope = make_envelope()
    bench.post(envelope)
    bench.feed(1, messages(envelope))
    assert hashes_to(1, bench.wait(11.0)) == []


def test_newcomer_gets_the_pool_at_once_and_our_own_after_a_delay() -> None:
    bench = Bench(own_delay_s_max=1.0)
    bench.greet(1)
    relayed, own = make_envelope(b"relayed"), make_envelope(b"own")
    bench.feed(1, messages(relayed))
    bench.post(own)
    assert hashes_to(2, bench.greet(2)) == [relayed.hash]
    assert hashes_to(2, bench.wait(1.0)) == [own.hash]


def test_newcomer_gets_nothing_before_its_status() -> None:
    bench = Bench()
    bench.greet(1)
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    assert [packet.code for packet in packets_to(2, bench.join(2))] == [0]
    later = make_envelope(b"later")
    assert hashes_to(2, bench.feed(1, messages(later))) == []
    assert hashes_to(2, bench.feed(2, status())) == [envelope.hash, later.hash]


def test_bundles_stay_below_the_target() -> None:
    envelopes = [make_envelope(bytes([n]) * 300) for n in range(20)]
    bench = Bench(settings=GossipSettings(packet_bytes_target=1000, own_delay_s_max=0.0))
    bench.greet(1)
    bench.greet(2)
    outputs = bench.feed(1, messages(*envelopes))
    packets = packets_to(2, outputs)
    assert len(packets) > 5
    assert max(len(packet.payload) for packet in packets) <= 1000
    assert hashes_to(2, outputs) == [envelope.hash for envelope in envelopes]


def test_envelope_above_the_target_travels_alone() -> None:
    small, large = make_envelope(b"s"), make_envelope(b"l" * 2000)
    bench = Bench(settings=GossipSettings(packet_bytes_target=1000))
    bench.greet(1)
    bench.greet(2)
    packets = packets_to(2, bench.feed(1, messages(small, large, make_envelope(b"t"))))
    assert [len(packet.payload) > 1000 for packet in packets] == [False, True, False]


def test_blocked_peer_gets_its_queue_when_it_reads_again() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    bench.handle(PeerBlocked(2))
    first, second = make_envelope(b"1"), make_envelope(b"2")
    assert hashes_to(2, bench.feed(1, messages(first))) == []
    assert hashes_to(2, bench.feed(1, messages(second))) == []
    assert hashes_to(2, bench.handle(PeerDrained(2))) == [first.hash, second.hash]


def test_envelope_that_expired_in_a_queue_is_skipped() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    bench.handle(PeerBlocked(2))
    bench.feed(1, messages(make_envelope(b"short", ttl_s=2)))
    bench.wait(10.0)
    assert hashes_to(2, bench.handle(PeerDrained(2))) == []


def test_newcomer_that_is_blocked_gets_the_pool_when_it_reads() -> None:
    bench = Bench()
    bench.greet(1)
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    bench.join(2)
    bench.handle(PeerBlocked(2))
    assert hashes_to(2, bench.feed(2, status())) == []
    assert hashes_to(2, bench.handle(PeerDrained(2))) == [envelope.hash]


def test_peer_gets_no_envelope_below_its_requirement() -> None:
    weak, strong = make_envelope(b"w", pow=0.002), make_envelope(b"s", pow=4.0)
    bench = Bench()
    bench.greet(1)
    bench.greet(2, status(pow_bits=pow_to_bits(3.9)))
    assert hashes_to(2, bench.feed(1, messages(weak, strong))) == [strong.hash]


def test_peer_gets_no_envelope_outside_its_bloom() -> None:
    wanted, other = make_envelope(topic=TOPIC), make_envelope(topic=OTHER_TOPIC)
    bench = Bench()
    bench.greet(1)
    bench.greet(2, status(bloom=bloom_to_bytes(topic_bloom(TOPIC))))
    assert hashes_to(2, bench.feed(1, messages(wanted, other))) == [wanted.hash]


def test_pool_is_offered_once_when_a_peer_lowers_its_requirement() -> None:
    weak = make_envelope(pow=0.002)
    bench = Bench()
    bench.greet(1)
    bench.greet(2, status(pow_bits=pow_to_bits(1e6)))
    bench.feed(1, messages(weak))
    bench.wait(2.0)
    lower = Packet(2, encode_pow_requirement(0.0))
    assert hashes_to(2, bench.feed(2, lower)) == [weak.hash]
    assert hashes_to(2, bench.feed(2, lower) + bench.wait(2.0)) == []


def test_pool_is_offered_when_a_peer_widens_its_bloom() -> None:
    envelope = make_envelope(topic=OTHER_TOPIC)
    bench = Bench()
    bench.greet(1)
    bench.greet(2, status(bloom=bloom_to_bytes(topic_bloom(TOPIC))))
    bench.feed(1, messages(envelope))
    bench.wait(2.0)
    wider = bloom_to_bytes(topic_bloom(TOPIC) | topic_bloom(OTHER_TOPIC))
    assert hashes_to(2, bench.feed(2, Packet(3, encode_bloom_filter(wider)))) == [envelope.hash]


def test_peer_that_widens_all_the_time_gets_the_pool_looked_through_once_a_second() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2, status(pow_bits=pow_to_bits(1e6)))
    weak = make_envelope(pow=0.002)
    bench.feed(1, messages(weak))
    lower = Packet(2, encode_pow_requirement(0.0))
    assert hashes_to(2, bench.feed(2, lower)) == []
    assert bench.relay.next_deadline() == bench.now.monotonic_s + 1.0
    assert hashes_to(2, bench.wait(1.0)) == [weak.hash]


def test_widening_brings_own_envelopes_after_a_delay() -> None:
    bench = Bench(own_delay_s_max=0.5)
    bench.greet(1, status(pow_bits=pow_to_bits(1e6)))
    own = make_envelope(pow=0.002)
    bench.post(own)
    bench.wait(2.0)
    lower = Packet(2, encode_pow_requirement(0.0))
    assert hashes_to(1, bench.feed(1, lower)) == []
    assert hashes_to(1, bench.wait(0.5)) == [own.hash]


def test_expired_envelopes_leave_the_pool_and_are_counted() -> None:
    bench = Bench()
    bench.greet(1)
    bench.feed(1, messages(make_envelope(ttl_s=5)))
    bench.wait(5.0)
    assert len(bench.relay.pool) == 1
    bench.wait(2.0)
    assert len(bench.relay.pool) == 0
    assert bench.relay.statistics.envelopes_expired == 1


def test_relay_without_envelopes_and_newcomers_has_no_deadline() -> None:
    bench = Bench()
    bench.greet(1)
    assert bench.relay.next_deadline() is None
    bench.feed(1, messages(make_envelope(ttl_s=5)))
    assert bench.relay.next_deadline() is not None
    bench.wait(8.0)
    assert bench.relay.next_deadline() is None


def test_light_node_confirms_but_relays_nothing_of_others() -> None:
    bench = Bench(settings=GossipSettings(light=True, own_delay_s_max=0.0))
    bench.greet(1)
    bench.greet(2)
    outputs = bench.feed(1, messages(make_envelope()))
    assert [packet.code for packet in packets_to(1, outputs)] == [12, 11]
    assert hashes_to(2, outputs) == []
    assert hashes_to(3, bench.greet(3)) == []
    own = make_envelope(b"own")
    assert hashes_to(2, bench.post(own)) == [own.hash]


def test_light_node_reads_for_filters_that_allow_direct_messages() -> None:
    bench = Bench(settings=GossipSettings(light=True))
    bench.handle(FilterInstalled(1, Filter(KEY)))
    bench.handle(FilterInstalled(2, Filter(KEY, allows_direct=True)))
    bench.greet(1)
    opened = bench.feed(1, messages(readable_envelope()))[-1]
    assert isinstance(opened, MessageOpened)
    assert (opened.filters, opened.direct) == ((2,), False)


def test_peer_without_a_status_fails_after_ten_seconds() -> None:
    bench = Bench()
    bench.join(1)
    assert bench.wait(9.9) == []
    assert bench.wait(0.2) == [PeerFailed(1, "the status did not come in time", Failure.NO_STATUS)]
    assert bench.relay.next_deadline() is None


def test_number_of_a_peer_that_left_can_be_used_again() -> None:
    bench = Bench(own_delay_s_max=5.0)
    bench.greet(1)
    own = make_envelope()
    bench.post(own)
    bench.handle(PeerLeft(1))
    bench.greet(1)
    assert hashes_to(1, bench.wait(5.0)) == [own.hash]


def test_number_of_a_present_peer_is_refused() -> None:
    bench = Bench()
    bench.join(1)
    with pytest.raises(LocalProtocolError):
        bench.join(1)


def test_call_that_raises_loses_no_output() -> None:
    bench = Bench()
    bench.join(1)
    bench.greet(2)
    bench.passed_s = 11.0
    with pytest.raises(LocalProtocolError):
        bench.join(2)
    assert bench.handle(TimePassed()) == [
        PeerFailed(1, "the status did not come in time", Failure.NO_STATUS)
    ]


def test_events_of_unknown_peers_are_ignored() -> None:
    bench = Bench()
    for event in (PeerLeft(9), PeerBlocked(9), PeerPackets(9, (status(),)), TimePassed()):
        assert bench.handle(event) == []


def test_unknown_capability_is_refused() -> None:
    bench = Bench()
    with pytest.raises(LocalProtocolError):
        bench.handle(PeerJoined(1, WHISPER_V6._replace(version=99)))


def test_filters_open_only_after_everything_was_relayed() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(5, Filter(KEY)))
    bench.greet(1)
    bench.greet(2)
    envelope = readable_envelope()
    first = bench.relay.handle(PeerPackets(1, (messages(envelope),)), bench.now)
    assert [part.peer for part in first if isinstance(part, PacketsToSend)] == [1, 2]
    assert not [part for part in first if isinstance(part, MessageOpened)]
    assert bench.relay.next_deadline() == bench.now.monotonic_s
    second = bench.relay.handle(TimePassed(), bench.now)
    assert [type(part) for part in second] == [MessageOpened]


def test_newcomer_gets_the_pool_a_packet_at_a_time() -> None:
    bench = Bench(settings=GossipSettings(own_delay_s_max=0.0, packet_bytes_target=1000))
    bench.greet(1)
    envelopes = [make_envelope(bytes([number]) * 300) for number in range(9)]
    bench.feed(1, messages(*envelopes))
    bench.join(2)
    calls = [bench.relay.handle(PeerPackets(2, (status(),)), bench.now)]
    while bench.relay.next_deadline() == bench.now.monotonic_s:
        calls.append(bench.relay.handle(TimePassed(), bench.now))
    sizes = [[len(packet.payload) for packet in packets_to(2, call)] for call in calls]
    assert all(len(packets) <= 1 for packets in sizes)
    assert max(size for packets in sizes for size in packets) <= 1000
    got = [hash for call in calls for hash in hashes_to(2, call)]
    assert got == [envelope.hash for envelope in envelopes]


def test_newcomer_with_a_large_pool_does_not_hold_up_what_is_new() -> None:
    bench = Bench(settings=GossipSettings(own_delay_s_max=0.0, packet_bytes_target=1000))
    bench.greet(1)
    bench.greet(3)
    bench.feed(1, messages(*(make_envelope(bytes([number]) * 300) for number in range(9))))
    bench.join(2)
    bench.relay.handle(PeerPackets(2, (status(),)), bench.now)
    new = make_envelope(b"new")
    outputs = bench.relay.handle(PeerPackets(1, (messages(new),)), bench.now)
    assert hashes_to(3, outputs) == [new.hash]
    assert new.hash not in hashes_to(2, outputs)


def test_flush_delay_holds_what_is_relayed_on_each_link_for_a_time_of_its_own() -> None:
    bench = Bench(settings=GossipSettings(flush_delay_s_max=0.3))
    for peer in (1, 2, 3):
        bench.greet(peer)
    bench.wait(1.0)
    envelope = make_envelope()
    assert hashes_to(2, bench.feed(1, messages(envelope))) == []
    moments: dict[int, float] = {}
    while len(moments) < 2:
        at = bench.relay.next_deadline()
        assert at is not None
        outputs = bench.wait(max(0.0, at - bench.now.monotonic_s))
        moments |= {peer: at for peer in (2, 3) if hashes_to(peer, outputs)}
    assert moments[2] != moments[3]
    assert bench.passed_s <= 1.3


def test_flush_delay_lets_the_whole_queue_go_when_its_moment_has_come() -> None:
    settings = GossipSettings(flush_delay_s_max=1.0, packet_bytes_target=1000)
    bench = Bench(settings=settings)
    bench.greet(1)
    bench.greet(2)
    bench.wait(2.0)
    envelopes = [make_envelope(bytes([number]) * 300) for number in range(12)]
    bench.feed(1, messages(*envelopes))
    assert hashes_to(2, bench.wait(1.0)) == [envelope.hash for envelope in envelopes]


def test_newcomer_gets_a_pool_that_is_longer_than_the_queue_of_a_blocked_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forwarding, "QUEUE_COUNT_MAX", 10)
    bench = Bench(settings=GossipSettings(own_delay_s_max=0.0, packet_bytes_target=1000))
    bench.greet(1)
    envelopes = [make_envelope(bytes([number]) * 300) for number in range(40)]
    bench.feed(1, messages(*envelopes))
    bench.join(2)
    outputs = bench.relay.handle(PeerPackets(2, (status(),)), bench.now)
    fresh = make_envelope(b"fresh")
    outputs += bench.relay.handle(PeerPackets(1, (messages(fresh),)), bench.now)
    while bench.relay.next_deadline() == bench.now.monotonic_s:
        outputs += bench.relay.handle(TimePassed(), bench.now)
    assert hashes_to(2, outputs) == [envelope.hash for envelope in [*envelopes, fresh]]
