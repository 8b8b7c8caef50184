"""The tables in PostgreSQL: one for each day, within bounds, of a version, made once."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from contract.archive_contract import DAY, EVERYTHING, MIDNIGHT, envelope, expected, raws, some
from sottovoce.adapters.postgres import tables
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.base.errors import StorageError


def ask(conninfo: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return list(connection.execute(question))


def day_tables(conninfo: str) -> list[str]:
    rows = ask(
        conninfo,
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^envelope_' ORDER BY 1",
    )
    return [str(name) for (name,) in rows]


def test_each_day_has_a_table_that_goes_with_it(database: str) -> None:
    archive = PostgresArchive(database)
    archive.store([envelope(MIDNIGHT + hours * 3600) for hours in range(60)])
    assert day_tables(database) == [*(f"envelope_{18_500 + day}" for day in range(3)),
                                    "envelope_other"]  # fmt: skip
    archive.expire(MIDNIGHT + 2 * DAY)
    assert day_tables(database) == ["envelope_18502", "envelope_other"]
    archive.close()


def test_days_that_make_no_sense_do_not_make_tables_without_end(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "DAY_TABLES_MAX", 5)
    archive = PostgresArchive(database)
    envelopes = [envelope(day * 20 * DAY) for day in range(30)]
    assert archive.store(envelopes) == 30
    assert len(day_tables(database)) == 5
    assert archive.query(EVERYTHING).envelopes == raws(envelopes)
    assert archive.expire(300 * DAY) == 15
    # A day that lies among the others does not get a table, though there would be room now.
    more = [envelope(day * 20 * DAY, nonce=1) for day in range(15, 30)]
    assert archive.store([*more, *envelopes[15:]]) == 15
    assert archive.query(EVERYTHING).envelopes == raws(expected(envelopes[15:] + more, EVERYTHING))
    assert archive.trim(envelopes_max=0, bytes_max=None) == 30
    assert ask(database, "SELECT count(*) FROM sottovoce.topic_of_day") == [(0,)]
    archive.close()


def test_a_newer_archive_is_refused(database: str) -> None:
    PostgresArchive(database).close()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE sottovoce.version SET number = 2")
    with pytest.raises(StorageError, match="has version 2, and this program knows version 1"):
        PostgresArchive(database)


def test_an_archive_may_be_made_by_several_servers_at_once(database: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        archives = list(threads.map(PostgresArchive, [database] * 4))
        batch = some(30, step_s=DAY)
        assert sum(threads.map(lambda archive: archive.store(batch), archives)) == 30
    for archive in archives:
        archive.close()
