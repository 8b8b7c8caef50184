"""Envelopes that wait to be archived, in the order of an archive, so that answers include them.

An envelope counts from the moment in which the server took it: whoever asks while the archive is
full or slow is not told that there is nothing. It is found by topic and by place, whatever else
waits; when and whether it is stored is not known here.

Spec: none; status-go stores each envelope where it arrives.
"""

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.paging import Found, behind, page_of, start_of

# The first envelope that is wanted of a topic, its place among the topic's, and all of these. Runs
# are compared by their first one; there is no second one with the same place.
_Run: TypeAlias = tuple[Found, int, list[Found]]


class _Topic:
    """What waits of one topic, in order; it is never empty but when it is made."""

    __slots__ = ("bloom", "found")

    def __init__(self, topic: Topic) -> None:
        # Kept, because with as many topics as envelopes it would be computed anew each time.
        self.bloom: Final = topic_bloom(topic)
        self.found: Final[list[Found]] = []


class Waiting:
    """All envelopes that wait, each once, by topic."""

    def __init__(self) -> None:
        self._topics: Final[dict[Topic, _Topic]] = {}

    def add(self, envelope: Envelope) -> None:
        """Take in an envelope that waits from now on."""
        topic = self._topics.get(envelope.topic)
        if topic is None:
            topic = self._topics[envelope.topic] = _Topic(envelope.topic)
        new = Found(envelope.sent_unix_s, envelope.hash, envelope.raw)
        found = topic.found
        if not found or found[-1] < new:
            found.append(new)
        elif found[at := bisect_left(found, new)] != new:
            found.insert(at, new)

    def remove(self, stored: Sequence[Envelope]) -> None:
        """Forget envelopes that are in the archive now."""
        gone: dict[Topic, list[Envelope]] = {}
        for envelope in stored:
            gone.setdefault(envelope.topic, []).append(envelope)
        for topic, envelopes in gone.items():
            if topic in self._topics:
                self._remove(topic, envelopes)

    def _remove(self, topic: Topic, envelopes: Sequence[Envelope]) -> None:
        found = self._topics[topic].found
        hashes = {envelope.hash for envelope in envelopes}
        # What came first was sent first, or nearly: no more than the beginning is looked at.
        last_unix_s = max(envelope.sent_unix_s for envelope in envelopes)
        end = bisect_left(found, (last_unix_s + 1,))
        found[:end] = [it for it in found[:end] if it.hash not in hashes]
        if not found:
            del self._topics[topic]

    def page(self, selection: Selection) -> Page:
        """Return one page of what waits, as an archive would."""
        # One more than fits shows that there is more.
        count = selection.limit + 1
        runs = self._runs(selection)
        # Of more topics than that, those that begin last do not come onto the page.
        if len(runs) > count:
            runs = heapq.nsmallest(count, runs)
        beyond = (selection.to_unix_s + 1,)
        parts = [
            found[at : min(bisect_left(found, beyond, lo=at), at + count)] for _, at, found in runs
        ]
        return page_of(heapq.merge(*parts), selection)

    def _runs(self, selection: Selection) -> list[_Run]:
        start, to_unix_s = behind(start_of(selection)), selection.to_unix_s
        runs: list[_Run] = []
        for topic in self._wanted(selection):
            found = topic.found
            first, at = found[0], 0
            if first < start:
                at = bisect_left(found, start)
                if at == len(found):
                    continue
                first = found[at]
            if first[0] <= to_unix_s:
                runs.append((first, at, found))
        return runs

    def _wanted(self, selection: Selection) -> Iterable[_Topic]:
        topics, held = selection.topics, self._topics
        if not topics:
            bloom = selection.bloom
            return [topic for topic in held.values() if topic.bloom & bloom == topic.bloom]
        if len(topics) > len(held):
            return [held[name] for name in held if name in topics]
        return filter(None, map(held.get, topics))
