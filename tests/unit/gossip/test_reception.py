"""Reception: answers to peers, drops and their counters, broken peers."""

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.confirmations import (
    Refusal,
    batch_hash,
    decode_message_response,
    encode_batch_acknowledged,
    encode_message_response,
)
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    BatchConfirmed,
    BloomChanged,
    Drop,
    GossipOutput,
    MinimumPowChanged,
    PeerBlocked,
    PeerDrained,
    PeerFailed,
    PeerGreeted,
    PeerLeft,
)
from sottovoce.gossip.options import StatusOptions, encode_option_status
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.gossip.session import HELD_BYTES_MAX
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.sync_packets import (
    SyncRequest,
)
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from sottovoce.gossip.whisper_v6 import GETH
from unit.gossip.network import (
    OTHER_TOPIC,
    TOPIC,
    Bench,
    CountingEntropy,
    envelopes_to,
    hashes_to,
    make_envelope,
    messages,
    packets_to,
    status,
)

KEY = SymmetricKey(b"\x07" * 32)
MAIL = GossipSettings(serves_mail=True, own_delay_s_max=0.0)
MAIL_REQUEST = SyncRequest(1, 2, b"\xff" * 64, 10)


def failures(outputs: list[GossipOutput]) -> list[PeerFailed]:
    return [output for output in outputs if isinstance(output, PeerFailed)]


def readable(bench: Bench, topic: Topic = TOPIC) -> Envelope:
    route = EnvelopeRoute(topic, KEY, None)
    sealed = seal(b"hello", route, ttl_s=50, now=bench.now, entropy=CountingEntropy())
    return sealed.mined(0)


def dropping(reason: Drop) -> tuple[Bench, Envelope]:
    """Return a relay and an envelope that it drops for this reason."""
    if reason is Drop.POOL_FULL:
        return Bench(settings=GossipSettings(pool_bytes_max=10)), make_envelope()
    if reason is Drop.TOO_LARGE:
        settings = GossipSettings(message_bytes_max=100, minimum_pow=0.0)
        return Bench(settings=settings), make_envelope(b"x" * 81, pow=0)
    if reason is Drop.TOPICS:
        return Bench(settings=GossipSettings(interest=Interest.TOPICS)), make_envelope()
    bench = Bench(settings=GossipSettings(bloom=bloom_to_bytes(topic_bloom(TOPIC))))
    return bench, {
        Drop.EXPIRED: make_envelope(sent_unix_s=int(bench.now.unix_s) - 51),
        Drop.VERY_OLD: make_envelope(sent_unix_s=int(bench.now.unix_s) - 500),
        Drop.FUTURE: make_envelope(sent_unix_s=int(bench.now.unix_s) + 500),
        Drop.LOW_POW: make_envelope(ttl_s=10**6, pow=0),
        Drop.BLOOM: make_envelope(topic=OTHER_TOPIC),
    }[reason]


# Two reasons need more than one envelope: they have tests of their own.
@pytest.mark.parametrize(
    "reason", [drop for drop in Drop if drop not in {Drop.DUPLICATE, Drop.OVER_LIMIT}]
)
def test_each_drop_is_counted_and_pools_nothing(reason: Drop) -> None:
    bench, envelope = dropping(reason)
    bench.greet(1)
    bench.greet(2)
    if reason is Drop.TOO_LARGE:
        # No packet that is small enough can carry it in; our own program can try.
        bench.post(envelope)
        outputs: list[GossipOutput] = []
    else:
        outputs = bench.feed(1, messages(envelope))
    assert bench.relay.statistics.dropped[reason] == 1
    assert sum(bench.relay.statistics.dropped.values()) == 1
    assert len(bench.relay.pool) == 0
    assert hashes_to(2, outputs) == []


def test_duplicate_is_counted_and_marks_its_sender() -> None:
    bench = Bench()
    bench.greet(1)
    envelope = make_envelope()
    bench.feed(1, messages(envelope, envelope))
    assert bench.relay.statistics.dropped[Drop.DUPLICATE] == 1
    assert bench.relay.pool.known_by(bench.session(1).bit) == [envelope.hash]


