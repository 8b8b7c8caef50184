from dataclasses import astuple, fields

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import bloom_of_topics, bloom_to_bytes
from sottovoce.gossip.confirmations import Refusal, batch_hash, encode_message_response
from sottovoce.gossip.events import FilterInstalled, PeerLeft
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.keyring import symmetric_key_from_password
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.traffic import Amount, Flow, Tally, TopicTable
from unit.gossip.network import (
    OTHER_TOPIC,
    TOPIC,
    Bench,
    make_envelope,
    messages,
    packets_to,
    status,
)

MESSAGE_RESPONSE = 12


def row_of(bench: Bench, topic: Topic | None = TOPIC) -> tuple[Flow, Flow]:
    """Return what a topic received and sent."""
    [row] = [row for row in bench.relay.traffic().topics if row.topic == topic]
    return row.carried.received, row.carried.sent


def peer_of(bench: Bench, number: int) -> tuple[Flow, Flow]:
    """Return what a peer sent us, and what it got."""
    [row] = [row for row in bench.relay.traffic().sessions if row.peer == number]
    return row.carried.received, row.carried.sent


@pytest.fixture
def bench() -> Bench:
    """A relay with two peers that want everything."""
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    return bench


def test_new_envelope_is_useful_for_us_and_for_whoever_gets_it(bench: Bench) -> None:
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    one = Amount(1, len(envelope.raw))
    assert peer_of(bench, 1)[0].useful == one
    assert peer_of(bench, 1)[1].useful == Amount()
    assert peer_of(bench, 2)[1].useful == one
    assert [flow.useful for flow in row_of(bench)] == [one, one]


def test_envelope_that_we_have_is_a_duplicate(bench: Bench) -> None:
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    bench.feed(1, messages(envelope, envelope))
    assert peer_of(bench, 1)[0].duplicate == Amount(2, 2 * len(envelope.raw))
    assert row_of(bench)[0].duplicate == Amount(2, 2 * len(envelope.raw))


def test_copy_that_crossed_on_the_wire_was_sent_twice(bench: Bench) -> None:
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    for _ in range(2):  # It crosses once, whatever else the peer sends.
        bench.feed(2, messages(envelope))
        assert peer_of(bench, 2)[1].useful == Amount()
        assert peer_of(bench, 2)[1].duplicate == Amount(1, len(envelope.raw))
        assert row_of(bench)[1].duplicate == Amount(1, len(envelope.raw))


def test_refused_envelope_is_unwanted_and_opens_no_row(bench: Bench) -> None:
    bad = make_envelope(topic=OTHER_TOPIC, ttl_s=10**6, pow=0)
    bench.feed(1, messages(bad))
    assert peer_of(bench, 1)[0].unwanted == Amount(1, len(bad.raw))
    assert row_of(bench, None)[0].unwanted == Amount(1, len(bad.raw))


def test_own_envelope_that_a_peer_refuses_is_unwanted_there(bench: Bench) -> None:
    envelope = make_envelope()
    [packet, *_] = packets_to(1, bench.post(envelope) + bench.wait(1.0))
    response = encode_message_response(
        batch_hash(packet.payload), [Refusal(envelope.hash, 1, "no")], 1000
    )
    bench.feed(1, Packet(MESSAGE_RESPONSE, response))
    assert peer_of(bench, 1)[1].unwanted == Amount(1, len(envelope.raw))
    assert peer_of(bench, 1)[1].useful == Amount()
    assert peer_of(bench, 2)[1].useful == Amount(1, len(envelope.raw))
    bench.feed(1, messages(envelope))  # It takes nothing off twice.
    assert peer_of(bench, 1)[1].unwanted == Amount(1, len(envelope.raw))
    assert peer_of(bench, 1)[1].duplicate == Amount()


