"""What peers of Waku may send that is broken, out of place or too much, and what it costs whom."""

import tracemalloc

import pytest

from sottovoce.base.packets import Packet
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import WAKU_WORLD, Dialect
from sottovoce.gossip.events import (
    DirectPosted,
    DirectRequestReceived,
    Failure,
    GossipOutput,
    PacketsToSend,
    PeerFailed,
)
from sottovoce.gossip.options import StatusOptions, encode_option_status, encode_options
from sottovoce.gossip.patience import CAPACITY
from sottovoce.gossip.settings import MESSAGE_BYTES_MAX, PACKET_BYTES_MAX, GossipSettings
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from unit.gossip.network import STATUSES, Bench, hashes_to, make_envelope, messages

UPDATE = 22
PEER = 1
RUBBISH = Packet(UPDATE, b"\x01")
MAIL = GossipSettings(serves_mail=True, own_delay_s_max=0.0)
both = pytest.mark.parametrize("dialect", [STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1])


def greeted(dialect: Dialect = STATUS_GO_WAKU_V1, settings: GossipSettings | None = None) -> Bench:
    bench = Bench(dialect=dialect, settings=settings)
    bench.greet(PEER)
    return bench


def update(dialect: Dialect, options: StatusOptions) -> Packet:
    return Packet(UPDATE, encode_options(dialect, options))


def by_hand(dialect: Dialect, *said: tuple[int, rlp.Encodable]) -> Packet:
    as_text = dialect is STATUS_GO_WAKU_V0
    items = [(b"%d" % key if as_text else key, value) for key, value in said]
    return Packet(UPDATE, rlp.encode(items))


def failures(outputs: list[GossipOutput]) -> list[Failure]:
    return [output.failure for output in outputs if isinstance(output, PeerFailed)]


def topics(count: int, first: int = 0) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(first, first + count)]


# ---- out of place


@both
def test_update_before_the_status_ends_the_session(dialect: Dialect) -> None:
    bench = Bench(dialect=dialect)
    bench.join(PEER)
    outputs = bench.feed(PEER, update(dialect, StatusOptions(light=True)))
    assert failures(outputs) == [Failure.BROKEN_PACKET]


@both
def test_status_that_cannot_be_read_ends_the_session(dialect: Dialect) -> None:
    bench = Bench(dialect=dialect)
    bench.join(PEER)
    assert failures(bench.feed(PEER, Packet(0, b"\x01"))) == [Failure.BROKEN_PACKET]
    assert bench.relay.statistics.packets_skipped == 0


@both
def test_second_status_changes_nothing(dialect: Dialect) -> None:
    bench = greeted(dialect)
    assert bench.feed(PEER, Packet(0, encode_options(dialect, StatusOptions(light=True)))) == []
    assert bench.feed(PEER, Packet(0, b"rubbish")) == []
    assert not bench.session(PEER).light
    assert bench.relay.statistics.packets_skipped == 0


@both
@pytest.mark.parametrize("code", [2, 3, 20, 123, 124])
def test_codes_of_whisper_mean_nothing(dialect: Dialect, code: int) -> None:
    bench = greeted(dialect, MAIL)
    assert bench.feed(PEER, Packet(code, b"\x05")) == []
    assert bench.relay.statistics.packets_unknown == 1
    assert bench.session(PEER).wishes.minimum_pow == 0


@both
def test_request_for_history_tells_the_world_it_came_from(dialect: Dialect) -> None:
    bench = greeted(dialect, MAIL)
    payload = rlp.encode((bytes(32), 1, 2, 3, b"", bytes(64), (b"abcd",)))
    asked = DirectRequestReceived(PEER, payload, WAKU_WORLD)
    assert bench.feed(PEER, Packet(126, payload)) == [asked]
    six = rlp.encode((bytes(32), 1, 2, 3, b"", bytes(64)))
    assert bench.feed(PEER, Packet(126, six)) == []
    assert bench.relay.statistics.packets_skipped == 1


