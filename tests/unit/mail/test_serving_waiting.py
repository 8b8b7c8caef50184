"""Answers include what waits to be archived, wherever it is on its way."""

from dataclasses import replace
from itertools import count
from random import Random

import pytest

from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.sync_packets import SyncRequest
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_events import (
    EnvelopesReceived,
    PageFound,
    PeerLeft,
    QueryArchive,
    QueryFailed,
    SendSynced,
    ServerOutput,
    StoreBatch,
    Stored,
    StoreFailed,
    SyncReceived,
)
from sottovoce.mail.settings import ServerSettings
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
    envelope,
    error,
    sent,
    wanted_topics,
)

SIX = [envelope(number, after_s=number) for number in range(6)]


class SlowBench(Bench):
    """A mailserver whose archive answers when it is told to."""

    def __init__(self, settings: ServerSettings = SETTINGS) -> None:
        super().__init__(settings)
        self.answering = False

    def take(self, *envelopes: Envelope) -> StoreBatch | None:
        """Let envelopes come in; returns the batch that is to be stored."""
        return batch(self.handle(EnvelopesReceived(envelopes)))

    def store(self, wish: StoreBatch) -> StoreBatch | None:
        """Let a batch come onto the disk and the machine know; returns the next one."""
        return batch(self.handle(Stored(self.archive.store(wish.envelopes))))

    def query(self, wanted: HistoryRequest = WANTED) -> QueryArchive:
        """Ask; returns what the archive is asked."""
        (wish,) = self.ask(wanted)
        assert isinstance(wish, QueryArchive)
        return wish

    def answer(self, wish: QueryArchive) -> list[ServerOutput]:
        """Let the archive look now."""
        return self.handle(PageFound(wish.job, self.archive.query(wish.selection)))


def batch(outputs: list[ServerOutput]) -> StoreBatch | None:
    return next((it for it in outputs if isinstance(it, StoreBatch)), None)


def test_what_waits_is_sent_in_its_place() -> None:
    bench = SlowBench()
    wish = bench.take(SIX[0], SIX[3])
    assert wish
    # The batch of these two is through; one more is under way, and the rest waits behind it.
    bench.store(wish)
    bench.take(SIX[4])
    bench.take(SIX[1], SIX[5], SIX[2])
    outputs = bench.answer(bench.query())
    assert sent(outputs) == SIX
    completion = end(outputs)
    assert (completion.cursor, completion.last_envelope) == (b"", SIX[5].hash)
    statistics = bench.server.statistics
    assert (statistics.envelopes_sent, statistics.waiting_envelopes) == (6, 4)


def test_what_waits_is_chosen_as_the_archive_chooses() -> None:
    bench = SlowBench()
    other = envelope(9, topic=OTHER_TOPIC)
    bench.take(*SIX, other)
    assert sent(bench.answer(bench.query(wanted_topics(TOPIC)))) == SIX
    assert sent(bench.answer(bench.query(wanted_topics(OTHER_TOPIC, blurred=True)))) == [other]
    bounds = replace(wanted_topics(TOPIC), from_unix_s=START_UNIX_S + 1, to_unix_s=START_UNIX_S + 3)
    assert sent(bench.answer(bench.query(bounds))) == SIX[1:4]


def test_archive_that_refuses_to_store_hides_nothing() -> None:
    bench = SlowBench()
    bench.take(*SIX)
    bench.handle(StoreFailed("the disk is full"))
    assert sent(bench.answer(bench.query())) == SIX


def test_what_can_never_be_stored_is_not_sent_any_more() -> None:
    bench = SlowBench()
    bench.take(SIX[0])
    bench.handle(StoreFailed("it is refused for ever", is_in_vain=True))
    assert sent(bench.answer(bench.query())) == []


def test_archive_that_cannot_be_read_is_no_answer_of_what_waits() -> None:
    bench = SlowBench()
    bench.take(*SIX)
    assert "ask again later" in error(bench.handle(QueryFailed(bench.query().job, "no")))


