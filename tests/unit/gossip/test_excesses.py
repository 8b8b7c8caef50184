"""Excesses: what exceeds a limit of ours, whom it is counted against, when it ends a session."""

from typing import Final

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.codec import rlp
from sottovoce.gossip.confirmations import encode_message_response
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    Drop,
    Excess,
    Failure,
    GossipOutput,
    PeerFailed,
    PeerJoined,
    PeerLeft,
    PeerPackets,
    PeerTrustChanged,
)
from sottovoce.gossip.rate_limits import (
    BURST_S,
    rate_limiter_for,
)
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from unit.gossip.network import (
    OTHER_TOPIC,
    TOPIC,
    Bench,
    make_envelope,
    messages,
    packets_to,
    status,
)

MB: Final = 1024 * 1024
BURST: Final = int(BURST_S)
EMPTY: Final = messages()
FIRST, SECOND, THIRD = 1, 2, 3
HOST, OTHER_HOST = "192.0.2.1", "192.0.2.2"


def bench_with(
    packets: tuple[int, int, int] = (0, 0, 0),
    size_bytes: tuple[int, int, int] = (0, 0, 0),
    *,
    tolerance: int = 0,
) -> Bench:
    settings = GossipSettings(
        rate_limits=packets,
        byte_limits=size_bytes,
        limit_tolerance=tolerance,
        own_delay_s_max=0.0,
        minimum_pow=0.0,
    )
    return Bench(settings=settings)


def greet(bench: Bench, peer: int, *, address: str = HOST, exempt: bool = False) -> None:
    bench.handle(PeerJoined(peer, WHISPER_V6, address=address, exempt=exempt))
    bench.feed(peer, status())


def excesses(bench: Bench) -> dict[Excess, int]:
    return {kind: count for kind, count in bench.relay.statistics.excesses.items() if count}


def failure_of(outputs: list[GossipOutput]) -> Failure | None:
    return next((part.failure for part in outputs if isinstance(part, PeerFailed)), None)


def fresh(count: int, topic: Topic = TOPIC, first: int = 0) -> list[Envelope]:
    numbers = range(first, first + count)
    return [make_envelope(number.to_bytes(4, "big"), topic=topic, pow=0) for number in numbers]


# ---- each limit


def test_packets_over_the_limit_of_a_peer_are_processed_and_counted() -> None:
    bench = bench_with((0, 2, 0))
    greet(bench, FIRST)
    for envelope in fresh(2 * BURST + 3):
        bench.feed(FIRST, messages(envelope))
    assert excesses(bench) == {Excess.PEER_PACKETS: 3}
    assert len(bench.relay.pool) == 2 * BURST + 3


def test_limit_of_a_peer_is_its_own() -> None:
    bench = bench_with((0, 1, 0))
    greet(bench, FIRST)
    greet(bench, SECOND)
    bench.feed(FIRST, *[EMPTY] * BURST)
    bench.feed(SECOND, *[EMPTY] * BURST)
    assert excesses(bench) == {}


def test_allowance_comes_back_with_time_and_no_further_than_the_burst() -> None:
    bench = bench_with((0, 1, 0))
    greet(bench, FIRST)
    bench.feed(FIRST, *[EMPTY] * BURST)
    bench.wait(2.0)
    bench.feed(FIRST, *[EMPTY] * 3)
    assert excesses(bench) == {Excess.PEER_PACKETS: 1}
    bench.wait(3600.0)
    bench.feed(FIRST, *[EMPTY] * (BURST + 1))
    assert excesses(bench) == {Excess.PEER_PACKETS: 2}


def test_packets_of_one_address_count_together() -> None:
    bench = bench_with((1, 0, 0))
    greet(bench, FIRST)
    greet(bench, SECOND)
    greet(bench, THIRD, address=OTHER_HOST)
    bench.feed(FIRST, *[EMPTY] * (BURST - 1))
    bench.feed(SECOND, *[EMPTY] * 3)
    bench.feed(THIRD, *[EMPTY] * BURST)
    assert excesses(bench) == {Excess.ADDRESS_PACKETS: 2}