@both
def test_direct_envelope_is_sent_and_taken_in_a_list_only(dialect: Dialect) -> None:
    bench = Bench(dialect=dialect)
    bench.greet(PEER, trusted=True)
    envelope = make_envelope()
    (sent,) = bench.handle(DirectPosted(PEER, (envelope,)))
    assert sent == PacketsToSend(PEER, (Packet(127, rlp.encode_list([envelope.raw])),))
    bench.feed(PEER, Packet(127, envelope.raw))
    assert (bench.relay.statistics.direct_received, bench.relay.statistics.packets_skipped) == (
        0,
        1,
    )
    bench.feed(PEER, *sent.packets)
    assert bench.relay.statistics.direct_received == 1


# ---- broken


@both
def test_packet_that_cannot_be_read_is_skipped_counted_and_paid_for(dialect: Dialect) -> None:
    bench = greeted(dialect, MAIL)
    broken = [Packet(code, b"\x05") for code in (1, 11, 12, UPDATE, 126)]
    assert bench.feed(PEER, *broken) == []
    assert bench.relay.statistics.packets_skipped == len(broken)
    assert bench.session(PEER).patience.spend(CAPACITY - len(broken), bench.now.monotonic_s)
    # What comes behind it is read as ever.
    bench.feed(PEER, messages(make_envelope()))
    assert bench.relay.statistics.envelopes_pooled == 1


@both
def test_what_an_update_said_before_its_fault_stays(dialect: Dialect) -> None:
    bench = greeted(dialect)
    pow_bits = 0x3FD0000000000000
    assert bench.feed(PEER, by_hand(dialect, (0, pow_bits), (1, bytes(63)), (3, 0))) == []
    assert bench.session(PEER).wishes.minimum_pow == 0.25
    assert bench.session(PEER).wishes.is_full_node
    assert bench.session(PEER).confirmations
    assert bench.relay.statistics.packets_skipped == 1


@both
def test_what_an_update_widened_before_its_fault_is_sent(dialect: Dialect) -> None:
    bench = Bench(dialect=dialect)
    bench.join(PEER)
    hello = encode_option_status(dialect, StatusOptions(minimum_pow=1e9))
    bench.feed(PEER, Packet(0, hello))
    envelope = make_envelope()
    assert hashes_to(PEER, bench.post(envelope)) == []
    bench.wait(2)
    wider = by_hand(dialect, (0, 0), (1, b"no bloom filter"))
    assert hashes_to(PEER, bench.feed(PEER, wider)) == [envelope.hash]


@both
def test_light_node_that_says_so_late_is_refused_after_its_wishes(dialect: Dialect) -> None:
    bench = greeted(dialect, GossipSettings(light=True))
    said = StatusOptions(minimum_pow=0.5, light=True, confirmations=False)
    assert bench.feed(PEER, update(dialect, said)) == []
    session = bench.session(PEER)
    assert (session.wishes.minimum_pow, session.light, session.confirmations) == (0.5, False, True)


@both
def test_update_with_too_many_topics_changes_nothing(dialect: Dialect) -> None:
    bench = greeted(dialect)
    bench.feed(PEER, by_hand(dialect, (5, topics(10_000))))
    assert len(bench.session(PEER).wishes.topics or ()) == 10_000
    bench.feed(PEER, by_hand(dialect, (0, 0x3FD0000000000000), (5, topics(10_001))))
    assert len(bench.session(PEER).wishes.topics or ()) == 10_000
    assert bench.session(PEER).wishes.minimum_pow == 0
    assert bench.relay.statistics.packets_skipped == 1


@both
def test_packet_above_the_limit_ends_the_session_all_the_same(dialect: Dialect) -> None:
    bench = greeted(dialect)
    outputs = bench.feed(PEER, Packet(UPDATE, bytes(PACKET_BYTES_MAX + 1)))
    assert failures(outputs) == [Failure.BROKEN_PACKET]
    assert bench.relay.statistics.packets_skipped == 0


# ---- too much


def sent_before_the_end(bench: Bench, packet: Packet, *, left: float = CAPACITY) -> int:
    """Feed the same packet to the last of a peer's patience; count how many were read."""
    bench.session(PEER).patience.spend(CAPACITY - left, bench.now.monotonic_s)
    count = 1
    while failures(bench.feed(PEER, packet)) != [Failure.FLOOD]:
        count += 1
        assert count <= left
    return count


