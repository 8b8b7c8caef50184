"""How a page of an archive is filled, and in what order: what all engines have in common.

An engine brings what is wanted in the right order, one envelope after the other; here is decided
where the page ends. Where the envelopes come from is not known here.

Spec: status-go mailserver/mailserver_db.go (docs/spec-deviations.md, "Topics of a request",
"Cursors").
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from sottovoce.base.quantities import HASH_BYTES, EnvelopeHash, Topic
from sottovoce.gossip.bloom import topics_within
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.cursor import Cursor

_LAST_HASH: Final = EnvelopeHash(b"\xff" * HASH_BYTES)


class Found(NamedTuple):
    """An envelope that was found; they compare as archives are ordered.

    Attributes:
        sent_unix_s: When it was sent.
        hash: Its hash, 32 bytes.
        raw: Its RLP.
    """

    sent_unix_s: int
    hash: EnvelopeHash
    raw: bytes


def start_of(selection: Selection) -> Cursor:
    """Return the place behind which a selection begins."""
    start = behind_all_before(selection.from_unix_s)
    return start if selection.after is None else max(start, selection.after)


def behind_all_before(unix_s: int) -> Cursor:
    """Return the last place before a second; its own second may be -1."""
    return Cursor(unix_s - 1, _LAST_HASH)


def behind(place: Cursor) -> Cursor:
    """Return what comes just behind a place and is no place: its hash is longer than hashes are."""
    return Cursor(place.sent_unix_s, EnvelopeHash(place.hash + b"\x00"))


def wanted_topics(selection: Selection) -> Callable[[Topic], bool]:
    """Return what tells whether a selection wants a topic."""
    if selection.topics:
        return selection.topics.__contains__
    return topics_within(selection.bloom)


def page_of(found: Iterable[Found], selection: Selection) -> Page:
    """Fill a page.

    Args:
        found: All that is wanted, in order; no more of it is taken than the page needs and one.
        selection: What says how much goes on a page.

    Returns:
        The page; `has_more` is exact.
    """
    envelopes: list[bytes] = []
    places: list[Cursor] = []
    size_bytes = 0
    for sent_unix_s, hash, raw in found:
        size_bytes += len(raw)
        is_full = len(envelopes) >= selection.limit or size_bytes > selection.bytes_max
        if envelopes and is_full:
            return Page(tuple(envelopes), places[-1], has_more=True, places=tuple(places))
        envelopes.append(raw)
        places.append(Cursor(sent_unix_s, hash))
    return Page(tuple(envelopes), places[-1] if places else None, places=tuple(places))


def merged(one: Page, other: Page, selection: Selection) -> Page:
    """Make one page of two of the same selection; what is on both is on it once.

    A page that has more says nothing of what lies behind its end, so nothing from there is taken.
    """
    if not other.envelopes:
        return one
    ends = [page.last for page in (one, other) if page.has_more and page.last is not None]
    end = min(ends, default=None)
    rows = dict(zip(one.places, one.envelopes, strict=True))
    rows |= zip(other.places, other.envelopes, strict=True)
    found = (Found(*place, rows[place]) for place in sorted(rows) if end is None or place <= end)
    page = page_of(found, selection)
    return replace(page, has_more=page.has_more or end is not None)
