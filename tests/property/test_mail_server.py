"""The mailserver under any bytes and any requests: one end each, and exactly what was archived."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import SECONDS_MAX
from sottovoce.gossip.sync_packets import SyncRequest, SyncResponse
from sottovoce.mail.request import HistoryRequest, bloom_of
from sottovoce.mail.server_events import (
    AskSync,
    FillAsked,
    RefuseSync,
    SendArchived,
    SendCompletion,
    SendSynced,
    ServerOutput,
    SyncArrived,
    SyncReceived,
)
from unit.mail.mail_bench import (
    FULL,
    PEER,
    SETTINGS,
    START_UNIX_S,
    Bench,
    asker,
    end,
    ends,
    envelope,
    request,
    sealed,
    sent,
)

TOPICS = [Topic(bytes([number, 2 * number, 3, number % 8])) for number in range(5)]
HELD = [envelope(n, topic=TOPICS[n % 5], after_s=n // 3, size=20 + n) for n in range(40)]
FULL_BENCH = Bench(replace(SETTINGS, requests_per_hour=10**9, envelopes_per_hour=10**9))
FULL_BENCH.keep(*HELD)

seconds = st.integers(START_UNIX_S - 3, START_UNIX_S + 20) | st.sampled_from([0, 1, SECONDS_MAX])
numbers = st.integers(0, SECONDS_MAX)
items = st.tuples(
    seconds | numbers,
    seconds | numbers,
    st.sampled_from([FULL, b""]) | st.binary(max_size=70),
    st.lists(st.binary(max_size=6), max_size=4),
    st.integers(0, 2000) | numbers,
    st.binary(max_size=40) | st.binary(min_size=36, max_size=36),
    st.integers(0, 3),
)


def fresh() -> Bench:
    bench = Bench()
    bench.keep(*HELD[:3])
    return bench


def is_in(bloom: int, topic: Topic) -> bool:
    return topic_bloom(topic) & bloom == topic_bloom(topic)


def is_served(outputs: list[ServerOutput]) -> bool:
    """Tell whether there is one end, the last, and only envelopes before it."""
    *packets, last = outputs
    return isinstance(last, SendCompletion) and all(
        isinstance(packet, SendArchived) for packet in packets
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_survived_and_have_one_end_at_most(payload: bytes) -> None:
    outputs = fresh().ask(payload)
    assert not outputs or is_served(outputs)


@given(st.binary(max_size=150))
def test_anything_under_the_password_has_exactly_one_end(payload: bytes) -> None:
    assert is_served(fresh().ask(sealed(payload, pow=0.0005)))


@given(items)
def test_any_list_of_seven_items_has_exactly_one_end(values: tuple[rlp.Encodable, ...]) -> None:
    assert is_served(fresh().ask(sealed(rlp.encode(values), pow=0.0005)))


@given(items)
def test_any_plain_list_has_exactly_one_end(values: tuple[rlp.Encodable, ...]) -> None:
    lower, upper, bloom, _, limit, cursor, _ = values
    plain = rlp.encode((b"\x09" * 32, lower, upper, limit, cursor, bloom))
    assert is_served(fresh().ask(plain))


@given(st.integers(0, 400), st.binary(max_size=3))
def test_damaged_request_is_survived(at: int, junk: bytes) -> None:
    raw = request().raw
    outputs = fresh().ask(raw[:at] + junk + raw[at + len(junk) :])
    assert not outputs or is_served(outputs)


@given(seconds, seconds, st.binary(max_size=70), numbers, st.binary(max_size=40))
def test_any_sync_request_has_one_end(
    lower: int, upper: int, bloom: bytes, limit: int, cursor: bytes
) -> None:
    wanted = SyncRequest(lower, upper, bloom, limit, cursor)
    *packets, last = fresh().handle(SyncReceived(PEER, asker(), wanted))
    assert isinstance(last, RefuseSync) or (isinstance(last, SendSynced) and last.final)
    assert all(isinstance(packet, SendSynced) and not packet.final for packet in packets)


@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans(), st.integers(0, 3)), max_size=12))
def test_any_answers_of_another_mailserver_are_survived(
    packets: list[tuple[bytes, bool, int]],
) -> None:
    bench = Bench()
    (ask,) = bench.handle(FillAsked(PEER, asker(), START_UNIX_S - 10))
    assert isinstance(ask, AskSync)
    for cursor, final, count in packets:
        bench.handle(SyncArrived(PEER, SyncResponse(tuple(HELD[:count]), cursor, final)))
    bench.wait(30)
    assert bench.server.sizes()["fillings"] == 0 or packets


@given(
    lower=st.integers(START_UNIX_S - 2, START_UNIX_S + 16),
    length=st.integers(0, 16),
    named=st.frozensets(st.sampled_from(TOPICS)),
    blurred=st.booleans(),
    limit=st.integers(1, 12),
    batch=st.booleans(),
)
def test_pages_together_are_exactly_what_was_asked_for(
    *,
    lower: int,
    length: int,
    named: frozenset[Topic],
    blurred: bool,
    limit: int,
    batch: bool,
) -> None:
    wanted = HistoryRequest(
        lower,
        lower + length,
        bloom_of(named) if named else FULL,
        () if blurred else tuple(named),
        limit,
        b"",
        batch,
    )
    found = []
    while True:
        outputs = FULL_BENCH.ask(wanted)
        assert len(ends(outputs)) == 1
        page = sent(outputs)
        assert len(page) <= limit
        found += page
        if not end(outputs).cursor:
            break
        wanted = replace(wanted, cursor=end(outputs).cursor)
    bloom = int.from_bytes(wanted.bloom, "big")
    expected = [
        each
        for each in sorted(HELD, key=lambda each: (each.sent_unix_s, each.hash))
        if lower <= each.sent_unix_s <= lower + length
        and (each.topic in wanted.topics if wanted.topics else is_in(bloom, each.topic))
    ]
    assert found == expected