def test_flood_of_updates_is_paid_for_by_the_topic() -> None:
    # A tenth of the account: the whole of it is gone after 45 updates.
    many = by_hand(STATUS_GO_WAKU_V1, (5, topics(10_000)))
    assert sent_before_the_end(greeted(), many, left=CAPACITY / 10) == 5
    few = by_hand(STATUS_GO_WAKU_V1, (5, topics(10)))
    assert sent_before_the_end(greeted(), few, left=CAPACITY / 10) == 50


def test_node_that_installs_four_hundred_filters_one_by_one_is_kept() -> None:
    bench = greeted()
    for count in range(1, 401):
        assert bench.feed(PEER, by_hand(STATUS_GO_WAKU_V1, (5, topics(count)))) == []
    assert bench.session(PEER).is_greeted


def test_flood_of_what_cannot_be_read_is_paid_for_by_the_byte() -> None:
    assert sent_before_the_end(greeted(), Packet(UPDATE, b"\xc0" * MESSAGE_BYTES_MAX)) == 3
    assert sent_before_the_end(greeted(), RUBBISH, left=CAPACITY / 10) == 500


def test_answers_that_nobody_owes_are_paid_for_by_the_byte() -> None:
    answer = Packet(12, rlp.encode((1, (bytes(32), [(bytes(32), 21, b"no")] * 2000))))
    assert sent_before_the_end(greeted(), answer, left=CAPACITY / 10) == 4


# ---- a million options, lists in lists, four megabytes of rubbish


def full_list(part: bytes) -> bytes:
    """As many items as fit a packet, with room for what is around them."""
    return rlp.encode_list([part * ((PACKET_BYTES_MAX - 200) // len(part))])


def lists_in_lists(size_bytes: int) -> bytes:
    headers = [b"\xc0"]
    inside = 1
    while inside < size_bytes - 8:
        headers.append(rlp._header(inside, 0xC0))
        inside += len(headers[-1])
    return b"".join(reversed(headers))


def in_lists(*encoded: bytes) -> bytes:
    return rlp.encode_list([rlp.encode_list(encoded)])


ENDLESS = rlp.encode(bytes(PACKET_BYTES_MAX - 200))
TOPICS = full_list(b"\x84abcd")
BOMBS = {
    "bytes": full_list(b"\x01"),
    "empty strings": full_list(b"\x80"),
    "empty lists": full_list(b"\xc0"),
    "options": full_list(b"\xc2\x02\x01"),
    "options as text": full_list(b"\xc2\x32\x01"),
    "unknown options": full_list(b"\xc2\x63\x01"),
    "nested lists": lists_in_lists(PACKET_BYTES_MAX // 16),
    "a string": ENDLESS,
    "an endless key": in_lists(ENDLESS, b"\x01"),
    "an endless value": in_lists(b"\x63", ENDLESS),
    "an endless bloom": in_lists(b"\x01", ENDLESS),
    "topics": in_lists(b"\x05", TOPICS),
    "topics as text": in_lists(b"5", TOPICS),
    "refusals": rlp.encode_list(
        [b"\x01", rlp.encode_list([rlp.encode(bytes(32)), full_list(b"\xc3\x80\x01\x80")])]
    ),
    "a request's topics": rlp.encode_list(
        [rlp.encode(bytes(32)), b"\x01", b"\x02", b"\x03", b"\x80", b"\x80", TOPICS]
    ),
    "ten thousand topics": rlp.encode(((5, topics(10_000)),)),
    "ten thousand topics as text": rlp.encode(((b"5", topics(10_000)),)),
}
CODES = [0, 1, 11, 12, UPDATE, 125, 126, 127]


@both
@pytest.mark.parametrize("kind", BOMBS)
def test_bomb_takes_no_more_memory_than_four_times_its_size(dialect: Dialect, kind: str) -> None:
    payload = BOMBS[kind]
    assert len(payload) <= PACKET_BYTES_MAX
    for code in CODES:
        bench = Bench(dialect=dialect, settings=MAIL)
        bench.join(PEER, trusted=True)
        if code:
            bench.feed(PEER, STATUSES[dialect.status_form])
        tracemalloc.start()
        try:
            bench.feed(PEER, Packet(code, payload))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak <= 4 * len(payload) + 1024 * 1024, f"code {code}"
