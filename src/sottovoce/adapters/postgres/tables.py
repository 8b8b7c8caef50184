"""The tables of an archive in PostgreSQL: how they are made, and the one for each day.

Several servers use them at once. Who stores shares a lock; who makes or drops tables or deletes has
it alone, so that what is counted and listed beside the envelopes always agrees with them.

Spec: docs/reference/storage.md, "Archives".
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from sottovoce.base.errors import StorageError

if TYPE_CHECKING:
    import psycopg

VERSION: Final = 1  # of the tables
SECONDS_PER_DAY: Final = 86_400
# A day has a table of its own, so that it is dropped in one piece; a year and a month of them. What
# peers sent in seconds that make no sense (1970, 2106) would else make one for each such day:
# beyond this many, envelopes lie together in the table `envelope_other`.
DAY_TABLES_MAX: Final = 400
LOCK: Final = 0x736F_7461  # "sota", the number of the lock of all who use an archive

_SHARED: Final = f"SELECT pg_advisory_xact_lock_shared({LOCK})"
_ALONE: Final = f"SELECT pg_advisory_xact_lock({LOCK})"
# The catalog itself is asked, and not what the server remembers of it at the time of a lock.
_HAS_TABLES: Final = """
SELECT EXISTS (
  SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = 'sottovoce' AND relname = 'version'
)
"""
# What was sealed cannot be compressed: external storage does not try to.
_TABLES: Final = (
    "CREATE SCHEMA IF NOT EXISTS sottovoce",
    "CREATE TABLE version (number int NOT NULL)",
    f"INSERT INTO version VALUES ({VERSION})",
    """
    CREATE TABLE envelope (
      topic bytea NOT NULL,
      sent bigint NOT NULL,
      hash bytea NOT NULL,
      raw bytea NOT NULL,
      PRIMARY KEY (topic, sent, hash)
    ) PARTITION BY RANGE (sent)
    """,
    "ALTER TABLE envelope ALTER COLUMN raw SET STORAGE EXTERNAL",
    "CREATE INDEX in_order ON envelope (sent)",
    "CREATE TABLE envelope_other PARTITION OF envelope DEFAULT",
    "CREATE TABLE topic_of_day (day int, topic bytea, PRIMARY KEY (day, topic))",
    """
    CREATE TABLE total_of_day (
      day int PRIMARY KEY,
      envelopes bigint NOT NULL,
      bytes bigint NOT NULL
    ) WITH (fillfactor = 50)
    """,
)
_STAGES: Final = (
    "CREATE TEMP TABLE staged (topic bytea, sent bigint, hash bytea, raw bytea)"
    " ON COMMIT DELETE ROWS",
    "ALTER TABLE staged ALTER COLUMN raw SET STORAGE EXTERNAL",
    "CREATE TEMP TABLE changed (day int, topic bytea, envelopes bigint, bytes bigint)"
    " ON COMMIT DELETE ROWS",
)
_WITHOUT_TABLE: Final = """
SELECT day FROM unnest(%s::int[]) AS day
WHERE NOT EXISTS (
  SELECT 1 FROM pg_class
  WHERE relname = 'envelope_' || day AND relnamespace = 'sottovoce'::regnamespace
) ORDER BY day
"""
_COUNT_TABLES: Final = (
    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'sottovoce.envelope'::regclass"
)
_HAS_STRAYS: Final = "SELECT EXISTS (SELECT 1 FROM envelope_other WHERE sent >= %s AND sent < %s)"
_DAYS_WITH_TABLE: Final = """
SELECT day, envelopes FROM total_of_day
WHERE day < %s AND EXISTS (
  SELECT 1 FROM pg_class
  WHERE relname = 'envelope_' || day AND relnamespace = 'sottovoce'::regnamespace
) ORDER BY day
"""


def share(cursor: "psycopg.Cursor") -> None:
    """Wait until nobody has the tables alone, and keep it so to the end of the transaction."""
    cursor.execute(_SHARED)


def have_alone(cursor: "psycopg.Cursor") -> None:
    """Wait until nobody else changes the tables, and keep it so to the end of the transaction."""
    cursor.execute(_ALONE)


def begin(cursor: "psycopg.Cursor", name: str) -> None:
    """Make what is missing, when a connection is new.

    Raises:
        StorageError: The tables are of a newer version of this program.
    """
    if not _answer(cursor, _HAS_TABLES):
        have_alone(cursor)
        if not _answer(cursor, _HAS_TABLES):
            for statement in _TABLES:
                cursor.execute(statement)
    version = _answer(cursor, "SELECT max(number) FROM version")
    if version != VERSION:
        raise StorageError(
            f"the archive in the database {name} has version {version}, and this program knows "
            f"version {VERSION}; install the newer sottovoce that made it, or name another database"
        )
    for statement in _STAGES:
        cursor.execute(statement)


def days_without_table(cursor: "psycopg.Cursor", days: Collection[int]) -> list[int]:
    """Return those of some days that have no table of their own."""
    return [day for (day,) in cursor.execute(_WITHOUT_TABLE, (list(days),))]


def make_days(cursor: "psycopg.Cursor", days: Collection[int]) -> None:
    """Make tables for days, while there may be more; nothing else is done in the transaction.

    A day of which envelopes lie in `envelope_other` gets none: they would have to be moved.
    """
    have_alone(cursor)
    count = _answer(cursor, _COUNT_TABLES)
    assert isinstance(count, int), "a count is a number"
    for day in days_without_table(cursor, days)[: max(0, DAY_TABLES_MAX - count)]:
        start_unix_s, end_unix_s = day * SECONDS_PER_DAY, (day + 1) * SECONDS_PER_DAY
        if not _answer(cursor, _HAS_STRAYS, (start_unix_s, end_unix_s)):
            cursor.execute(
                f"CREATE TABLE envelope_{day:d} PARTITION OF envelope "
                f"FOR VALUES FROM ({start_unix_s:d}) TO ({end_unix_s:d})"
            )


def drop_days(cursor: "psycopg.Cursor", before_day: int) -> int:
    """Drop the tables of all days before one, and what is counted of them.

    Returns:
        How many envelopes were in them.
    """
    found: list[tuple[int, int]] = cursor.execute(_DAYS_WITH_TABLE, (before_day,)).fetchall()
    for day, _ in found:
        cursor.execute(f"DROP TABLE envelope_{day:d}")
    days = [day for day, _ in found]
    cursor.execute("DELETE FROM topic_of_day WHERE day = ANY(%s)", (days,))
    cursor.execute("DELETE FROM total_of_day WHERE day = ANY(%s)", (days,))
    return sum(envelopes for _, envelopes in found)


def _answer(
    cursor: "psycopg.Cursor", question: str, values: tuple[int, ...] = ()
) -> int | bool | None:
    row: tuple[int | bool | None] | None = cursor.execute(question, values).fetchone()
    assert row is not None, "the question has an answer"
    return row[0]
