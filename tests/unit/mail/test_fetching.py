"""Pages of one window."""

from dataclasses import replace

import pytest

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.fetching import KNOWN_PAGES_MAX, Fault, Page, Run
from sottovoce.mail.ledger import Window
from sottovoce.mail.settings import DAY_S, ClientSettings
from unit.mail.history import OTHER, TOPIC

SETTINGS = ClientSettings(chunk_pages_max=300)


def cursor(second: int, n: int = 0) -> bytes:
    return Cursor(second, EnvelopeHash(n.to_bytes(32, "big"))).encode()


def run(last: int = 100) -> Run:
    return Run(Window(frozenset({TOPIC, OTHER}), 10, last))


def page(*, envelopes: int = 1000, new: int = 1, bytes: int = 300_000, limit: int = 1000) -> Page:
    return Page(1, 0.0, 0.0, limit, envelopes, new, bytes)


@pytest.mark.parametrize("seconds", [(20, 30, 40), (40, 30, 20), (10, 100)])
def test_cursors_go_one_way(seconds: tuple[int, ...]) -> None:
    it = run()
    for second in seconds:
        assert it.turn(page(), cursor(second), SETTINGS) is None
    assert it.cursor == cursor(seconds[-1])


@pytest.mark.parametrize(
    "cursors",
    [
        (cursor(20), cursor(20)),
        (cursor(20), cursor(30), cursor(20)),
        (cursor(30), cursor(20, 5), cursor(20, 6)),
        (cursor(9),),
        (cursor(101),),
        (b"short",),
    ],
)
def test_cursor_that_leads_nowhere_is_a_fault(cursors: tuple[bytes, ...]) -> None:
    it = run()
    *before, last = cursors
    for each in before:
        assert it.turn(page(), each, SETTINGS) is None
    assert it.turn(page(), last, SETTINGS) is Fault.CURSOR


def turns(it: Run, each: Page) -> tuple[int, Fault]:
    """Return how many pages of a kind were taken, and what the last one was for."""
    for n in range(1, 9999):
        it.asked()
        if each.new:
            it.brought_news()
        fault = it.turn(each, cursor(10, n), SETTINGS)
        if fault is not None:
            return n, fault
    raise AssertionError("pages without end")


def test_pages_that_bring_nothing_end_soon() -> None:
    assert turns(run(), page(envelopes=0, new=0)) == (3, Fault.EMPTY)
    assert turns(run(), page(new=0)) == (KNOWN_PAGES_MAX, Fault.KNOWN)


def test_small_pages_are_taken_by_the_length_of_the_window() -> None:
    small = page(envelopes=5, new=5, bytes=2000)
    assert turns(run(), small) == (10, Fault.THIN)
    assert turns(run(9 + DAY_S), small) == (100, Fault.THIN)


def test_full_pages_end_at_the_bound() -> None:
    assert turns(run(), page()) == (300, Fault.ENDLESS)


def test_pages_that_were_asked_to_be_small_count_for_as_much_less() -> None:
    small = page(envelopes=50, new=50, bytes=20_000, limit=50)
    assert turns(run(), small) == (300 * 20, Fault.ENDLESS)
    assert turns(run(), replace(small, new=0)) == (KNOWN_PAGES_MAX * 20, Fault.KNOWN)
    assert turns(run(), replace(small, envelopes=49)) == (10, Fault.THIN)


def test_answers_that_were_lost_here_are_not_in_vain() -> None:
    it = run()
    for _ in range(3 * KNOWN_PAGES_MAX):
        it.asked()
        it.was_lost()
    assert not it.is_in_vain


def test_news_begin_the_count_anew() -> None:
    it = run()
    for _ in range(KNOWN_PAGES_MAX):
        it.asked()
    were_vain = it.is_in_vain
    it.brought_news()
    assert (were_vain, it.is_in_vain) == (True, False)
    assert it.turn(page(new=0), cursor(22), SETTINGS) is None


def test_first_page_makes_a_cursor_one_of_this_life() -> None:
    it = Run(run().window, 100, cursor(20), is_resumed=True)
    assert it.turn(page(), cursor(30), SETTINGS) is None
    assert not it.is_resumed


def test_topics_that_leave_are_not_counted() -> None:
    it = run()
    it.counted_topics -= {OTHER}
    assert it.counted == Window(frozenset({TOPIC}), 10, 100)
    assert it.window.topics == {TOPIC, OTHER}


def test_more_envelopes_than_asked_for_are_a_fault() -> None:
    it = Page(1, 0.0, 0.0, 1, is_probe=True)
    assert it.arriving(envelopes=1, new=1, bytes=300, now_s=2.0) is None
    assert it.arriving(envelopes=1, new=0, bytes=300, now_s=3.0) is Fault.TOO_MANY
    assert (it.heard_s, it.envelopes, it.new, it.bytes) == (3.0, 2, 1, 600)
