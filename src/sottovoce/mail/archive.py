"""What an archive has to do, whatever keeps it: the port that engines implement.

An engine is a blocking object. `store`, `expire`, `trim` are called by one thread and `query`,
`size` by another, at the same time. Envelopes are kept as they came, byte for byte, and are in the
order of the second in which they were sent and, within it, of their hash.

Spec: status-go mailserver/mailserver_db.go (docs/spec-deviations.md, "Topics of a request",
"Cursors").
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sottovoce.base.quantities import Topic
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Selection:
    """Which envelopes are wanted.

    Attributes:
        from_unix_s: Lower bound of the second sent, included.
        to_unix_s: Upper bound, included; nothing is found if it is below the lower one.
        topics: Exactly these topics; empty to go by the bloom.
        bloom: Topics whose bits are all in this filter; used only without topics.
        after: Only what lies behind this place, or None for all.
        limit: How many envelopes at most, 1 or more.
        bytes_max: How many bytes of RLP at most; the first envelope is given whatever its size.
    """

    from_unix_s: int
    to_unix_s: int
    topics: frozenset[Topic] = field(repr=False)
    bloom: int = field(repr=False)
    after: Cursor | None
    limit: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, oldest first.

    Attributes:
        envelopes: RLP of each.
        last: The place of the last one; None if nothing was found.
        has_more: Whether the limit or the bytes ended the page before the selection ended. It may
            be true though nothing follows, as at the limit, and is never false if something does.
        places: The place of each.
    """

    envelopes: tuple[bytes, ...] = field(default=(), repr=False)
    last: Cursor | None = None
    has_more: bool = False
    places: tuple[Cursor, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ArchiveSize:
    """How much is kept.

    Attributes:
        envelopes: How many.
        bytes: Of RLP, all envelopes together.
        oldest_unix_s: When the oldest one was sent; None if there is none.
    """

    envelopes: int
    bytes: int
    oldest_unix_s: int | None


class Archive(Protocol):
    """An engine.

    Every method may raise `StorageError`; the text says what is wrong and what to do. Then nothing
    was changed, only that `expire` and `trim`, which work piece by piece, may have deleted part.
    """

    def store(self, batch: Sequence[Envelope]) -> int:
        """Keep envelopes, on disk when this returns; those that are there already change nothing.

        Returns:
            How many were new.
        """
        ...

    def query(self, selection: Selection) -> Page:
        """Return one page of a selection."""
        ...

    def expire(self, before_unix_s: int) -> int:
        """Delete what was sent before a second; returns how many were deleted."""
        ...

    def trim(self, *, envelopes_max: int | None, bytes_max: int | None) -> int:
        """Delete the oldest, a day of them or less at a time, until the rest is within bounds.

        Returns:
            How many were deleted.
        """
        ...

    def size(self) -> ArchiveSize:
        """Return how much is kept."""
        ...

    def close(self) -> None:
        """Let go of everything, when no other call runs."""
        ...
