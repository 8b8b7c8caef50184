"""Counts and bounds of ids; what the port promises stands in tests/contract."""

from functools import partial

import pytest

from contract.made import person
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.sqlite import received_table
from sottovoce.adapters.sqlite.received_table import ReceivedTable
from sottovoce.sync.records import MessageId
from unit.adapters.sqlite.plan import count, steps


def name(n: int) -> MessageId:
    return MessageId(n.to_bytes(32, "big"))


def test_ids_are_counted_once_and_the_oldest_found_by_an_index(store: MemoryPersonStore) -> None:
    table = ReceivedTable(store._db, "received")

    def add(n: int) -> None:
        table.add(person(n % 2), name(n), per_peer_max=2, total_max=3)

    for n in range(4):
        add(n)
    # The oldest of all come first in the table itself, and reading stops after them.
    found = {step for n in range(4, 9) for step in steps(store, partial(add, n))}
    assert found <= {"SCAN received", "LIST SUBQUERY 1"}
    assert count(store, "received") == 3


def test_counts_of_many_peers_do_not_pile_up(
    store: MemoryPersonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_table, "_PEERS_COUNTED_MAX", 2)
    table = ReceivedTable(store._db, "received")
    for n in range(9):
        table.add(person(n), name(n), per_peer_max=1, total_max=99)
        table.add(person(0), name(100 + n), per_peer_max=1, total_max=99)
    assert len(table._of_peer) <= 2
    assert count(store, "received") == 9


def test_forgotten_ids_are_counted_off(store: MemoryPersonStore) -> None:
    table = ReceivedTable(store._db, "received")
    for n in range(9):
        table.add(person(1), name(n), per_peer_max=2, total_max=2)
        if n % 2:
            table.forget(person(1), name(n))
    assert count(store, "received") == table._count() == table._count_of(person(1)) == 2
