"""Throttle: a peer's limits are kept, and all that it may have arrives in the end."""

from typing import Final

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip import throttle as throttling
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import Envelope, decode_envelopes
from sottovoce.gossip.events import (
    EnvelopePosted,
    PeerBlocked,
    PeerDrained,
    PeerJoined,
    PeerLeft,
    PeerPackets,
)
from sottovoce.gossip.options import StatusOptions, encode_options
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.throttle import (
    OFFER_PAUSE_S,
    QUEUE_COUNT_MAX,
    TOPICS_MAX,
    WAITING_PER_TOPIC_MAX,
    Throttle,
)
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.gossip.wishes import RateLimits
from unit.gossip.limited import LINK, LimitedLink
from unit.gossip.network import (
    MESSAGES,
    OTHER_TOPIC,
    TOPIC,
    Bench,
    envelopes_to,
    make_envelope,
    messages,
    packets_to,
    status,
)

MB: Final = 1024 * 1024
NONE: Final = (0, 0, 0)
SOURCE, PEER = 7, 1
FREE: Final = GossipSettings(minimum_pow=0.0, own_delay_s_max=0.0)


def link_with(
    rate: RateLimits = NONE, size: RateLimits = NONE, *, tolerance: int = 0
) -> LimitedLink:
    limits = GossipSettings(
        rate_limits=rate, byte_limits=size, minimum_pow=0.0, limit_tolerance=tolerance
    )
    link = LimitedLink(limits, sender=FREE)
    # Somebody whose envelopes the sender relays.
    link.sender.handle(PeerJoined(SOURCE, WHISPER_V6), link.now)
    link.handle(PeerPackets(SOURCE, (status(bloom=bytes(64)),)))
    return link


def numbered(
    count: int, *, topic: Topic = TOPIC, first: int = 0, size_bytes: int = 40, ttl_s: int = 10_000
) -> list[Envelope]:
    numbers = range(first, first + count)
    return [
        make_envelope(number.to_bytes(size_bytes, "big"), topic=topic, pow=0, ttl_s=ttl_s)
        for number in numbers
    ]


def topic_of(number: int) -> Topic:
    """Return one of many topics, spread like those of chats."""
    return Topic(keccak256(number.to_bytes(4, "big"))[:4])


def relay(link: LimitedLink, *envelopes: Envelope) -> None:
    """Let the source send envelopes."""
    link.handle(PeerPackets(SOURCE, (messages(*envelopes),)))


def sent(link: LimitedLink) -> list[tuple[float, list[Envelope]]]:
    """Return when the sender sent which envelopes."""
    return [
        (at_s, decode_envelopes(packet.payload))
        for at_s, packet in link.packets
        if packet.code == MESSAGES
    ]


def arrived(link: LimitedLink) -> int:
    return len(link.receiver.pool)


# ---- packets


def test_packets_leave_at_the_announced_pace_and_grow_meanwhile() -> None:
    link = link_with((0, 2, 0))
    for envelope in numbered(100):
        relay(link, envelope)
        link.wait(0.05)
    link.wait(2.0)
    packets = sent(link)
    assert arrived(link) == 100
    assert len(packets) <= 2 * 7
    assert max(len(envelopes) for _, envelopes in packets) > 5
    assert link.excess_count == 0


def test_stricter_of_the_limits_by_address_and_by_peer_counts() -> None:
    link = link_with((1, 50, 0))
    for envelope in numbered(10):
        relay(link, envelope)
    link.wait(0.9)
    assert len(sent(link)) == 1
    link.wait(0.3)
    assert [len(envelopes) for _, envelopes in sent(link)] == [1, 9]


def test_envelopes_leave_in_the_order_of_their_coming() -> None:
    link = link_with((0, 1, 0))
    envelopes = numbered(50)
    for envelope in envelopes:
        relay(link, envelope)
        link.wait(0.1)
    link.wait(5)
    assert [part.raw for _, parts in sent(link) for part in parts] == [
        envelope.raw for envelope in envelopes
    ]


