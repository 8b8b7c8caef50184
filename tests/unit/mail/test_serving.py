"""Requests from their arrival to their answer."""

from dataclasses import replace

import pytest

from sottovoce.gossip.dialect import WAKU_WORLD, WHISPER_WORLD
from sottovoce.gossip.direct_packets import decode_completion_body
from sottovoce.gossip.sync_packets import SyncRequest
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_events import (
    PageFound,
    PeerBlocked,
    PeerDrained,
    PeerLeft,
    QueryArchive,
    QueryFailed,
    RefuseSync,
    RequestReceived,
    SendArchived,
    SendCompletion,
    SendSynced,
    ServerOutput,
    SyncReceived,
)
from sottovoce.mail.server_statistics import Refusal
from unit.mail.mail_bench import (
    FULL,
    OTHER_TOPIC,
    PEER,
    SETTINGS,
    START_UNIX_S,
    TOPIC,
    WANTED,
    Bench,
    asker,
    end,
    ends,
    envelope,
    error,
    request,
    sealed,
    sent,
    wanted_topics,
)

TEN = [envelope(number, after_s=number) for number in range(10)]


def query(outputs: list[ServerOutput]) -> QueryArchive:
    (wish,) = outputs
    assert isinstance(wish, QueryArchive)
    return wish


def test_everything_is_sent_in_order_and_then_its_end() -> None:
    bench = Bench()
    bench.keep(*TEN)
    outputs = bench.ask()
    assert sent(outputs) == TEN
    completion = end(outputs)
    assert completion.request_id == request().hash
    assert completion.last_envelope == TEN[-1].hash
    assert completion.cursor == b""
    statistics = bench.server.statistics
    assert (statistics.answered, statistics.envelopes_sent) == (1, 10)
    assert statistics.bytes_sent == sum(len(each.raw) for each in TEN)


def test_pages_follow_their_cursors_until_nothing_is_left() -> None:
    bench = Bench()
    bench.keep(*TEN)
    wanted, found, pages = replace(WANTED, limit=3), [], 0
    while True:
        outputs = bench.ask(wanted)
        found += sent(outputs)
        pages += 1
        cursor = end(outputs).cursor
        if not cursor:
            break
        wanted = replace(wanted, cursor=cursor)
    assert found == TEN
    assert pages == 4


def test_answer_that_grows_too_large_ends_with_a_cursor() -> None:
    bench = Bench(replace(SETTINGS, answer_bytes_max=3 * len(TEN[0].raw)))
    bench.keep(*TEN)
    outputs = bench.ask()
    assert sent(outputs) == TEN[:3]
    # The limit was not reached, so the last one needs no packet of its own.
    assert sum(isinstance(output, SendArchived) for output in outputs) == 1
    further = bench.ask(replace(WANTED, cursor=end(outputs).cursor))
    assert sent(further) == TEN[3:6]


def test_topics_that_are_named_are_given_exactly_and_a_filter_by_its_bits() -> None:
    bench = Bench()
    ours, other = envelope(1), envelope(2, topic=OTHER_TOPIC)
    bench.keep(ours, other)
    assert sent(bench.ask(replace(wanted_topics(TOPIC), bloom=FULL))) == [ours]
    assert sent(bench.ask(wanted_topics(TOPIC, blurred=True))) == [ours]
    assert sent(bench.ask(replace(WANTED, topics=()))) == sorted(
        [ours, other], key=lambda each: each.hash
    )


def test_nothing_found_is_an_answer() -> None:
    outputs = Bench().ask()
    assert not sent(outputs)
    assert end(outputs).error is None
    assert end(outputs).last_envelope == bytes(32)


def test_archive_that_cannot_be_read_is_said_and_is_no_empty_answer() -> None:
    bench = Bench()
    bench.answering = False
    job = query(bench.ask()).job
    outputs = bench.handle(QueryFailed(job, "the disk of somebody is broken"))
    assert error(outputs) == "the archive cannot be read at present; ask again later"
    assert bench.server.statistics.refused[Refusal.ARCHIVE] == 1


def test_limits_are_said_out_loud() -> None:
    bench = Bench(replace(SETTINGS, requests_per_hour=1))
    assert end(bench.ask()).error is None
    assert error(bench.ask()) == "rate limit exceeded: 1 requests an hour; ask again in 3600 s"
    assert bench.server.statistics.refused[Refusal.RATE] == 1


def test_limits_survive_a_reconnect() -> None:
    bench = Bench(replace(SETTINGS, pause_s=60.0))
    bench.ask()
    bench.handle(PeerLeft(PEER))
    assert error(bench.ask()) == "rate limit exceeded"
    bench.wait(60)
    assert end(bench.ask()).error is None


def test_envelopes_that_were_sent_are_counted_by_the_hour() -> None:
    bench = Bench(replace(SETTINGS, envelopes_per_hour=10))
    bench.keep(*TEN)
    assert len(sent(bench.ask())) == 10
    assert error(bench.ask()) == "rate limit exceeded: 10 envelopes an hour; ask again in 360 s"


