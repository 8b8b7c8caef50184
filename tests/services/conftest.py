"""One PostgreSQL server for all tests, and a database without an archive for each."""

from collections.abc import Iterator

import psycopg
import pytest

from services.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    # A database of its own for each would be a thousand files more to bring to the disk.
    with psycopg.connect(postgres.conninfo) as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute("DROP SCHEMA IF EXISTS sottovoce CASCADE")
    return postgres.conninfo
