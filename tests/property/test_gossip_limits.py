"""Whatever limits a peer announces: we never exceed them, and it gets everything in the end."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.quantities import Topic
from sottovoce.gossip.allowance import Allowance
from sottovoce.gossip.dialect import WAKU_WORLD
from sottovoce.gossip.events import EnvelopePosted, PeerJoined, PeerPackets
from sottovoce.gossip.rate_limits import RateLimiter
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.gossip.wishes import RateLimits
from unit.gossip.limited import LINK, LimitedLink
from unit.gossip.network import make_envelope, messages, status

MESSAGE_BYTES_MAX: Final = 2000
SOURCE: Final = 7
TOPICS: Final = [Topic(bytes([number, 7 * number, 99, 0])) for number in range(4)]
# Enough for all of the bytes on one topic at the lowest rate.
ALL_ARRIVED_S: Final = 200.0


def any_or_none(rates: st.SearchStrategy[int]) -> st.SearchStrategy[int]:
    return st.one_of(st.just(0), rates)


counts = any_or_none(st.integers(1, 15))
sizes = any_or_none(st.integers(MESSAGE_BYTES_MAX, 8000))
rate_limits = st.tuples(counts, counts, counts)
byte_limits = st.tuples(sizes, sizes, any_or_none(st.integers(500, 4000)))
sent_at_once = st.lists(
    st.tuples(st.sampled_from(TOPICS), st.integers(1, 1500), st.booleans()), max_size=12
)
steps = st.lists(st.tuples(sent_at_once, st.sampled_from([0.0, 0.01, 0.3, 1.0, 7.0])), max_size=6)


def relay_settings(
    rate: RateLimits = (0, 0, 0), size: RateLimits = (0, 0, 0), tolerance: int = 0
) -> GossipSettings:
    return GossipSettings(
        rate_limits=rate,
        byte_limits=size,
        limit_tolerance=tolerance,
        message_bytes_max=MESSAGE_BYTES_MAX,
        minimum_pow=0.0,
        own_delay_s_max=0.2,
    )


def check(link: LimitedLink, steps: list[tuple[list[tuple[Topic, int, bool]], float]]) -> None:
    link.sender.handle(PeerJoined(SOURCE, WHISPER_V6), link.now)
    link.handle(PeerPackets(SOURCE, (status(bloom=bytes(64)),)))
    count = 0
    for parts, seconds in steps:
        for topic, size_bytes, own in parts:
            count += 1
            data = count.to_bytes(4, "big") + bytes(size_bytes)
            envelope = make_envelope(data, topic=topic, pow=0, ttl_s=10_000)
            if own:
                link.handle(EnvelopePosted(envelope))
            else:
                link.handle(PeerPackets(SOURCE, (messages(envelope),)))
        link.wait(seconds)
    link.wait(ALL_ARRIVED_S)
    assert link.excess_count == 0
    assert not link.failed
    assert len(link.receiver.pool) == count
    session = link.sender.peer(LINK)
    assert session is not None
    assert not session.has_waiting


@given(rate=rate_limits, size=byte_limits, steps=steps)
def test_peer_that_obeys_never_exceeds_on_waku(
    rate: RateLimits, size: RateLimits, steps: list[tuple[list[tuple[Topic, int, bool]], float]]
) -> None:
    settings = relay_settings(rate, size, tolerance=1)
    check(LimitedLink(settings, sender=relay_settings(), capability=WAKU_V1), steps)


@given(rate=rate_limits, steps=steps)
def test_peer_that_obeys_never_exceeds_on_whisper(
    rate: RateLimits, steps: list[tuple[list[tuple[Topic, int, bool]], float]]
) -> None:
    settings = relay_settings(rate, tolerance=1)
    check(LimitedLink(settings, sender=relay_settings(), capability=WHISPER_V6), steps)


@given(
    limits=st.tuples(st.integers(1, 100), any_or_none(st.integers(MESSAGE_BYTES_MAX, 10**6))),
    sizes=st.lists(st.integers(1, MESSAGE_BYTES_MAX), min_size=1, max_size=200),
    stalls=st.lists(st.floats(0.0, 4.0), min_size=1, max_size=10),
)
def test_way_that_stands_still_for_some_seconds_makes_no_excess(
    limits: tuple[int, int], sizes: list[int], stalls: list[float]
) -> None:
    rate, size = limits
    settings = relay_settings((0, rate, 0), (0, size, 0))
    account = RateLimiter(settings).join(WAKU_WORLD, "")
    allowance = Allowance(rate, size)
    sent_s, arrived_s = 100.0, 100.0
    for number, size_bytes in enumerate(sizes):
        sent_s = max(sent_s, allowance.ready_at_s(1, size_bytes))
        allowance.spend(1, size_bytes, sent_s)
        arrived_s = max(arrived_s, sent_s + stalls[number % len(stalls)])
        assert account.charge_packet(size_bytes, arrived_s) == []
