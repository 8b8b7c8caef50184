"""The archive of mailservers in a PostgreSQL database, which several of them may share.

Each object has two connections, one that stores and one that reads. Both come back by themselves
when the database does.

Spec: docs/reference/storage.md, "Archives".
"""

import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sottovoce.adapters.postgres import tables
from sottovoce.adapters.postgres.archive_pages import read_page
from sottovoce.adapters.postgres.link import PATIENCE_S, Link
from sottovoce.adapters.postgres.tables import SECONDS_PER_DAY
from sottovoce.base.quantities import HASH_BYTES, TOPIC_BYTES
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import ArchiveSize, Page, Selection
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.paging import behind_all_before

if TYPE_CHECKING:
    import psycopg

# PostgreSQL's binary form of rows: their start and end, and a row of four columns, each behind its
# length.
_COPY_START: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END: Final = b"\xff\xff"
_COPY_ROW: Final = struct.Struct(f">hi{TOPIC_BYTES}siqi{HASH_BYTES}si")
_COLUMNS: Final = 4
_SENT_BYTES: Final = 8

_COPY: Final = "COPY staged FROM STDIN (FORMAT BINARY)"
# In order, so that servers that store the same wait for each other and never in a circle.
_ADD: Final = f"""
WITH added AS (
  INSERT INTO envelope SELECT topic, sent, hash, raw FROM staged ORDER BY topic, sent, hash
  ON CONFLICT DO NOTHING RETURNING sent / {SECONDS_PER_DAY} AS day, topic, octet_length(raw) AS size
)
INSERT INTO changed SELECT day, topic, count(*), sum(size) FROM added GROUP BY day, topic
"""
_ADD_TOPICS: Final = """
INSERT INTO topic_of_day SELECT day, topic FROM changed ORDER BY day, topic ON CONFLICT DO NOTHING
"""
_ADD_TOTALS: Final = """
INSERT INTO total_of_day AS known
SELECT day, sum(envelopes), sum(bytes) FROM changed GROUP BY day ORDER BY day
ON CONFLICT (day) DO UPDATE
SET envelopes = known.envelopes + excluded.envelopes, bytes = known.bytes + excluded.bytes
"""
_CHANGED: Final = "SELECT coalesce(sum(envelopes), 0)::bigint FROM changed"
_DELETE: Final = f"""
WITH gone AS (
  DELETE FROM envelope WHERE sent <= %(sent)s AND (sent, hash) <= (%(sent)s, %(hash)s)
  RETURNING sent / {SECONDS_PER_DAY} AS day, topic, octet_length(raw) AS size
)
INSERT INTO changed SELECT day, topic, count(*), sum(size) FROM gone GROUP BY day, topic
"""
_DELETE_TOPICS: Final = f"""
DELETE FROM topic_of_day AS known USING changed
WHERE known.day = changed.day AND known.topic = changed.topic AND NOT EXISTS (
  SELECT 1 FROM envelope WHERE envelope.topic = known.topic
  AND sent >= known.day::bigint * {SECONDS_PER_DAY}
  AND sent < (known.day::bigint + 1) * {SECONDS_PER_DAY}
)
"""
_LESSEN_TOTALS: Final = """
UPDATE total_of_day AS known
SET envelopes = known.envelopes - gone.envelopes, bytes = known.bytes - gone.bytes
FROM (SELECT day, sum(envelopes) AS envelopes, sum(bytes) AS bytes FROM changed GROUP BY day)
AS gone WHERE known.day = gone.day
"""
_DELETE_TOTALS: Final = "DELETE FROM total_of_day WHERE envelopes = 0"
_TOTALS: Final = "SELECT day, envelopes, bytes FROM total_of_day ORDER BY day"
_SIZE: Final = f"""
SELECT coalesce(sum(envelopes), 0)::bigint, coalesce(sum(bytes), 0)::bigint, (
  SELECT min(sent) FROM envelope
  WHERE sent >= min(day)::bigint * {SECONDS_PER_DAY}
  AND sent < (min(day)::bigint + 1) * {SECONDS_PER_DAY}
) FROM total_of_day
"""
# The first place of a day at which so many envelopes and bytes have gone by.
_PLACE: Final = f"""
SELECT sent, hash FROM (
  SELECT sent, hash, row_number() OVER places AS envelopes,
  sum(octet_length(raw)) OVER places AS bytes
  FROM envelope WHERE sent >= %(day)s::bigint * {SECONDS_PER_DAY}
  AND sent < (%(day)s::bigint + 1) * {SECONDS_PER_DAY}
  WINDOW places AS (ORDER BY sent, hash ROWS UNBOUNDED PRECEDING)
) AS passed WHERE envelopes >= %(envelopes)s AND bytes >= %(bytes)s
ORDER BY sent, hash LIMIT 1
"""


