"""Where a page begins and ends, and which topics are wanted."""

import dataclasses
from collections.abc import Iterator

import pytest

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.bloom import FULL_BLOOM, topic_bloom
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.paging import (
    Found,
    behind_all_before,
    merged,
    page_of,
    start_of,
    wanted_topics,
)

LAST = EnvelopeHash(b"\xff" * 32)
NEWS = Topic(b"news")
SELECTION = Selection(100, 200, frozenset(), FULL_BLOOM, None, limit=3, bytes_max=10)


def found(*sizes_bytes: int) -> Iterator[Found]:
    for number, size_bytes in enumerate(sizes_bytes):
        yield Found(100 + number, EnvelopeHash(bytes(32)), bytes(size_bytes))


def test_a_selection_begins_at_its_bound_or_behind_its_cursor() -> None:
    assert start_of(SELECTION) == Cursor(99, LAST)
    for after in (Cursor(99, LAST), Cursor(100, EnvelopeHash(bytes(32))), Cursor(300, LAST)):
        assert start_of(dataclasses.replace(SELECTION, after=after)) == after
    early = dataclasses.replace(SELECTION, after=Cursor(98, LAST))
    assert start_of(early) == behind_all_before(100)


@pytest.mark.parametrize(
    ("sizes_bytes", "count", "has_more"),
    [
        ((), 0, False),
        ((1, 1, 1), 3, False),
        ((1, 1, 1, 1), 3, True),
        ((5, 5), 2, False),
        ((5, 6), 1, True),
        ((99,), 1, False),
        ((99, 1), 1, True),
        ((0, 99), 1, True),
    ],
)
def test_a_page_ends_at_its_bounds(
    sizes_bytes: tuple[int, ...], count: int, *, has_more: bool
) -> None:
    page = page_of(found(*sizes_bytes), SELECTION)
    assert (len(page.envelopes), page.has_more) == (count, has_more)
    assert page.last == (Cursor(99 + count, EnvelopeHash(bytes(32))) if count else None)


def test_no_more_is_taken_than_the_page_and_one() -> None:
    coming = found(1, 1, 1, 1, 1)
    assert page_of(coming, SELECTION) != Page()
    assert len(list(coming)) == 1


def test_topics_go_by_name_where_some_are_named() -> None:
    wants = wanted_topics(dataclasses.replace(SELECTION, topics=frozenset({NEWS})))
    assert wants(NEWS)
    assert not wants(Topic(b"chat"))
    only = wanted_topics(dataclasses.replace(SELECTION, bloom=topic_bloom(NEWS)))
    assert only(NEWS)
    assert not only(Topic(b"chat"))


# ---- two pages of one selection

ROOMY = dataclasses.replace(SELECTION, limit=5, bytes_max=100)


def page(*seconds: int, more: bool = False, size_bytes: int = 1) -> Page:
    places = tuple(Cursor(second, EnvelopeHash(bytes(32))) for second in seconds)
    raws = tuple(bytes([second]) * size_bytes for second in seconds)
    return Page(raws, places[-1] if places else None, more, places)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (page(), page(), page()),
        (page(101, 103), page(), page(101, 103)),
        (page(), page(101, 103), page(101, 103)),
        (page(101, 103), page(100, 102, 104), page(100, 101, 102, 103, 104)),
        (page(101, 102), page(101, 102, 103), page(101, 102, 103)),
        # What lies behind a page that has more is not known.
        (page(101, 103, more=True), page(102, 103, 104), page(101, 102, 103, more=True)),
        (page(101, 105), page(102, 103, more=True), page(101, 102, 103, more=True)),
        (page(101, 105, more=True), page(102, more=True), page(101, 102, more=True)),
        (page(103, more=True), page(104, 105), page(103, more=True)),
        # Both together are more than fits.
        (page(100, 102, 104), page(101, 103, 105), page(100, 101, 102, 103, 104, more=True)),
    ],
)
def test_two_pages_make_one(one: Page, other: Page, expected: Page) -> None:
    for each, another in ((one, other), (other, one)):
        both = merged(each, another, ROOMY)
        assert both == expected
        assert both.places == expected.places


def test_two_pages_together_keep_to_the_bytes_but_are_never_empty() -> None:
    one, other = page(100, size_bytes=80), page(99, 101, size_bytes=20)
    assert merged(one, other, ROOMY) == Page(
        (*other.envelopes[:1], *one.envelopes), one.last, has_more=True
    )
    large = page(100, size_bytes=101)
    assert merged(large, other, ROOMY).envelopes == other.envelopes[:1]
    assert merged(large, page(101), ROOMY) == dataclasses.replace(large, has_more=True)
