"""The mailserver put together: storing, cleaning and serving at the same time."""

from dataclasses import replace

from sottovoce.base.moment import Moment
from sottovoce.mail.archive import ArchiveSize, Page
from sottovoce.mail.cleaning import CLEANING_PERIOD_S, CLEANING_RETRY_S
from sottovoce.mail.server_events import (
    ArchivingChanged,
    CleanArchive,
    Cleaned,
    CleaningFailed,
    EnvelopesReceived,
    PageFound,
    QueryArchive,
    QueryFailed,
    StoreBatch,
    Stored,
    StoreFailed,
)
from sottovoce.mail.settings import DAY_S, Retention
from unit.mail.mail_bench import SETTINGS, START, Bench, end, envelope, sent

ONE, TWO = envelope(1), envelope(2)


def after(seconds: float) -> Moment:
    return Moment(START.monotonic_s + seconds, START.unix_s + seconds)


def test_what_arrives_is_archived_and_handed_out() -> None:
    bench = Bench()
    bench.keep(ONE)
    bench.keep(ONE, TWO)
    assert set(sent(bench.ask())) == {ONE, TWO}
    statistics = bench.server.statistics
    assert (statistics.archived, statistics.duplicates) == (2, 1)


def test_archive_that_fails_is_told_once_and_queries_go_on() -> None:
    bench = Bench()
    bench.keep(ONE)
    bench.answering = False
    assert bench.handle(EnvelopesReceived((TWO,))) == [StoreBatch((TWO,))]
    assert bench.handle(StoreFailed("the disk is full")) == [ArchivingChanged("the disk is full")]
    assert bench.server.trouble == "the disk is full"
    assert bench.server.next_deadline() == after(0.5).monotonic_s
    (asked,) = bench.ask()
    assert isinstance(asked, QueryArchive)
    assert bench.wait(0.5) == [StoreBatch((TWO,))]
    assert bench.handle(StoreFailed("the disk is full")) == []
    assert bench.wait(1.0) == [StoreBatch((TWO,))]
    assert bench.handle(Stored(1)) == [ArchivingChanged("")]
    assert bench.server.trouble == ""


def test_archive_that_cannot_be_read_is_trouble_until_it_can_be() -> None:
    bench = Bench()
    bench.answering = False
    (asked,) = bench.ask()
    assert isinstance(asked, QueryArchive)
    (_, told) = bench.handle(QueryFailed(asked.job, "the database is gone"))
    assert told == ArchivingChanged("the database is gone")
    (asked,) = bench.ask()
    assert isinstance(asked, QueryArchive)
    (*_, told) = bench.handle(PageFound(asked.job, Page()))
    assert told == ArchivingChanged("")


def test_archive_that_could_not_be_read_is_looked_at_soon_though_nobody_asks() -> None:
    bench = Bench()
    bench.answering = False
    bench.wait(CLEANING_PERIOD_S / 2)
    bench.handle(Cleaned(0, ArchiveSize(0, 0, None)))
    (asked,) = bench.ask()
    assert isinstance(asked, QueryArchive)
    bench.handle(QueryFailed(asked.job, "the database is gone"))
    (cleaning,) = bench.wait(CLEANING_RETRY_S)
    assert isinstance(cleaning, CleanArchive)
    assert bench.handle(Cleaned(0, ArchiveSize(0, 0, None))) == [ArchivingChanged("")]


def test_buffer_that_overflows_is_told_once_and_its_end_too() -> None:
    bench = Bench(replace(SETTINGS, buffer_envelopes_max=1))
    bench.answering = False
    assert bench.handle(EnvelopesReceived((ONE,))) == [StoreBatch((ONE,))]
    (told,) = bench.handle(EnvelopesReceived((TWO,)))
    assert isinstance(told, ArchivingChanged)
    assert "lost" in told.trouble
    assert bench.handle(EnvelopesReceived((TWO,))) == []
    assert bench.server.statistics.dropped == 2
    assert bench.handle(Stored(1)) == [ArchivingChanged("")]


def test_archive_is_cleaned_of_what_is_too_old_and_too_much() -> None:
    bench = Bench(replace(SETTINGS, retention=Retention(days=1, envelopes_max=2)))
    old = envelope(0, after_s=-DAY_S + 30)
    bench.keep(old, *(envelope(number, after_s=number) for number in range(1, 6)))
    assert bench.wait(59) == []
    bench.wait(1)
    statistics = bench.server.statistics
    assert statistics.cleaned == 4
    assert statistics.archive_envelopes == 2
    assert statistics.archive_oldest_unix_s == START.unix_whole_s + 4
    assert bench.server.next_deadline() == after(3660).monotonic_s


def test_failing_cleaning_is_told_and_tried_again() -> None:
    bench = Bench()
    bench.answering = False
    (wish,) = bench.wait(60)
    assert isinstance(wish, CleanArchive)
    assert bench.handle(CleaningFailed("no")) == [ArchivingChanged("no")]
    assert bench.wait(60) == [replace(wish, before_unix_s=(wish.before_unix_s or 0) + 60)]
    assert bench.handle(Cleaned(0, ArchiveSize(0, 0, None))) == [ArchivingChanged("")]


def test_envelopes_are_stored_while_a_query_is_under_way() -> None:
    bench = Bench()
    bench.answering = False
    assert isinstance(bench.ask()[0], QueryArchive)
    assert bench.handle(EnvelopesReceived((ONE,))) == [StoreBatch((ONE,))]


def test_sizes_name_everything_that_strangers_can_make_grow() -> None:
    bench = Bench()
    bench.keep(ONE)
    assert end(bench.ask()).error is None
    assert bench.server.sizes() == {
        "open requests": 0,
        "topics of open requests": 0,
        "peers that ask": 0,
        "held refusals": 0,
        "askers": 1,
        "envelopes to archive": 0,
        "bytes to archive": 0,
        "fillings": 0,
    }