def test_envelopes_of_our_own_leave_first() -> None:
    link = link_with((0, 1, 0))
    relay(link, *numbered(1))
    relay(link, *numbered(3, first=1))
    own = make_envelope(b"own", pow=0)
    link.handle(EnvelopePosted(own))
    link.wait(2.0)
    assert sent(link)[1][1][0].raw == own.raw


def test_expired_ones_are_dropped_while_they_wait() -> None:
    link = link_with((0, 1, 0))
    relay(link, *numbered(1))
    link.wait(0.05)
    relay(link, *numbered(1, first=1))
    relay(link, *numbered(5, first=2, ttl_s=0))
    link.wait(3.0)
    assert arrived(link) == 2


# ---- bytes


def test_bytes_stay_below_the_limit_and_everything_arrives() -> None:
    link = link_with(size=(0, MB, 0))
    envelopes = numbered(28, size_bytes=200_000)
    for envelope in envelopes:
        relay(link, envelope)
    link.wait(3.0)
    assert arrived(link) < 20
    link.wait(5.0)
    assert arrived(link) == 28
    assert link.excess_count == 0


def test_envelope_above_what_may_ever_leave_at_once_leaves_alone() -> None:
    link = link_with(size=(0, MB, 0))
    relay(link, *numbered(3, size_bytes=100_000))
    relay(link, *numbered(1, first=9, size_bytes=1_000_000))
    link.wait(5.0)
    assert arrived(link) == 4
    assert link.excess_count == 0


def test_what_bytes_hold_back_leaves_in_bundles_and_not_one_by_one() -> None:
    link = link_with(size=(0, MB, 0))
    for envelope in numbered(450, size_bytes=4000):
        relay(link, envelope)
    before = len(sent(link))
    link.wait(4.0)
    assert arrived(link) == 450
    assert len(sent(link)) - before < 30


# ---- topics


def test_topic_over_its_limit_waits_and_the_others_pass() -> None:
    link = link_with((0, 0, 2))
    relay(link, *numbered(20), *numbered(2, topic=OTHER_TOPIC, first=50))
    assert arrived(link) < 6
    assert envelopes_on(link, OTHER_TOPIC) == 1
    link.wait(15.0)
    assert arrived(link) == 22
    assert link.excess_count == 0
    assert link.receiver.statistics.envelopes_received == 22


def envelopes_on(link: LimitedLink, topic: Topic) -> int:
    return sum(part.topic == topic for _, parts in sent(link) for part in parts)


def test_bytes_on_a_topic_are_kept_to() -> None:
    link = link_with(size=(0, 0, 1000))
    relay(link, *numbered(20, size_bytes=400), *numbered(1, size_bytes=5000, first=90))
    link.wait(30.0)
    assert arrived(link) == 21
    assert link.excess_count == 0


def test_flooded_topic_takes_no_place_from_the_others_and_arrives_itself() -> None:
    link = link_with((0, 0, 20))
    relay(link, *numbered(WAITING_PER_TOPIC_MAX + 200))
    throttle = throttle_of(link)
    assert throttle.waiting_count == WAITING_PER_TOPIC_MAX
    relay(link, *numbered(1, topic=OTHER_TOPIC, first=5000))
    assert envelopes_on(link, OTHER_TOPIC) == 1
    link.wait(60.0)
    assert arrived(link) == WAITING_PER_TOPIC_MAX + 201
    assert link.excess_count == 0


def throttle_of(link: LimitedLink) -> Throttle:
    session = link.sender.peer(LINK)
    assert session is not None
    assert session.throttle is not None
    return session.throttle


# ---- hostile announcements


def limited_bench(limits: RateLimits = NONE, *, settings: GossipSettings = FREE) -> Bench:
    bench = Bench(settings=settings)
    bench.greet(SOURCE, status(bloom=bytes(64)))
    said: list[rlp.Encodable] = [6, 0, b"", 0, 1, limits]
    bench.greet(PEER, Packet(0, rlp.encode(said)))
    return bench