def test_what_only_a_bloom_filter_let_pass_is_unwanted() -> None:
    # Bits of two wanted topics make up those of a third: what a false positive is.
    bloom = bloom_to_bytes(bloom_of_topics((TOPIC, OTHER_TOPIC)))
    bench = Bench(
        settings=GossipSettings(own_delay_s_max=0.0, interest=Interest.BLOOM, bloom=bloom)
    )
    bench.greet(1)
    key = symmetric_key_from_password("a chat")
    bench.handle(FilterInstalled(1, Filter(key, frozenset({TOPIC}))))
    wanted, unheard = make_envelope(), make_envelope(topic=OTHER_TOPIC)
    bench.feed(1, messages(wanted, unheard))
    assert bench.relay.statistics.envelopes_pooled == 2
    received = peer_of(bench, 1)[0]
    assert received.useful == Amount(1, len(wanted.raw))
    assert received.unwanted == Amount(1, len(unheard.raw))
    assert row_of(bench, OTHER_TOPIC)[0].unwanted == Amount(1, len(unheard.raw))


def test_bytes_of_a_peer_are_those_of_its_packets(bench: Bench) -> None:
    hello, packet = status(), messages(make_envelope(), make_envelope(b"more"))
    bench.feed(1, packet)
    received, _ = peer_of(bench, 1)
    assert received.bytes == len(hello.payload) + len(packet.payload)
    assert 0 < received.other_bytes < received.bytes
    statistics, total = bench.relay.statistics, bench.relay.traffic().total
    assert total.received.bytes == statistics.payload_bytes_received
    assert total.sent.bytes == statistics.payload_bytes_sent


def test_total_keeps_peers_that_left(bench: Bench) -> None:
    envelope = make_envelope()
    bench.feed(1, messages(envelope))
    before = bench.relay.traffic().total
    bench.handle(PeerLeft(1))
    after = bench.relay.traffic()
    assert after.total == before
    assert [session.peer for session in after.sessions] == [2]


# ---- the table of topics


def numbered(number: int) -> Topic:
    return Topic(number.to_bytes(4, "big"))


def test_flood_of_topics_takes_no_row_of_one_that_is_heard() -> None:
    table = TopicTable(lambda topic: topic == TOPIC, rows_max=8)
    heard = table.open(TOPIC)
    heard.tally.received_useful += 1
    for number in range(1000):
        table.open(numbered(number)).tally.received_useful_bytes += 1
        assert len(table.rows) <= 9
    assert table.rows[TOPIC] is heard
    assert sum(row.carried.received.useful.bytes for row in table.snapshot()) == 1000


def test_topics_that_carried_most_keep_their_rows() -> None:
    table = TopicTable(lambda _: False, rows_max=4)
    for number in range(4):
        table.open(numbered(number)).tally.sent_useful_bytes += number
    table.open(numbered(9))
    assert set(table.rows) == {numbered(2), numbered(3), numbered(9)}


def test_row_that_was_given_up_counts_for_the_others() -> None:
    table = TopicTable(lambda _: False, rows_max=2)
    first = table.open(numbered(0))
    for number in range(1, 4):
        table.open(numbered(number)).tally.sent_useful_bytes += 5
    first.tally.sent_useful += 1
    first.tally.sent_useful_bytes += 7
    *_, others = table.snapshot()
    assert others.topic is None
    assert others.carried.sent.useful.envelopes == 1


def test_table_of_one_row_works() -> None:
    table = TopicTable(lambda _: False, rows_max=1)
    for number in range(5):
        table.open(numbered(number))
    assert len(table.rows) == 1


def test_topics_are_told_the_heaviest_first_and_not_shown() -> None:
    table = TopicTable(lambda topic: topic == numbered(2), rows_max=8)
    for number in range(4):
        table.open(numbered(number)).tally.received_useful_bytes += number
    rows = table.snapshot()
    assert [row.topic for row in rows] == [numbered(number) for number in (3, 2, 1, 0)]
    assert [row.is_heard for row in rows] == [False, True, False, False]
    assert "topic=" not in repr(rows)


def test_tallies_add_up() -> None:
    tally, other = Tally(received_useful=1), Tally(*range(12))
    tally.add(other)
    assert astuple(tally) == (1, *range(1, 12))
    assert len(fields(tally)) == 12
