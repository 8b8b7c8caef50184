"""What people are told while they wait."""

from sottovoce.mail.client_events import FetchDone, FetchProgress
from sottovoce.mail.progress import PROGRESS_EVERY_S, Tally
from unit.mail.history import key


def test_counts_begin_with_fetching_and_with_each_asker() -> None:
    tally = Tally()
    tally.add(envelopes=9, new=9, bytes=900)
    tally.begin()
    tally.asked(key(1))
    tally.add(envelopes=3, new=2, bytes=300)
    asker = tally.asker(7, None)
    tally.add(envelopes=1, new=1, bytes=100)
    tally.closed(60)
    assert tally.progress(5, 0.0, is_busy=True) == FetchProgress(key(1), 4, 3, 400, 60, 5)
    assert tally.done(asker, "") == FetchDone(7, True, 1, 1)
    assert tally.done(asker, "why") == FetchDone(7, False, 1, 1, "why")


def test_arrivals_are_told_four_times_a_second_and_changes_at_once() -> None:
    tally = Tally()
    tally.begin()
    assert tally.is_due(0.0)
    tally.progress(0, 0.0, is_busy=True)
    tally.add(envelopes=1, new=1, bytes=1)
    assert not tally.is_due(0.1)
    assert tally.next_deadline() == PROGRESS_EVERY_S
    assert tally.is_due(PROGRESS_EVERY_S)
    tally.progress(0, 0.3, is_busy=True)
    assert tally.next_deadline() is None
    tally.closed(1)
    assert tally.is_due(0.31)


def test_note_stands_until_something_comes() -> None:
    tally = Tally()
    tally.say("limited")
    assert tally.is_due(0.0)
    assert tally.progress(0, 0.0, is_busy=False) == FetchProgress(None, 0, 0, 0, 0, 0, "limited")
    tally.say("limited")
    assert not tally.is_due(0.0)
    tally.add(envelopes=1, new=1, bytes=1)
    assert tally.progress(0, 9.0, is_busy=True).note == ""