def test_limits_of_a_whisper_status_and_of_packet_20_are_kept_to() -> None:
    bench = limited_bench((0, 1, 0))
    for envelope in numbered(5):
        bench.feed(SOURCE, messages(envelope))
    assert bench.session(PEER).queue
    outputs = bench.feed(PEER, Packet(20, rlp.encode(NONE)))
    assert len(envelopes_to(PEER, outputs)) == 4
    bench.feed(PEER, Packet(20, rlp.encode((1, 0, 0))))
    bench.feed(SOURCE, messages(*numbered(1, first=50)))
    outputs = bench.feed(SOURCE, messages(*numbered(1, first=51)))
    assert not envelopes_to(PEER, outputs)
    assert len(envelopes_to(PEER, bench.wait(2.0))) == 1


def test_lifted_limit_of_topics_lets_out_what_waited_for_them() -> None:
    bench = limited_bench((0, 0, 1))
    bench.feed(SOURCE, messages(*numbered(WAITING_PER_TOPIC_MAX + 50)))
    outputs = bench.feed(PEER, Packet(20, rlp.encode(NONE)))
    assert len(envelopes_to(PEER, outputs)) == WAITING_PER_TOPIC_MAX
    outputs += bench.wait(OFFER_PAUSE_S)
    assert len(envelopes_to(PEER, outputs)) == WAITING_PER_TOPIC_MAX + 49


def test_peer_that_allows_next_to_nothing_wakes_nobody_and_holds_up_nobody() -> None:
    bench = limited_bench((1, 1, 1))
    bench.greet(3)
    wakes = 0
    for part in range(10):
        outputs = bench.feed(SOURCE, messages(*numbered(200, first=200 * part)))
        assert len(envelopes_to(3, outputs)) == 200
        end_s = bench.passed_s + 0.5
        while (at_s := bench.relay.next_deadline()) is not None and at_s - 100.0 <= end_s:
            bench.passed_s = max(bench.passed_s, at_s - 100.0)
            bench.wait(0)
            wakes += 1
        bench.passed_s = end_s
    assert wakes < 100


def test_own_envelope_leaves_though_every_topic_has_something_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttling, "TOPICS_MAX", 2)
    bench = limited_bench((0, 0, 1))
    for number in range(2):
        bench.feed(SOURCE, messages(*numbered(3, topic=topic_of(number), first=3 * number)))
    own = make_envelope(b"own", topic=topic_of(2), pow=0)
    outputs = bench.post(own) + bench.wait(10.0)
    arrived_hashes = [part.hash for part in envelopes_to(PEER, outputs)]
    assert arrived_hashes[0] == own.hash
    assert len(arrived_hashes) == 5


def test_what_a_limited_peer_does_not_want_takes_no_place_in_its_offers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttling, "QUEUE_COUNT_MAX", 5)
    bench = Bench(settings=FREE)
    bench.greet(SOURCE, status(bloom=bytes(64)))
    bench.feed(SOURCE, messages(*numbered(20, topic=OTHER_TOPIC)))
    wanted = numbered(3, first=20)
    bench.feed(SOURCE, messages(*wanted))
    bloom = bloom_to_bytes(topic_bloom(TOPIC))
    limited = Packet(0, rlp.encode((6, 0, bloom, 0, 1, (0, 10, 0))))
    outputs = bench.greet(PEER, limited) + bench.wait(10.0)
    assert [part.hash for part in envelopes_to(PEER, outputs)] == [part.hash for part in wanted]


@pytest.mark.slow
def test_queue_of_a_peer_that_allows_next_to_nothing_is_bounded() -> None:
    settings = GossipSettings(minimum_pow=0.0, own_delay_s_max=0.0)
    bench = limited_bench((1, 0, 0), settings=settings)
    for part in range(20):
        bench.feed(SOURCE, messages(*numbered(1000, first=1000 * part)))
    session = bench.session(PEER)
    assert len(session.queue) <= QUEUE_COUNT_MAX
    # Everything arrives all the same: what found no place is offered again.
    outputs = bench.wait(60.0)
    assert len(envelopes_to(PEER, outputs)) + 1000 >= 20_000


