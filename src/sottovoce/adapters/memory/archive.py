"""An archive in memory: for tests, simulations, and servers that may forget."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Final, TypeAlias

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import ArchiveSize, Page, Selection
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.paging import Found, behind, page_of, start_of, wanted_topics

# A Found is larger than the tuple of its first fields and smaller than one with more.
_Place: TypeAlias = tuple[int] | tuple[int, EnvelopeHash] | tuple[int, EnvelopeHash, bytes]


class MemoryArchive:
    """All envelopes, in order, topic by topic."""

    def __init__(self) -> None:
        self._by_topic: Final[dict[Topic, list[Found]]] = {}
        self._hashes: Final[set[EnvelopeHash]] = set()
        self._bytes = 0
        # One thread stores while another one asks.
        self._lock: Final = Lock()

    def store(self, batch: Sequence[Envelope]) -> int:
        """Keep envelopes; those that are there already change nothing."""
        with self._lock:
            before = len(self._hashes)
            for envelope in batch:
                if envelope.hash not in self._hashes:
                    self._add(envelope)
            return len(self._hashes) - before

    def query(self, selection: Selection) -> Page:
        """Return one page of a selection."""
        wants = wanted_topics(selection)
        with self._lock:
            if len(selection.topics) > len(self._by_topic) or not selection.topics:
                topics = [topic for topic in self._by_topic if wants(topic)]
            else:
                topics = [topic for topic in selection.topics if topic in self._by_topic]
            found = [self._of_topic(self._by_topic[topic], selection) for topic in topics]
            return page_of(found[0] if len(found) == 1 else heapq.merge(*found), selection)

    def expire(self, before_unix_s: int) -> int:
        """Delete what was sent before a second; returns how many were deleted."""
        with self._lock:
            return self._delete(lambda envelopes: bisect_left(envelopes, (before_unix_s,)))

    def trim(self, *, envelopes_max: int | None, bytes_max: int | None) -> int:
        """Delete the oldest until the rest is within bounds; returns how many were deleted."""
        with self._lock:
            count, size_bytes = len(self._hashes), self._bytes
            cut: _Place = (0,)
            for sent_unix_s, hash, raw in heapq.merge(*self._by_topic.values()):
                if (envelopes_max is None or count <= envelopes_max) and (
                    bytes_max is None or size_bytes <= bytes_max
                ):
                    break
                count -= 1
                size_bytes -= len(raw)
                cut = behind(Cursor(sent_unix_s, hash))
            return self._delete(lambda envelopes: bisect_left(envelopes, cut))

    def size(self) -> ArchiveSize:
        """Return how much is kept."""
        with self._lock:
            firsts = (envelopes[0].sent_unix_s for envelopes in self._by_topic.values())
            return ArchiveSize(len(self._hashes), self._bytes, min(firsts, default=None))

    def close(self) -> None:
        """Do nothing: what is in memory goes with it."""

    def _add(self, envelope: Envelope) -> None:
        new = Found(envelope.sent_unix_s, envelope.hash, envelope.raw)
        envelopes = self._by_topic.setdefault(envelope.topic, [])
        if envelopes and new < envelopes[-1]:
            insort(envelopes, new)
        else:
            envelopes.append(new)
        self._hashes.add(new.hash)
        self._bytes += len(new.raw)

    def _of_topic(self, envelopes: list[Found], selection: Selection) -> Iterator[Found]:
        first = bisect_left(envelopes, behind(start_of(selection)))
        end = bisect_left(envelopes, (selection.to_unix_s + 1,))
        return (envelopes[at] for at in range(first, end))

    def _delete(self, count_of: Callable[[list[Found]], int]) -> int:
        """Delete the first ones of each topic, as many as is said for it."""
        before = len(self._hashes)
        for topic, envelopes in list(self._by_topic.items()):
            count = count_of(envelopes)
            for gone in envelopes[:count]:
                self._hashes.discard(gone.hash)
                self._bytes -= len(gone.raw)
            del envelopes[:count]
            if not envelopes:
                del self._by_topic[topic]
        return before - len(self._hashes)
