"""Whoever stores is killed, or the server is: only what was never confirmed may be missing."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final

import pytest

from crash.archive_kills import check, killed_while_storing
from crash.archiver import batch
from services.postgres_server import PostgresServer
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.base.errors import StorageError

KILLS: Final = int(os.environ.get("SOTTOVOCE_KILLS", "4"))
BATCHES_MAX: Final = 40
PATIENCE_S: Final = 60.0  # nothing here waits for so long unless something is broken


@pytest.mark.slow
def test_what_was_confirmed_survives_kills_of_who_stores(database: str) -> None:
    killed_while_storing("postgres", database, KILLS, seed=8)


@pytest.mark.slow
def test_what_was_confirmed_survives_kills_of_the_server(
    postgres: PostgresServer, database: str
) -> None:
    archive, draws = PostgresArchive(database), random.Random(9)
    confirmed = -1

    enough, is_enough = 0, Event()

    def store() -> None:
        nonlocal confirmed
        while True:
            try:
                archive.store(batch(confirmed + 1))
            except StorageError:
                return
            confirmed += 1
            if confirmed >= enough:
                is_enough.set()

    with ThreadPoolExecutor(1) as thread:
        for _ in range(KILLS):
            first, enough = confirmed + 1, confirmed + draws.randrange(1, BATCHES_MAX)
            is_enough.clear()
            storing = thread.submit(store)
            assert is_enough.wait(PATIENCE_S)
            postgres.kill()
            storing.result()
            postgres.start()
            # Whether the last one was stored before its answer got lost is known to it alone.
            archive.store(batch(confirmed + 1))
            confirmed += 1
            check(archive, first, confirmed)
    archive.close()