def test_request_that_is_invalid_does_not_count_for_the_pause() -> None:
    bench = Bench(replace(SETTINGS, pause_s=60.0))
    assert error(bench.ask(sealed(b""))) == "Undersized p2p request"
    assert end(bench.ask()).error is None


def test_fifth_open_request_is_refused() -> None:
    bench = Bench()
    bench.answering = False
    outputs = [bench.ask() for _ in range(5)]
    assert [len(each) for each in outputs] == [1, 0, 0, 0, 1]
    assert "4 of your requests wait" in error(outputs[-1])
    assert bench.server.statistics.open_requests == 4


def test_requests_of_a_blocked_peer_wait_until_it_reads() -> None:
    bench = Bench()
    bench.keep(*TEN)
    bench.handle(PeerBlocked(PEER))
    assert bench.ask() == []
    assert bench.ask(sealed(b"")) == []
    outputs = bench.handle(PeerDrained(PEER))
    assert sent(outputs) == TEN
    assert [completion.error for completion in ends(outputs)] == ["Undersized p2p request", None]


def test_blocked_peer_that_asks_on_and_on_grows_nothing() -> None:
    bench = Bench()
    bench.handle(PeerBlocked(PEER))
    for _ in range(1000):
        assert bench.ask() == []
    assert bench.server.sizes()["open requests"] == 4
    assert bench.server.sizes()["held refusals"] == 16
    assert bench.server.statistics.untold == 1000 - 4 - 16


def test_answer_for_a_peer_that_left_goes_nowhere() -> None:
    bench = Bench()
    bench.answering = False
    wish = query(bench.ask())
    bench.handle(PeerLeft(PEER))
    assert bench.handle(PageFound(wish.job, bench.archive.query(wish.selection))) == []
    assert bench.server.statistics.open_requests == 0


def test_unreadable_request_is_counted_and_has_no_answer() -> None:
    bench = Bench()
    assert bench.ask(b"\x00\x01\x02") == []
    assert bench.server.statistics.refused[Refusal.UNREADABLE] == 1


def test_upper_bound_at_the_end_of_time_finds_nothing_without_asking_the_archive() -> None:
    bench = Bench()
    bench.keep(*TEN)
    bench.answering = False
    outputs = bench.ask(replace(WANTED, to_unix_s=0xFFFFFFFF))
    assert end(outputs).error is None
    assert not sent(outputs)


# ---- sync


def ask_sync(bench: Bench, wanted: SyncRequest) -> list[ServerOutput]:
    return bench.handle(SyncReceived(PEER, asker(PEER), wanted))


EVERYTHING = SyncRequest(START_UNIX_S, START_UNIX_S + 60, FULL, 1000)


def test_other_mailserver_gets_packets_and_a_last_one_with_the_cursor() -> None:
    bench = Bench()
    bench.keep(*TEN)
    *packets, last = ask_sync(bench, replace(EVERYTHING, limit=4))
    raws = [each.raw for each in TEN]
    assert packets == [SendSynced(PEER, tuple(raws[:3])), SendSynced(PEER, (raws[3],))]
    assert isinstance(last, SendSynced)
    assert last.final
    outputs = ask_sync(bench, replace(EVERYTHING, cursor=last.cursor))
    assert outputs == [SendSynced(PEER, tuple(raws[4:])), SendSynced(PEER, (), b"", final=True)]


def test_sync_is_refused_with_its_own_texts() -> None:
    bench = Bench(replace(SETTINGS, pause_s=60.0))
    no_bloom = ask_sync(bench, replace(EVERYTHING, bloom=b""))
    assert no_bloom == [RefuseSync(PEER, "request is invalid: bloom filter is empty")]
    ask_sync(bench, EVERYTHING)
    again = ask_sync(bench, EVERYTHING)
    assert again == [RefuseSync(PEER, "requests per seconds limit exceeded")]


def test_failing_archive_refuses_sync() -> None:
    bench = Bench()
    bench.answering = False
    job = query(ask_sync(bench, EVERYTHING)).job
    (refused, _) = bench.handle(QueryFailed(job, "no"))
    assert isinstance(refused, RefuseSync)


@pytest.mark.parametrize("limit", [0, 1000])
def test_limit_of_zero_is_the_largest(limit: int) -> None:
    bench = Bench()
    bench.answering = False
    wanted = HistoryRequest(START_UNIX_S, START_UNIX_S + 1, FULL, limit=limit)
    assert query(bench.ask(wanted)).selection.limit == 1000


def test_error_of_a_request_is_that_of_the_world_it_came_from() -> None:
    old = sealed(b"\x01").raw
    texts = []
    for world in (WHISPER_WORLD, WAKU_WORLD):
        (output,) = Bench().handle(RequestReceived(PEER, asker(PEER), old, world))
        assert isinstance(output, SendCompletion)
        texts.append(decode_completion_body(output.body).error)
    assert texts[0] == "Undersized p2p request"
    assert (texts[1] or "").startswith("failed to decode data: ")
