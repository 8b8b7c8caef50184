"""How a page is read from an archive: by topic where few are wanted, by time where many are.

Spec: docs/reference/storage.md, "Archives".
"""

import heapq
from collections.abc import Callable, Iterator
from typing import Final

from sottovoce.adapters.sqlite.archive_file import SECONDS_PER_DAY
from sottovoce.adapters.sqlite.connection import Reading, Row
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.paging import Found, behind_all_before, page_of, start_of, wanted_topics

# So many topics of a day are read side by side, at some 10 us each before the first envelope. With
# more of them it is cheaper to go through the day by time and leave out what is not wanted.
MERGED_TOPICS_MAX: Final = 128
# So many topics of a day are looked at, at 0.5 us each; a day that was flooded with more is gone
# through by time.
LISTED_TOPICS_MAX: Final = 20_000
# Envelopes up to this size are read ahead, one of each topic; larger ones when their turn comes, so
# that topics full of the largest envelopes take no more memory than the page.
READ_AHEAD_BYTES_MAX: Final = 16_384

_DAY: Final = "SELECT min(day) FROM topic_of_day WHERE day >= ?"
_TOPICS: Final = f"SELECT topic FROM topic_of_day WHERE day = ? LIMIT {LISTED_TOPICS_MAX + 1}"
_OF_TOPIC: Final = f"""
SELECT sent, hash, CASE WHEN length(raw) <= {READ_AHEAD_BYTES_MAX} THEN raw END, topic
FROM envelope
WHERE day = ? AND topic = ? AND (sent, hash) > (?, ?) AND sent <= ?
ORDER BY sent, hash
"""
_BY_TIME: Final = """
SELECT sent, hash, NULL, topic FROM envelope INDEXED BY in_order
WHERE (sent, hash) > (?, ?) AND sent <= ?
ORDER BY sent, hash
"""
_TOPIC_COLUMN: Final = 3
_ONE: Final = "SELECT raw FROM envelope WHERE day = ? AND topic = ? AND sent = ? AND hash = ?"


def read_page(reading: Reading, selection: Selection) -> Page:
    """Read a page.

    Raises:
        StorageError: The archive cannot be read.
    """
    return page_of(_Search(reading, selection).found(), selection)


class _Search:
    """What one selection finds, in order.

    Args:
        reading: The archive.
        selection: What is wanted.
    """

    def __init__(self, reading: Reading, selection: Selection) -> None:
        self._db = reading
        self._start: Final = start_of(selection)
        self._to_unix_s = selection.to_unix_s
        self._named = selection.topics
        self._wants: Callable[[Topic], bool] = wanted_topics(selection)

    def found(self) -> Iterator[Found]:
        """Yield all that is wanted; errors of the archive pass through."""
        last_day = self._to_unix_s // SECONDS_PER_DAY
        day = self._next_day(self._start.sent_unix_s // SECONDS_PER_DAY)
        while day is not None and day <= last_day:
            topics = self._topics(day)
            rows = self._by_time(day) if topics is None else self._by_topic(day, topics)
            for sent_unix_s, hash, raw, topic in rows:
                if raw is not None:
                    yield Found(sent_unix_s, hash, raw)
                else:
                    yield Found(sent_unix_s, hash, self._raw(day, topic, sent_unix_s, hash))
            day = self._next_day(day + 1) if day < last_day else None

    def _next_day(self, day: int) -> int | None:
        row = self._db.row(_DAY, (day,))
        assert row is not None, "an aggregate has a row"
        found: int | None = row[0]
        return found

    def _topics(self, day: int) -> list[Topic] | None:
        """Return the topics of a day that are wanted; None if they are too many to be merged."""
        if 0 < len(self._named) <= MERGED_TOPICS_MAX:
            return list(self._named)
        rows = self._db.rows(_TOPICS, (day,))
        topics = [topic for (topic,) in rows if self._wants(topic)]
        if len(rows) > LISTED_TOPICS_MAX or len(topics) > MERGED_TOPICS_MAX:
            return None
        return topics

    def _by_topic(self, day: int, topics: list[Topic]) -> Iterator[Row]:
        rows = [
            self._db.each(_OF_TOPIC, (day, topic, *self._start, self._to_unix_s))
            for topic in topics
        ]
        return rows[0] if len(rows) == 1 else heapq.merge(*rows)

    def _by_time(self, day: int) -> Iterator[Row]:
        day_start, day_end = day * SECONDS_PER_DAY, (day + 1) * SECONDS_PER_DAY
        start = max(self._start, behind_all_before(day_start))
        for row in self._db.each(_BY_TIME, (*start, min(day_end - 1, self._to_unix_s))):
            if self._wants(row[_TOPIC_COLUMN]):
                yield row

    def _raw(self, day: int, topic: Topic, sent_unix_s: int, hash: EnvelopeHash) -> bytes:
        row = self._db.row(_ONE, (day, topic, sent_unix_s, hash))
        assert row is not None, "the index has what the table has"
        raw: bytes = row[0]
        return raw