@pytest.mark.parametrize(
    "reason", [Drop.VERY_OLD, Drop.FUTURE, Drop.LOW_POW, Drop.BLOOM, Drop.POOL_FULL]
)
def test_status_go_peer_learns_of_a_refusal_and_stays(reason: Drop) -> None:
    bench, envelope = dropping(reason)
    bench.greet(1)
    outputs = bench.feed(1, messages(envelope))
    response, acknowledged = packets_to(1, outputs)
    assert (response.code, acknowledged.code) == (12, 11)
    decoded = decode_message_response(response.payload)
    assert decoded is not None
    assert [(part.hash, part.code) for part in decoded.refusals] == [(envelope.hash, 37)]
    assert failures(outputs) == []


def test_envelope_that_has_just_expired_is_dropped_in_silence() -> None:
    bench, envelope = dropping(Drop.EXPIRED)
    bench.greet(1)
    decoded = decode_message_response(packets_to(1, bench.feed(1, messages(envelope)))[0].payload)
    assert decoded is not None
    assert decoded.refusals == ()


def test_mailserver_says_so_when_it_drops_what_has_just_expired_by_its_clock() -> None:
    _, envelope = dropping(Drop.EXPIRED)
    bench = Bench(settings=GossipSettings(serves_mail=True))
    bench.greet(1)
    outputs = bench.feed(1, messages(envelope))
    decoded = decode_message_response(packets_to(1, outputs)[0].payload)
    assert decoded is not None
    assert [(part.hash, part.text) for part in decoded.refusals] == [
        (envelope.hash, "expired envelope")
    ]
    assert failures(outputs) == []


@pytest.mark.parametrize("reason", [Drop.VERY_OLD, Drop.FUTURE, Drop.LOW_POW])
def test_geth_dialect_disconnects_for_a_refused_envelope(reason: Drop) -> None:
    _, envelope = dropping(reason)
    bench = Bench(dialect=GETH)
    bench.greet(1)
    bench.greet(2)
    good = make_envelope(b"good")
    outputs = bench.feed(1, messages(envelope, good))
    assert len(failures(outputs)) == 1
    assert packets_to(1, outputs) == []
    assert hashes_to(2, outputs) == [good.hash]


@pytest.mark.parametrize("reason", [Drop.EXPIRED, Drop.POOL_FULL])
def test_geth_dialect_blames_nobody_for_bad_luck(reason: Drop) -> None:
    template, envelope = dropping(reason)
    bench = Bench(dialect=GETH, settings=template.settings)
    bench.greet(1)
    assert failures(bench.feed(1, messages(envelope))) == []
    assert bench.relay.statistics.dropped[reason] == 1


def test_confirmations_can_be_switched_off() -> None:
    bench = Bench(settings=GossipSettings(confirmations=False))
    bench.greet(1)
    assert packets_to(1, bench.feed(1, messages(make_envelope()))) == []


def test_confirmation_waits_while_the_peer_does_not_read() -> None:
    bench = Bench()
    bench.greet(1)
    bench.handle(PeerBlocked(1))
    assert packets_to(1, bench.feed(1, messages(make_envelope()))) == []
    assert [packet.code for packet in packets_to(1, bench.handle(PeerDrained(1)))] == [12, 11]
    assert bench.handle(PeerDrained(1)) == []