@pytest.mark.parametrize("found_first", [False, True])
def test_envelope_that_is_stored_while_the_archive_is_asked_is_sent_once(
    *, found_first: bool
) -> None:
    bench = SlowBench()
    stored = bench.take(*SIX)
    assert stored
    wish = bench.query()
    page = bench.archive.query(wish.selection)
    bench.store(stored)
    if not found_first:
        page = bench.archive.query(wish.selection)
    assert sent(bench.handle(PageFound(wish.job, page))) == SIX


def test_envelope_on_the_disk_of_which_the_machine_does_not_know_is_sent_once() -> None:
    bench = SlowBench()
    stored = bench.take(*SIX)
    assert stored
    bench.archive.store(stored.envelopes)
    assert sent(bench.answer(bench.query())) == SIX


def test_what_comes_after_the_question_is_in_the_next_answer() -> None:
    bench = SlowBench()
    wish = bench.query()
    bench.take(*SIX)
    assert sent(bench.answer(wish)) == []
    assert sent(bench.answer(bench.query())) == SIX


def test_limit_and_bytes_bound_both_together() -> None:
    size = len(SIX[0].raw)
    for settings, wanted in (
        (SETTINGS, replace(WANTED, limit=3)),
        (replace(SETTINGS, answer_bytes_max=3 * size), WANTED),
    ):
        bench = SlowBench(settings)
        stored = bench.take(*SIX[::2])
        assert stored
        bench.store(stored)
        bench.take(*SIX[1::2])
        outputs = bench.answer(bench.query(wanted))
        assert sent(outputs) == SIX[:3]
        assert end(outputs).last_envelope == SIX[2].hash
        further = bench.answer(bench.query(replace(wanted, cursor=end(outputs).cursor)))
        assert sent(further) == SIX[3:]


def test_other_mailserver_gets_what_waits_too() -> None:
    bench = SlowBench()
    bench.take(*SIX)
    wanted = SyncRequest(START_UNIX_S, START_UNIX_S + 60, FULL, 1000)
    (wish,) = bench.handle(SyncReceived(PEER, asker(PEER), wanted))
    assert isinstance(wish, QueryArchive)
    raws = tuple(each.raw for each in SIX)
    assert bench.answer(wish) == [SendSynced(PEER, raws), SendSynced(PEER, (), b"", final=True)]


def test_answer_for_a_peer_that_left_goes_nowhere() -> None:
    bench = SlowBench()
    bench.take(*SIX)
    wish = bench.query()
    bench.handle(PeerLeft(PEER))
    assert bench.answer(wish) == []
    assert sent(bench.answer(bench.query())) == SIX


@pytest.mark.parametrize("seed", range(20))
def test_pages_miss_nothing_and_repeat_nothing_while_batches_are_stored(seed: int) -> None:
    random = Random(seed)
    limit, size = random.randint(1, 7), len(SIX[0].raw)
    bench = SlowBench(replace(SETTINGS, answer_bytes_max=random.randint(1, 9) * size))
    all_of = [envelope(number, after_s=random.randrange(20)) for number in range(60)]
    early, young = all_of[:40], all_of[40:]
    under_way = bench.take(*early[:20])
    if random.random() < 0.5:
        under_way = under_way and bench.store(under_way)
    under_way = bench.take(*early[20:]) or under_way
    wanted, found = replace(WANTED, limit=limit), []
    for page in count():
        wish = bench.query(wanted)
        looks_first = random.random() < 0.5
        result = bench.archive.query(wish.selection)
        if under_way and random.random() < 0.3:
            under_way = bench.store(under_way)
        if young and random.random() < 0.3:
            under_way = bench.take(young.pop()) or under_way
        if not looks_first:
            result = bench.archive.query(wish.selection)
        outputs = bench.handle(PageFound(wish.job, result))
        found += sent(outputs)
        cursor = end(outputs).cursor
        assert page < 100
        if not cursor:
            break
        wanted = replace(wanted, cursor=cursor)
    places = [(each.sent_unix_s, each.hash) for each in found]
    assert places == sorted(set(places))
    assert set(early) <= set(found) <= set(all_of)
