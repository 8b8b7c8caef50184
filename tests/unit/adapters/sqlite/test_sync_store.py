"""Data sync's tables; what the port promises stands in tests/contract."""

import pytest

from contract.made import person
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.errors import StorageError
from sottovoce.sync.records import Message, MessageId, RecordType
from sottovoce.sync.stores import SyncStore, Waiting
from unit.adapters.sqlite.plan import steps

NAME = MessageId(b"m" * 32)
WAITING = Waiting(person(1), NAME, RecordType.MESSAGE, 0, 4)
MESSAGE = Message(b"g" * 32, 5, b"body")


def work(sync: SyncStore) -> None:
    sync.add_waiting(WAITING, MESSAGE)
    sync.message(person(1), NAME)
    sync.set_send_count(person(1), NAME, 1)
    sync.remove_waiting(person(1), NAME)
    sync.has_received(person(1), NAME)


def test_everything_is_found_by_an_index(store: MemoryPersonStore) -> None:
    assert steps(store, lambda: work(store.below_chat.sync)) == []


def test_body_that_waits_twice_is_refused(store: MemoryPersonStore) -> None:
    store.below_chat.sync.add_waiting(WAITING, MESSAGE)
    with pytest.raises(StorageError, match="ConstraintError"):
        store.below_chat.sync.add_waiting(WAITING, MESSAGE)
    store.rollback()
