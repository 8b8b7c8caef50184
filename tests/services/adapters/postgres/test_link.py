"""A PostgreSQL server that ends, begins anew, hangs or was never there."""

from collections.abc import Callable
from typing import Final

import pytest

from contract.archive_contract import EVERYTHING, raws, some
from services.postgres_server import PostgresServer
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.base.errors import StorageError

PATIENCE_S: Final = 1.0  # for a server that hangs


@pytest.mark.parametrize("end", [PostgresServer.stop, PostgresServer.kill])
def test_a_server_that_begins_anew_is_used_again(
    postgres: PostgresServer, database: str, end: Callable[[PostgresServer], None]
) -> None:
    archive = PostgresArchive(database)
    envelopes = some(20)
    archive.store(envelopes[:10])
    end(postgres)
    for _ in range(2):
        with pytest.raises(StorageError, match="cannot be reached") as caught:
            archive.store(envelopes)
        assert caught.value.__context__ is None
        with pytest.raises(StorageError, match="cannot be reached"):
            archive.query(EVERYTHING)
    postgres.start()
    assert archive.store(envelopes) == 10
    assert archive.query(EVERYTHING).envelopes == raws(envelopes)
    # What ends between two calls is not noticed at all.
    end(postgres)
    postgres.start()
    assert archive.store(some(30)) == 10
    assert archive.size().envelopes == 30
    archive.close()


def test_a_server_that_hangs_is_given_up(postgres: PostgresServer, database: str) -> None:
    archive = PostgresArchive(database, patience_s=PATIENCE_S)
    archive.store(some(10))
    postgres.halt()
    try:
        with pytest.raises(StorageError):
            archive.store(some(20))
        with pytest.raises(StorageError):
            archive.query(EVERYTHING)
    finally:
        postgres.go_on()
    assert archive.store(some(20)) == 10
    archive.close()


def test_a_database_that_does_not_exist_is_named(postgres: PostgresServer) -> None:
    with pytest.raises(StorageError, match=r"no-such-one at .* does not exist"):
        PostgresArchive(postgres.database("no-such-one"))
