"""Data sync's tables; what the port promises stands in tests/contract."""

from dataclasses import replace

import pytest

from contract.made import person
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.errors import StorageError
from sottovoce.sync.records import Message, MessageId, RecordType
from sottovoce.sync.stores import SyncStore, Waiting
from unit.adapters.sqlite.plan import count, statements, steps

NAME = MessageId(b"m" * 32)
WAITING = Waiting(person(1), NAME, RecordType.MESSAGE, 0, 4)
MESSAGE = Message(b"g" * 32, 5, b"body")
LARGE = Message(b"g" * 32, 5, bytes(10_000))


def work(sync: SyncStore) -> None:
    sync.add_waiting(WAITING, LARGE)
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


@pytest.mark.parametrize("message", [MESSAGE, LARGE])
def test_body_comes_back_from_memory_and_from_its_table(
    store: MemoryPersonStore, message: Message
) -> None:
    store.below_chat.sync.add_waiting(WAITING, message)
    assert store.below_chat.sync.message(person(1), NAME) == message
    store.commit()
    store.begin()
    store.below_chat.sync.set_send_count(person(1), NAME, 1)
    store.rollback()
    store.begin()
    assert store.below_chat.sync.message(person(1), NAME) == message


def test_only_the_latest_bodies_are_in_memory(store: MemoryPersonStore) -> None:
    sync = store.below_chat.sync
    names = [MessageId(bytes([n]) * 32) for n in range(70)]
    for n, name in enumerate(names):
        sync.add_waiting(replace(WAITING, message_id=name), replace(MESSAGE, timestamp_s=n))
    assert [sync.message(person(1), name).timestamp_s for name in names] == list(range(70))
    looked_up = statements(store, lambda: [sync.message(person(1), name) for name in names])
    assert len(looked_up) == 70 - 64


def test_message_that_was_looked_for_and_undone_is_remembered_anew(
    store: MemoryPersonStore,
) -> None:
    sync = store.below_chat.sync

    def receive() -> None:
        assert not sync.has_received(person(1), NAME)
        sync.remember_received(person(1), NAME, answered=True, per_peer_max=9, total_max=9)

    receive()
    store.rollback()
    store.begin()
    receive()
    sync.remember_received(person(1), NAME, answered=True, per_peer_max=9, total_max=9)
    assert count(store, "received") == 1
