"""The archive in PostgreSQL keeps the contract of all archives, and what several servers need."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from contract.archive_contract import (
    DAY,
    EVERYTHING,
    MIDNIGHT,
    ArchivePlace,
    LastingArchiveContract,
    expected,
    raws,
    some,
)
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.gossip.envelope import SECONDS_MAX, Envelope

PATIENCE_S: Final = 1.0  # for a server that hangs


class EmptiedDatabase:
    """One database, which is emptied to be fresh: making one takes a tenth of a second."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo

    def open(self) -> PostgresArchive:
        return PostgresArchive(self._conninfo)

    def fresh(self) -> PostgresArchive:
        archive = PostgresArchive(self._conninfo)
        archive.expire(SECONDS_MAX + 1)
        return archive


class TestPostgresArchive(LastingArchiveContract):
    @pytest.fixture
    def archives(self, database: str) -> ArchivePlace:
        return EmptiedDatabase(database)


def test_several_servers_share_one_database_without_doubles(database: str) -> None:
    archives = [PostgresArchive(database) for _ in range(2)]
    batches = [some(60, MIDNIGHT + number * DAY // 3) for number in range(12)]

    def store(work: tuple[PostgresArchive, list[list[Envelope]]]) -> int:
        archive, order = work
        return sum(archive.store(batch) for batch in order)

    with ThreadPoolExecutor(2) as threads:
        new = threads.map(store, zip(archives, (batches, batches[::-1]), strict=True))
        assert sum(new) == 720
    everything = raws(expected(itertools.chain(*batches), EVERYTHING))
    for archive in archives:
        assert archive.query(EVERYTHING).envelopes == everything
        assert archive.size().envelopes == 720
        archive.close()


def test_servers_that_store_and_expire_at_once_agree_in_the_end(database: str) -> None:
    storing, expiring = PostgresArchive(database), PostgresArchive(database)
    batches = [some(30, MIDNIGHT + number * DAY // 4) for number in range(24)]
    with ThreadPoolExecutor(1) as thread:
        stored = thread.submit(lambda: [storing.store(batch) for batch in batches])
        moment = MIDNIGHT
        while not stored.done():
            moment += DAY // 8
            expiring.expire(min(moment, MIDNIGHT + 3 * DAY))
        stored.result()
    left = MIDNIGHT + 3 * DAY
    expiring.expire(left)
    known = [each for batch in batches for each in batch if each.sent_unix_s >= left]
    assert storing.query(EVERYTHING).envelopes == raws(expected(known, EVERYTHING))
    size = storing.size()
    assert (size.envelopes, size.bytes) == (len(known), sum(map(len, raws(known))))
    for archive in (storing, expiring):
        archive.close()
