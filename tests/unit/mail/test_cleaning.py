"""When an archive is cleaned."""

from sottovoce.base.moment import Moment
from sottovoce.mail.archive import ArchiveSize
from sottovoce.mail.cleaning import Cleaning
from sottovoce.mail.server_events import CleanArchive, Cleaned
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import Retention
from unit.mail.mail_bench import START, START_UNIX_S


def after(seconds: float) -> Moment:
    return Moment(START.monotonic_s + seconds, START.unix_s + seconds)


def test_first_cleaning_is_a_minute_after_the_start_and_then_every_hour() -> None:
    statistics = MailStatistics()
    cleaning = Cleaning(Retention(days=2, bytes_max=7, envelopes_max=9), statistics, START)
    assert cleaning.next_deadline() == after(60).monotonic_s
    assert cleaning.next_cleaning(after(59)) is None
    assert cleaning.next_cleaning(after(60)) == CleanArchive(START_UNIX_S + 60 - 172_800, 9, 7)
    assert cleaning.next_deadline() is None
    assert cleaning.next_cleaning(after(9999)) is None
    cleaning.cleaned(Cleaned(3, ArchiveSize(8, 6, 5)), after(70))
    assert cleaning.next_deadline() == after(3670).monotonic_s
    assert (statistics.cleaned, statistics.archive_envelopes) == (3, 8)
    assert (statistics.archive_bytes, statistics.archive_oldest_unix_s) == (6, 5)


def test_without_bounds_only_the_size_is_asked_for() -> None:
    cleaning = Cleaning(Retention(days=None), MailStatistics(), START)
    assert cleaning.next_cleaning(after(60)) == CleanArchive(None, None, None)


def test_retention_from_before_1970_deletes_nothing() -> None:
    cleaning = Cleaning(Retention(days=1_000_000), MailStatistics(), START)
    assert cleaning.next_cleaning(after(60)) == CleanArchive(0, None, None)


def test_failed_cleaning_is_told_and_tried_again_in_a_minute() -> None:
    statistics = MailStatistics()
    cleaning = Cleaning(Retention(), statistics, START)
    cleaning.next_cleaning(after(60))
    cleaning.failed("the disk is gone", after(61))
    assert cleaning.trouble == "the disk is gone"
    assert cleaning.next_deadline() == after(121).monotonic_s
    assert cleaning.next_cleaning(after(121)) is not None
    cleaning.cleaned(Cleaned(0, ArchiveSize(0, 0, None)), after(122))
    assert cleaning.trouble == ""
    assert statistics.cleaning_failures == 1