def test_bytes_of_a_peer_and_of_an_address_have_limits_of_their_own() -> None:
    bench = bench_with(size_bytes=(2 * MB, MB, 0))
    greet(bench, FIRST)
    greet(bench, SECOND)
    large = messages(make_envelope(bytes(MB - 200), pow=0))
    bench.feed(FIRST, *[large] * (BURST + 1))
    assert excesses(bench) == {Excess.PEER_BYTES: 1}
    bench.feed(SECOND, *[large] * BURST)
    assert excesses(bench) == {Excess.PEER_BYTES: 1, Excess.ADDRESS_BYTES: 1}


def test_envelopes_over_the_limit_of_a_topic_are_not_pooled() -> None:
    bench = bench_with((0, 0, 1))
    greet(bench, FIRST)
    outputs = bench.feed(FIRST, messages(*fresh(BURST + 2), *fresh(1, OTHER_TOPIC)))
    assert len(bench.relay.pool) == BURST + 1
    assert bench.relay.statistics.dropped[Drop.OVER_LIMIT] == 2
    assert excesses(bench) == {Excess.TOPIC_ENVELOPES: 2}
    response, _ = packets_to(FIRST, outputs)
    assert b"rate limit of the topic exceeded" in response.payload


def test_bytes_on_a_topic_are_limited_and_one_large_envelope_passes_a_full_account() -> None:
    bench = bench_with(size_bytes=(0, 0, 100))
    greet(bench, FIRST)
    first, second = (make_envelope(part * 2000, pow=0) for part in (b"a", b"b"))
    bench.feed(FIRST, messages(first, second))
    assert len(bench.relay.pool) == 1
    assert excesses(bench) == {Excess.TOPIC_BYTES: 1}


def test_limit_of_a_topic_is_each_peers_own_and_what_is_pooled_already_is_free() -> None:
    bench = bench_with((0, 0, 1))
    greet(bench, FIRST)
    greet(bench, SECOND)
    envelopes = fresh(BURST)
    bench.feed(FIRST, messages(*envelopes))
    bench.feed(FIRST, messages(*envelopes))
    bench.feed(SECOND, messages(*envelopes), messages(*fresh(BURST, first=100)))
    assert excesses(bench) == {}


def test_status_itself_counts_for_nothing_and_without_limits_there_is_no_account() -> None:
    bench = bench_with((1, 1, 0))
    greet(bench, FIRST)
    bench.feed(FIRST, *[EMPTY] * BURST)
    assert excesses(bench) == {}
    assert rate_limiter_for(GossipSettings()) is None


# ---- the tolerance


def test_peer_that_exceeds_more_often_than_is_tolerated_loses_its_session() -> None:
    bench = bench_with((0, 1, 0), tolerance=3)
    greet(bench, FIRST)
    bench.feed(FIRST, *[EMPTY] * (BURST + 3))
    assert not bench.session(FIRST).has_failed
    outputs = bench.feed(FIRST, EMPTY)
    assert failure_of(outputs) is Failure.LIMITS
    (failed,) = [part for part in outputs if isinstance(part, PeerFailed)]
    assert failed.detail == "exceeded our limits 4 times, of which 3 are tolerated"


def test_excesses_of_one_peer_never_end_the_session_of_another() -> None:
    bench = bench_with((0, 1, 0), tolerance=3)
    greet(bench, FIRST)
    greet(bench, SECOND)
    bench.feed(FIRST, *[EMPTY] * 100)
    bench.feed(SECOND, *[EMPTY] * (BURST + 1))
    assert bench.session(FIRST).has_failed
    assert bench.session(SECOND).is_greeted


def test_tolerance_of_0_never_ends_a_session() -> None:
    bench = bench_with((1, 1, 1))
    greet(bench, FIRST)
    bench.feed(FIRST, *[EMPTY] * 1000)
    assert bench.session(FIRST).is_greeted
    assert excesses(bench)[Excess.PEER_PACKETS] == 1000 - BURST


def test_flood_on_one_topic_in_one_packet_ends_the_session() -> None:
    bench = bench_with((0, 0, 1), tolerance=10)
    greet(bench, FIRST)
    outputs = bench.feed(FIRST, messages(*fresh(100)))
    assert failure_of(outputs) is Failure.LIMITS
    assert len(bench.relay.pool) == BURST


