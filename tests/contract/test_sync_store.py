"""What every store of data sync promises."""

from contract.made import person
from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import Message, MessageId, RecordType
from sottovoce.sync.stores import SyncStore, Waiting

ANNA, BRUNO = person(1), person(2)


def sync_id(n: int) -> MessageId:
    return MessageId(n.to_bytes(32, "big"))


def body(n: int) -> Message:
    return Message(b"g" * 32, -n, bytes(n))


def fill(store: SyncStore) -> None:
    for peer in (ANNA, BRUNO):
        for n in (2, 1):
            store.add_waiting(Waiting(peer, sync_id(n), RecordType.OFFER, 0, n), body(n))


def remember(
    store: SyncStore,
    *ids: int,
    peer: PublicKey = ANNA,
    answered: bool = True,
    per_peer: int = 99,
    total: int = 99,
) -> None:
    for n in ids:
        store.remember_received(
            peer, sync_id(n), answered=answered, per_peer_max=per_peer, total_max=total
        )


def remembered(store: SyncStore, peer: PublicKey = ANNA) -> list[int]:
    return [n for n in range(20) if store.has_received(peer, sync_id(n))]


def test_waiting_bodies_come_in_the_order_of_adding(sync_store: SyncStore) -> None:
    fill(sync_store)
    assert list(sync_store.waiting()) == [
        Waiting(peer, sync_id(n), RecordType.OFFER, 0, n) for peer in (ANNA, BRUNO) for n in (2, 1)
    ]
    assert sync_store.message(BRUNO, sync_id(2)) == body(2)


def test_send_count_changes_for_one_peer_alone_and_keeps_the_order(sync_store: SyncStore) -> None:
    fill(sync_store)
    sync_store.set_send_count(ANNA, sync_id(2), 3)
    assert [entry.send_count for entry in sync_store.waiting()] == [3, 0, 0, 0]
    assert sync_store.message(ANNA, sync_id(2)) == body(2)


def test_removed_body_waits_no_more(sync_store: SyncStore) -> None:
    fill(sync_store)
    sync_store.remove_waiting(ANNA, sync_id(2))
    names = [(entry.peer, entry.message_id) for entry in sync_store.waiting()]
    assert names == [(ANNA, sync_id(1)), (BRUNO, sync_id(2)), (BRUNO, sync_id(1))]


def test_received_ids_are_remembered_for_their_peer(sync_store: SyncStore) -> None:
    remember(sync_store, 1, 2)
    assert remembered(sync_store) == [1, 2]
    assert not sync_store.has_received(BRUNO, sync_id(1))


def test_oldest_ids_of_a_peer_are_forgotten(sync_store: SyncStore) -> None:
    remember(sync_store, 1, peer=BRUNO)
    remember(sync_store, 5, 3, 4, per_peer=2)
    assert remembered(sync_store) == [3, 4]
    remember(sync_store, 6, 7, per_peer=1)
    assert remembered(sync_store) == [7]
    assert remembered(sync_store, BRUNO) == [1]


def test_oldest_ids_of_all_peers_are_forgotten(sync_store: SyncStore) -> None:
    remember(sync_store, 1, peer=BRUNO)
    remember(sync_store, 5, 3, total=3)
    assert remembered(sync_store, BRUNO) == [1]
    remember(sync_store, 4, total=3)
    assert remembered(sync_store, BRUNO) == []
    assert remembered(sync_store) == [3, 4, 5]
    remember(sync_store, 6, total=2)
    assert remembered(sync_store) == [4, 6]


def test_forgotten_id_can_be_remembered_again(sync_store: SyncStore) -> None:
    remember(sync_store, 1, 2, 1, 3, per_peer=1)
    assert remembered(sync_store) == [3]


def test_id_that_is_to_be_forgotten_is_whoever_sent_it(sync_store: SyncStore) -> None:
    remember(sync_store, 1, 2, 3)
    remember(sync_store, 4, answered=False)
    for n in (2, 4, 9):
        sync_store.forget_received(ANNA, sync_id(n))
    assert remembered(sync_store) == [1, 3]
    remember(sync_store, 5, per_peer=3)
    assert remembered(sync_store) == [1, 3, 5]


def test_id_that_comes_again_keeps_its_place(sync_store: SyncStore) -> None:
    remember(sync_store, 1, 2, 1, 3, per_peer=2)
    assert remembered(sync_store) == [2, 3]


def test_strangers_push_out_only_what_strangers_sent(sync_store: SyncStore) -> None:
    remember(sync_store, 1, peer=BRUNO)
    remember(sync_store, 2, 3, 4, answered=False, per_peer=9, total=2)
    assert (remembered(sync_store), remembered(sync_store, BRUNO)) == ([3, 4], [1])


def test_id_of_a_stranger_moves_over_when_he_is_answered(sync_store: SyncStore) -> None:
    remember(sync_store, 1, 2, answered=False)
    remember(sync_store, 1)
    remember(sync_store, 1, answered=False)
    remember(sync_store, 3, 4, answered=False, per_peer=2)
    assert remembered(sync_store) == [1, 3, 4]
    remember(sync_store, 5, per_peer=1)
    assert remembered(sync_store) == [3, 4, 5]
