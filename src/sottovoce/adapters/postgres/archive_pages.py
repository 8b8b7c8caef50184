"""How a page is read from PostgreSQL: by topic where few are wanted, by time where many are.

Spec: docs/reference/storage.md, "Archives".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sottovoce.adapters.postgres.tables import SECONDS_PER_DAY
from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import FULL_BLOOM
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.paging import Found, behind_all_before, page_of, start_of, wanted_topics

if TYPE_CHECKING:
    import psycopg

# So many topics of a day are looked up one by one. With more of them it is cheaper to go through
# the day by time and leave out what is not wanted.
MERGED_TOPICS_MAX: Final = 128
# So many topics of a day are looked at; of a day that was flooded with more, the places of all
# envelopes are fetched piece by piece, and those that are wanted are picked here.
LISTED_TOPICS_MAX: Final = 20_000
PICKED_MAX: Final = 10_000

_DAY: Final = "SELECT min(day) FROM topic_of_day WHERE day >= %s"
_TOPICS: Final = f"SELECT topic FROM topic_of_day WHERE day = %s LIMIT {LISTED_TOPICS_MAX + 1}"
# The bounds say twice where it begins: PostgreSQL chooses the day's table by the first.
_WITHIN: Final = "sent BETWEEN %(low)s AND %(high)s AND (sent, hash) > (%(sent)s, %(hash)s)"
_OF_TOPICS: Final = f"""
SELECT part.* FROM unnest(%(topics)s::bytea[]) AS wanted CROSS JOIN LATERAL (
  SELECT sent, hash, raw FROM envelope WHERE topic = wanted AND {_WITHIN}
  ORDER BY sent, hash LIMIT %(limit)s
) AS part ORDER BY sent, hash LIMIT %(limit)s
"""
_BY_TIME: Final = f"""
SELECT sent, hash, raw FROM envelope WHERE {_WITHIN} ORDER BY sent, hash LIMIT %(limit)s
"""
_BY_TIME_OF_TOPICS: Final = f"""
SELECT sent, hash, raw FROM envelope WHERE {_WITHIN} AND topic = ANY(%(topics)s)
ORDER BY sent, hash LIMIT %(limit)s
"""
# No more than the bytes of a page and the two envelopes that may follow are fetched: the first is
# on the page whatever its size, and one behind its end shows that more follows.
_WITHIN_BYTES: Final = """
SELECT sent, hash, raw FROM (
  SELECT sent, hash, raw, sum(octet_length(raw)) OVER (
    ORDER BY sent, hash ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING
  ) AS before FROM ({}) AS wanted
) AS page WHERE before IS NULL OR before <= %(bytes_max)s ORDER BY sent, hash
"""
_PLACES: Final = f"""
SELECT sent, hash, topic FROM envelope WHERE {_WITHIN} ORDER BY sent, hash LIMIT {PICKED_MAX}
"""
_ONE: Final = "SELECT raw FROM envelope WHERE topic = %s AND sent = %s AND hash = %s"


def read_page(cursor: "psycopg.Cursor", selection: Selection) -> Page:
    """Read a page; the library's errors pass through."""
    return page_of(_Search(cursor, selection).found(), selection)


class _Search:
    """What one selection finds, in order.

    Args:
        cursor: The archive.
        selection: What is wanted.
    """

    def __init__(self, cursor: "psycopg.Cursor", selection: Selection) -> None:
        self._cursor: Final = cursor
        self._selection: Final = selection
        self._start: Final = start_of(selection)
        self._wants: Final = wanted_topics(selection)
        self._wants_all: Final = not selection.topics and selection.bloom == FULL_BLOOM

    def found(self) -> Iterator[Found]:
        """Yield what is wanted, at least as much as a page holds."""
        last_day = self._selection.to_unix_s // SECONDS_PER_DAY
        day = self._next_day(self._start.sent_unix_s // SECONDS_PER_DAY)
        while day is not None and day <= last_day:
            yield from self._of_day(day)
            day = self._next_day(day + 1) if day < last_day else None

    def _next_day(self, day: int) -> int | None:
        row: tuple[int | None] | None = self._cursor.execute(_DAY, (day,)).fetchone()
        assert row is not None, "an aggregate has a row"
        return row[0]

    def _of_day(self, day: int) -> Iterator[Found]:
        if self._wants_all:
            return self._fetched(_BY_TIME, day, [])
        named = self._selection.topics
        if 0 < len(named) <= MERGED_TOPICS_MAX:
            return self._fetched(_OF_TOPICS, day, list(named))
        rows: list[tuple[Topic]] = self._cursor.execute(_TOPICS, (day,)).fetchall()
        if len(rows) > LISTED_TOPICS_MAX:
            return self._picked(day)
        topics = [topic for (topic,) in rows if self._wants(topic)]
        if len(topics) > MERGED_TOPICS_MAX:
            return self._fetched(_BY_TIME_OF_TOPICS, day, topics)
        return self._fetched(_OF_TOPICS, day, topics)

    def _fetched(self, statement: str, day: int, topics: list[Topic]) -> Iterator[Found]:
        start_unix_s = day * SECONDS_PER_DAY
        start = max(self._start, behind_all_before(start_unix_s))
        values = self._within(day, start) | {
            "topics": topics,
            "limit": self._selection.limit + 1,
            "bytes_max": self._selection.bytes_max,
        }
        rows = self._cursor.execute(_WITHIN_BYTES.format(statement), values, binary=True)
        return map(Found._make, rows.fetchall())

    def _picked(self, day: int) -> Iterator[Found]:
        """Yield what is wanted of a day that was flooded with topics."""
        place = max(self._start, behind_all_before(day * SECONDS_PER_DAY))
        while rows := self._cursor.execute(
            _PLACES, self._within(day, place), binary=True
        ).fetchall():
            for sent_unix_s, hash, topic in rows:
                if self._wants(topic):
                    one = self._cursor.execute(_ONE, (topic, sent_unix_s, hash), binary=True)
                    for (raw,) in one.fetchall():
                        yield Found(sent_unix_s, hash, raw)
            place = Cursor(*rows[-1][:2])

    def _within(self, day: int, start: Cursor) -> dict[str, object]:
        end_unix_s = (day + 1) * SECONDS_PER_DAY - 1
        return {
            "low": max(day * SECONDS_PER_DAY, start.sent_unix_s),
            "high": min(end_unix_s, self._selection.to_unix_s),
            "sent": start.sent_unix_s,
            "hash": start.hash,
        }
