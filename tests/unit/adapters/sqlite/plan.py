"""How SQLite goes about the statements of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sottovoce.adapters.sqlite.connection import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from apsw import Bindings  # a name for the type checker alone

    from sottovoce.adapters.memory.person_store import MemoryPersonStore


def steps(store: MemoryPersonStore | Reading, act: Callable[[], object]) -> list[str]:
    """Return the steps of all statements that `act` runs, without those that use an index."""
    connection = store._raw if isinstance(store, Reading) else store._db._raw
    return [
        str(row[3])
        for statement, values in statements(store, act)
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        if not str(row[3]).startswith("SEARCH")
    ]


def statements(
    store: MemoryPersonStore | Reading, act: Callable[[], object]
) -> list[tuple[str, Bindings | None]]:
    """Return all statements that `act` runs, each with its values."""
    connection = store._raw if isinstance(store, Reading) else store._db._raw
    seen: list[tuple[str, Bindings | None]] = []

    def note(_: object, statement: str, values: Bindings | None) -> bool:
        seen.append((statement, values))
        return True

    connection.exec_trace = note
    act()
    connection.exec_trace = None
    return seen


def count(store: MemoryPersonStore, table: str) -> int:
    return int(store._db.rows(f"SELECT count(*) FROM {table}")[0][0])