class PostgresArchive:
    """An archive that is connected when it is first used, or is made in an empty database.

    Args:
        conninfo: The address of the database, as libpq takes it; it is never shown.
        patience_s: How long a call may take before the connection is given up.

    Raises:
        StorageError: The extra is not installed, this is no address, the database cannot be
            reached, or its tables are of a newer version.
    """

    def __init__(self, conninfo: str, patience_s: float = PATIENCE_S) -> None:
        self._storing: Final = Link(conninfo, tables.begin, patience_s)
        self._reading: Final = Link(conninfo, tables.begin, patience_s)
        self.size()  # so that a wrong address is known at the start

    def store(self, batch: Sequence[Envelope]) -> int:
        """Keep envelopes, on disk when this returns; those that are there already change nothing.

        Raises:
            StorageError: They cannot be written; none of them is kept.
        """
        if not batch:
            return 0
        rows = _copied(batch)
        days = {envelope.sent_unix_s // SECONDS_PER_DAY for envelope in batch}
        missing = self._storing.run(
            lambda cursor: tables.days_without_table(cursor, days), reads_only=True
        )
        if missing:
            self._storing.run(lambda cursor: tables.make_days(cursor, missing))
        return self._storing.run(lambda cursor: _store(cursor, rows))

    def query(self, selection: Selection) -> Page:
        """Return one page of a selection.

        Raises:
            StorageError: The archive cannot be read.
        """
        return self._reading.run(lambda cursor: read_page(cursor, selection), reads_only=True)

    def expire(self, before_unix_s: int) -> int:
        """Delete what was sent before a second; returns how many were deleted.

        Raises:
            StorageError: The archive cannot be written.
        """

        def expire(cursor: "psycopg.Cursor") -> int:
            tables.have_alone(cursor)
            return _delete(cursor, behind_all_before(before_unix_s))

        return self._storing.run(expire)

    def trim(self, *, envelopes_max: int | None, bytes_max: int | None) -> int:
        """Delete the oldest until the rest is within bounds; returns how many were deleted.

        Raises:
            StorageError: The archive cannot be written.
        """

        def trim(cursor: "psycopg.Cursor") -> int:
            tables.have_alone(cursor)
            place = _place_to_trim(cursor, envelopes_max, bytes_max)
            return 0 if place is None else _delete(cursor, place)

        return self._storing.run(trim)

    def size(self) -> ArchiveSize:
        """Return how much is kept.

        Raises:
            StorageError: The archive cannot be read.
        """
        return self._reading.run(_size, reads_only=True)

    def close(self) -> None:
        """Let go of the connections, when no other call runs."""
        self._storing.close()
        self._reading.close()


def _copied(batch: Iterable[Envelope]) -> bytes:
    """Return envelopes as rows in PostgreSQL's binary form."""
    parts = [_COPY_START]
    for envelope in batch:
        raw = envelope.raw
        parts += (
            _COPY_ROW.pack(
                _COLUMNS,
                *(TOPIC_BYTES, envelope.topic),
                *(_SENT_BYTES, envelope.sent_unix_s),
                *(HASH_BYTES, envelope.hash),
                len(raw),
            ),
            raw,
        )
    parts.append(_COPY_END)
    return b"".join(parts)


def _store(cursor: "psycopg.Cursor", rows: bytes) -> int:
    tables.share(cursor)
    with cursor.copy(_COPY) as copy:
        copy.write(rows)
    for statement in (_ADD, _ADD_TOPICS, _ADD_TOTALS):
        cursor.execute(statement)
    return _changed(cursor)


def _delete(cursor: "psycopg.Cursor", place: Cursor) -> int:
    """Delete everything up to a place, this one included."""
    next_unix_s = place.sent_unix_s + 1
    is_whole = place == behind_all_before(next_unix_s)
    left_unix_s = next_unix_s if is_whole else place.sent_unix_s
    dropped = tables.drop_days(cursor, left_unix_s // SECONDS_PER_DAY)
    cursor.execute(_DELETE, {"sent": place.sent_unix_s, "hash": place.hash})
    for statement in (_DELETE_TOPICS, _LESSEN_TOTALS, _DELETE_TOTALS):
        cursor.execute(statement)
    return dropped + _changed(cursor)


def _changed(cursor: "psycopg.Cursor") -> int:
    row: tuple[int] | None = cursor.execute(_CHANGED).fetchone()
    assert row is not None, "a sum has a row"
    return row[0]


def _place_to_trim(
    cursor: "psycopg.Cursor", envelopes_max: int | None, bytes_max: int | None
) -> Cursor | None:
    """Return the last place that is too much, if one is."""
    totals: list[tuple[int, int, int]] = cursor.execute(_TOTALS).fetchall()
    envelopes, size_bytes = (sum(total[at] for total in totals) for at in (1, 2))
    envelopes -= envelopes if envelopes_max is None else envelopes_max
    size_bytes -= size_bytes if bytes_max is None else bytes_max
    for day, of_day, bytes_of_day in totals:
        if envelopes <= 0 and size_bytes <= 0:
            return behind_all_before(day * SECONDS_PER_DAY) if day != totals[0][0] else None
        if envelopes < of_day and size_bytes < bytes_of_day:
            values = {"day": day, "envelopes": envelopes, "bytes": size_bytes}
            row: tuple[int, bytes] | None = cursor.execute(_PLACE, values).fetchone()
            assert row is not None, "a day has as many envelopes as are counted"
            return Cursor._make(row)
        envelopes -= of_day
        size_bytes -= bytes_of_day
    return behind_all_before((totals[-1][0] + 1) * SECONDS_PER_DAY) if totals else None


def _size(cursor: "psycopg.Cursor") -> ArchiveSize:
    row: tuple[int, int, int | None] | None = cursor.execute(_SIZE).fetchone()
    assert row is not None, "a sum has a row"
    return ArchiveSize(*row)