# ---- who is not judged


def test_exempt_peer_may_send_what_it_likes_and_costs_its_address_nothing() -> None:
    bench = bench_with((1, 1, 1), tolerance=1)
    greet(bench, FIRST, exempt=True)
    greet(bench, SECOND)
    bench.feed(FIRST, *[messages(envelope) for envelope in fresh(100)])
    bench.feed(SECOND, *[EMPTY] * BURST)
    assert excesses(bench) == {}
    assert len(bench.relay.pool) == 100


def test_peer_that_becomes_trusted_is_judged_no_more() -> None:
    bench = bench_with((1, 1, 1), tolerance=1)
    greet(bench, FIRST)
    bench.handle(PeerTrustChanged(FIRST, trusted=True))
    bench.feed(FIRST, messages(*fresh(100)), *[EMPTY] * 100)
    assert excesses(bench) == {}


def test_answers_to_an_open_question_are_no_excess() -> None:
    bench = bench_with((0, 1, 0), tolerance=1)
    greet(bench, FIRST)
    bench.session(FIRST).asked = True
    answer = messages(make_envelope())
    direct = type(answer)(127, answer.payload)
    bench.feed(FIRST, *[direct] * 100)
    assert excesses(bench) == {}
    bench.session(FIRST).asked = False
    bench.feed(FIRST, *[direct] * (BURST + 1))
    assert excesses(bench) == {Excess.PEER_PACKETS: 1}


def test_confirmations_of_what_a_peer_gets_are_no_excess_and_further_ones_are() -> None:
    """Else a relay with much to say would cut off whoever confirms it, as Go nodes do."""
    bench = bench_with((0, 1, 0), tolerance=1)
    greet(bench, FIRST)
    greet(bench, SECOND, exempt=True)
    # A packet for each of twenty comes and goes on.
    for envelope in fresh(20):
        bench.feed(SECOND, messages(envelope))
    owed = [
        Packet(11, b"\xa0" + bytes(32)),
        Packet(12, encode_message_response(EnvelopeHash(bytes(32)), [], MB)),
    ]
    assert failure_of(bench.feed(FIRST, *owed * 20)) is None
    assert excesses(bench) == {}
    bench.feed(FIRST, *owed * 3)
    assert excesses(bench) == {Excess.PEER_PACKETS: 6 - BURST}


def test_large_confirmation_counts_though_it_is_owed() -> None:
    bench = bench_with((0, 0, 0), (0, MB, 0))
    greet(bench, FIRST)
    greet(bench, SECOND, exempt=True)
    for envelope in fresh(20):
        bench.feed(SECOND, messages(envelope))
    large = Packet(11, b"\xa0" + bytes(MB - 33))
    bench.feed(FIRST, *[large] * (BURST + 1))
    assert excesses(bench) == {Excess.PEER_BYTES: 1}


# ---- who comes again


def test_address_that_dials_again_finds_its_account_as_it_left_it() -> None:
    bench = bench_with((1, 0, 0), tolerance=2)
    for peer in range(1, 20):
        greet(bench, peer)
        bench.feed(peer, *[EMPTY] * BURST)
        bench.handle(PeerLeft(peer))
    # The first used up what there was; each of the others was cut off after three.
    assert bench.relay.statistics.failures[Failure.LIMITS] == 18
    assert excesses(bench) == {Excess.ADDRESS_PACKETS: 18 * 3}


# ---- the hostile


@pytest.mark.parametrize("payload", [b"\xc0", rlp.encode([b"x"]), b"", b"\xff"])
def test_packets_that_cannot_be_read_count_as_well(payload: bytes) -> None:
    bench = bench_with((0, 1, 0))
    greet(bench, FIRST)
    packet = type(EMPTY)(11, payload)
    for _ in range(BURST):
        bench.feed(FIRST, EMPTY)
    bench.handle(PeerPackets(FIRST, (packet,)))
    assert excesses(bench) == {Excess.PEER_PACKETS: 1}