@pytest.mark.slow
def test_topics_remembered_for_a_peer_are_bounded_and_the_rest_waits() -> None:
    bench = limited_bench((0, 0, 1))
    envelopes = [
        make_envelope(b"x", topic=topic_of(number), pow=0, ttl_s=10_000)
        for number in range(TOPICS_MAX + 1000)
    ]
    outputs = bench.feed(SOURCE, messages(*envelopes[:3000]))
    outputs += bench.feed(SOURCE, messages(*envelopes[3000:]))
    throttle = bench.session(PEER).throttle
    assert throttle is not None
    assert throttle.topic_count <= TOPICS_MAX
    outputs += bench.wait(5.0)
    assert len({part.raw for part in envelopes_to(PEER, outputs)}) > TOPICS_MAX


def test_blocked_peer_gets_what_waited_when_it_reads_again() -> None:
    link = link_with((0, 2, 2))
    link.handle(PeerBlocked(LINK))
    relay(link, *numbered(10))
    link.wait(5.0)
    assert arrived(link) == 0
    link.handle(PeerDrained(LINK))
    link.wait(10.0)
    assert arrived(link) == 10
    assert link.excess_count == 0


# ---- confirmations


def test_confirmations_are_left_out_when_packets_are_scarce() -> None:
    link = link_with((0, 5, 0))
    for envelope in numbered(30):
        # The receiver's own, which the sender has to confirm.
        link._carry(link.receiver, link._apply(link.receiver, EnvelopePosted(envelope)))
        link.wait(0.01)
    link.wait(1.0)
    unsent = link.sender.statistics.confirmations_unsent
    assert unsent >= 20
    assert link.receiver.statistics.confirmations_received > 0
    assert link.excess_count == 0


def test_peer_without_limits_gets_every_confirmation() -> None:
    bench = limited_bench()
    outputs = [output for part in numbered(20) for output in bench.feed(PEER, messages(part))]
    assert len([packet for packet in packets_to(PEER, outputs) if packet.code in (11, 12)]) == 40
    assert bench.session(PEER).throttle is None


# ---- changes


def test_update_on_waku_lifts_a_limit_of_bytes_and_sets_another() -> None:
    link = link_with(size=(0, MB, 0))
    relay(link, *numbered(20, size_bytes=100_000))
    assert arrived(link) < 10
    session = link.sender.peer(LINK)
    assert session is not None
    update = encode_options(session.dialect, StatusOptions(byte_limits=NONE))
    link.handle(PeerPackets(LINK, (Packet(22, update),)))
    assert arrived(link) == 20
    assert session.throttle is None
    update = encode_options(session.dialect, StatusOptions(rate_limits=(0, 1, 0)))
    link.handle(PeerPackets(LINK, (Packet(22, update),)))
    relay(link, *numbered(1, first=100))
    relay(link, *numbered(1, first=101))
    assert arrived(link) == 21


def test_what_waits_is_told_and_forgotten_with_the_session() -> None:
    bench = limited_bench((0, 1, 1))
    bench.feed(SOURCE, messages(*numbered(10)))
    session = bench.session(PEER)
    assert bench.relay.sizes()["longest queue"] == session.waiting_count == 9
    bench.handle(PeerLeft(PEER))
    assert session.waiting_count == 0
    assert bench.wait(60.0) == []


# ---- both sides


@pytest.mark.parametrize(
    ("rate", "size"),
    [
        ((10, 5, 0), NONE),
        ((10, 5, 0), (MB, MB, 0)),
        ((0, 0, 300), NONE),
        ((1, 1, 250), (MB, 0, 2 * MB)),
    ],
)
def test_thousands_of_envelopes_arrive_and_nothing_exceeds(
    rate: RateLimits, size: RateLimits
) -> None:
    link = link_with(rate, size, tolerance=1)
    for part in range(20):
        relay(link, *numbered(100, first=100 * part, topic=topic_of(part % 7)))
        link.wait(0.1)
    link.wait(20.0)
    assert arrived(link) == 2000
    assert link.excess_count == 0
    assert not link.failed
    assert link.wake_count < 2000