def test_confirmations_for_a_peer_that_never_reads_are_bounded() -> None:
    bench = Bench()
    bench.greet(1)
    bench.handle(PeerBlocked(1))
    for number in range(HELD_BYTES_MAX // 70):
        bench.feed(1, messages(make_envelope(b"%d" % number, ttl_s=10**6, pow=0)))
    held = packets_to(1, bench.handle(PeerDrained(1)))
    assert 0 < sum(len(packet.payload) for packet in held) <= HELD_BYTES_MAX


def test_old_minimum_is_tolerated_for_ten_seconds() -> None:
    bench = Bench()
    bench.greet(1)
    bench.handle(MinimumPowChanged(1e9))
    bench.wait(9.0)
    bench.feed(1, messages(make_envelope(b"early")))
    bench.wait(1.0)
    bench.feed(1, messages(make_envelope(b"late")))
    assert len(bench.relay.pool) == 1
    assert bench.relay.statistics.dropped[Drop.LOW_POW] == 1


def test_first_bloom_refuses_nothing_for_ten_seconds() -> None:
    bench = Bench()
    bench.greet(1)
    bench.handle(BloomChanged(bloom_to_bytes(topic_bloom(OTHER_TOPIC))))
    bench.feed(1, messages(make_envelope(b"early")))
    bench.wait(10.0)
    bench.feed(1, messages(make_envelope(b"late")))
    assert len(bench.relay.pool) == 1
    assert bench.relay.statistics.dropped[Drop.BLOOM] == 1


# ---- greeting


def test_our_status_is_sent_without_waiting() -> None:
    assert [packet.code for packet in packets_to(1, Bench().join(1))] == [0]


def test_accepted_status_is_told_once() -> None:
    bench = Bench()
    assert PeerGreeted(1) in bench.greet(1)
    assert bench.feed(1, status(), Packet(0, b"\xff")) == []


@pytest.mark.parametrize("first", [messages(), Packet(50, b""), Packet(0, b"\xc1\x05")])
def test_first_packet_must_be_a_good_status(first: Packet) -> None:
    bench = Bench()
    bench.join(1)
    assert len(failures(bench.feed(1, first))) == 1


def test_two_light_nodes_part() -> None:
    bench = Bench(settings=GossipSettings(light=True))
    bench.join(1)
    assert len(failures(bench.feed(1, status(light=1)))) == 1


def test_two_light_nodes_may_stay_together_if_the_operator_says_so() -> None:
    bench = Bench(settings=GossipSettings(light=True, light_to_light=True))
    assert PeerGreeted(1) in bench.greet(1, status(light=1))


# ---- broken peers


@pytest.mark.parametrize(
    "broken",
    [
        Packet(1, b"\xf8"),
        Packet(1, make_envelope().raw),
        Packet(2, b"\xc0"),
        Packet(3, b"\x80"),
        Packet(11, b"\x01"),
        Packet(12, b"\xc1\x01"),
        Packet(20, b"\xc2\x01\x02"),
    ],
)
def test_malformed_packet_fails_the_peer(broken: Packet) -> None:
    bench = Bench()
    bench.greet(1)
    assert len(failures(bench.feed(1, broken))) == 1


def test_packet_above_the_largest_size_fails_the_peer_whatever_its_code() -> None:
    bench = Bench(settings=GossipSettings(message_bytes_max=100, packet_bytes_max=100))
    bench.greet(1)
    assert failures(bench.feed(1, Packet(50, bytes(100)))) == []
    assert len(failures(bench.feed(1, Packet(50, bytes(101))))) == 1


def test_failed_peer_is_told_of_once_and_heard_no_more() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    broken = Packet(1, b"\xf8")
    outputs = bench.feed(1, broken, messages(make_envelope()), broken)
    assert outputs == failures(outputs)
    assert len(outputs) == 1
    assert bench.feed(1, messages(make_envelope())) == []
    assert bench.handle(PeerDrained(1)) == []
    assert hashes_to(1, bench.feed(2, messages(make_envelope()))) == []
    assert bench.relay.statistics.peers_failed == 1


def test_what_came_before_the_broken_packet_is_relayed() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    envelope = make_envelope()
    assert hashes_to(2, bench.feed(1, messages(envelope), Packet(1, b"\xf8"))) == [envelope.hash]


def test_unknown_codes_are_ignored_and_counted() -> None:
    bench = Bench()
    bench.greet(1)
    assert bench.feed(1, Packet(50, b"\xff"), Packet(4, b"")) == []
    assert bench.relay.statistics.packets_unknown == 2


# ---- confirmations of what we sent


def sent_batch(bench: Bench, *envelopes: Envelope) -> bytes:
    outputs = [output for envelope in envelopes for output in bench.post(envelope)]
    (payload,) = [packet.payload for packet in packets_to(1, outputs) if packet.code == 1]
    return payload


def test_acknowledged_batch_of_our_own_is_told_once() -> None:
    bench = Bench()
    bench.greet(1)
    own = make_envelope()
    batch = batch_hash(sent_batch(bench, own))
    answers = (
        Packet(12, encode_message_response(batch, (), 1000)),
        Packet(11, encode_batch_acknowledged(batch)),
    )
    assert bench.feed(1, *answers) == [BatchConfirmed(1, batch, (), (own.hash,))]
    assert bench.relay.statistics.confirmations_received == 2


def test_refusal_of_our_own_envelope_is_told_with_the_peers_words() -> None:
    bench = Bench()
    bench.greet(1)
    own = make_envelope()
    batch = batch_hash(sent_batch(bench, own))
    refusals = [Refusal(own.hash, 1, "too late"), Refusal(make_envelope(b"x").hash, 1, "other")]
    answer = Packet(12, encode_message_response(batch, refusals, 1000))
    assert bench.feed(1, answer) == [BatchConfirmed(1, batch, ((own.hash, "too late"),), ())]


@pytest.mark.parametrize("version", [1, 2])
def test_acknowledgement_behind_a_response_that_cannot_be_read_confirms_nothing(
    version: int,
) -> None:
    bench = Bench()
    bench.greet(1)
    batch = batch_hash(sent_batch(bench, make_envelope()))
    response = Packet(12, rlp.encode((version, (batch, ((b"a hash of other length",),)))))
    acknowledged = Packet(11, encode_batch_acknowledged(batch))
    assert bench.feed(1, response, acknowledged) == []
    assert failures(bench.feed(1, response)) == []


def test_nothing_is_confirmed_behind_a_broken_response_that_is_passed_over() -> None:
    bench = Bench(dialect=STATUS_GO_WAKU_V1)
    said = StatusOptions(minimum_pow=0.0, light=False, confirmations=True)
    bench.greet(1, Packet(0, encode_option_status(STATUS_GO_WAKU_V1, said)))
    batch = batch_hash(sent_batch(bench, make_envelope()))
    response = Packet(12, rlp.encode((2, (batch, ()), b"a third item")))
    acknowledged = Packet(11, encode_batch_acknowledged(batch))
    assert bench.feed(1, response, acknowledged) == []
    assert bench.relay.statistics.packets_skipped == 1


def test_batches_of_others_envelopes_are_not_told() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    (packet,) = packets_to(2, bench.feed(1, messages(make_envelope())))
    acknowledged = Packet(11, encode_batch_acknowledged(batch_hash(packet.payload)))
    assert bench.feed(2, acknowledged) == []


def test_peer_without_confirmations_is_waited_for_in_vain_by_nobody() -> None:
    bench = Bench()
    bench.greet(1, status(items=4))
    sent_batch(bench, make_envelope())
    assert len(bench.session(1).batches) == 0


def test_counters_follow_what_happens() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    bench.feed(1, messages(make_envelope(b"1"), make_envelope(b"2")))
    counted = bench.relay.statistics
    assert (counted.peers, counted.peers_greeted) == (2, 2)
    assert (counted.envelopes_received, counted.envelopes_pooled) == (2, 2)
    assert (counted.envelopes_sent, counted.pool_envelopes) == (2, 2)
    assert (counted.packets_received, counted.packets_sent) == (3, 5)
    assert counted.pool_bytes == sum(len(make_envelope(name).raw) for name in (b"1", b"2"))
    bench.handle(PeerLeft(2))
    assert bench.relay.statistics.peers == 1


def test_envelope_reaches_a_third_peer_in_order() -> None:
    bench = Bench()
    for peer in (1, 2, 3):
        bench.greet(peer)
    envelopes = [make_envelope(bytes([n])) for n in range(5)]
    bench.feed(2, messages(envelopes[2]))
    outputs = bench.feed(1, messages(*envelopes))
    assert envelopes_to(3, outputs) == [envelopes[n] for n in (0, 1, 3, 4)]
    assert envelopes_to(2, outputs) == [envelopes[n] for n in (0, 1, 3, 4)]
