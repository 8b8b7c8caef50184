"""The port in memory."""

from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.records import RecordType
from sottovoce.sync.stores import SyncStore, Waiting
from unit.sync.people import ANNA, BRUNO, id_of, message


def filled() -> MemorySyncStore:
    store: SyncStore = MemorySyncStore()
    for peer in (ANNA, BRUNO):
        for body in (b"1", b"22"):
            waiting = Waiting(peer, id_of(body), RecordType.MESSAGE, 0, len(body))
            store.add_waiting(waiting, message(body))
    assert isinstance(store, MemorySyncStore)
    return store


def remember(store: MemorySyncStore, *bodies: bytes, per_peer: int = 9, total: int = 9) -> None:
    for body in bodies:
        store.remember_received(
            ANNA, id_of(body), answered=True, per_peer_max=per_peer, total_max=total
        )


def test_waiting_bodies_come_in_the_order_of_adding() -> None:
    assert [(entry.peer, entry.body_bytes) for entry in filled().waiting()] == [
        (ANNA, 1), (ANNA, 2), (BRUNO, 1), (BRUNO, 2),
    ]  # fmt: skip


def test_send_count_changes_for_one_peer_alone_and_keeps_the_order() -> None:
    store = filled()
    store.set_send_count(ANNA, id_of(b"1"), 3)
    assert [entry.send_count for entry in store.waiting()] == [3, 0, 0, 0]
    assert store.message(ANNA, id_of(b"1")) == message(b"1")


def test_removed_body_waits_no_more() -> None:
    store = filled()
    store.remove_waiting(ANNA, id_of(b"1"))
    assert len(tuple(store.waiting())) == 3


def test_oldest_of_a_peer_is_forgotten_above_its_bound() -> None:
    store = MemorySyncStore()
    remember(store, b"1", b"2", b"3", per_peer=2)
    assert [store.has_received(ANNA, id_of(body)) for body in (b"1", b"2", b"3")] == [
        False, True, True,
    ]  # fmt: skip


def test_oldest_of_all_is_forgotten_above_the_total() -> None:
    store = MemorySyncStore()
    store.remember_received(BRUNO, id_of(b"0"), answered=True, per_peer_max=9, total_max=2)
    remember(store, b"1", b"2", total=2)
    assert not store.has_received(BRUNO, id_of(b"0"))
    assert store.has_received(ANNA, id_of(b"1"))
    assert store._received.peer_count == 1


def test_strangers_and_contacts_are_remembered_apart() -> None:
    store = MemorySyncStore()
    remember(store, b"0")
    for body in (b"1", b"2", b"3"):
        store.remember_received(BRUNO, id_of(body), answered=False, per_peer_max=9, total_max=1)
    assert store.has_received(ANNA, id_of(b"0"))
    assert [store.has_received(BRUNO, id_of(body)) for body in (b"1", b"2", b"3")] == [
        False, False, True,
    ]  # fmt: skip


def test_stranger_s_message_moves_over_and_never_back() -> None:
    store = MemorySyncStore()
    for answered in (False, True, False):
        store.remember_received(ANNA, id_of(b"1"), answered=answered, per_peer_max=9, total_max=9)
    assert (len(store._received), len(store._strange)) == (1, 0)
