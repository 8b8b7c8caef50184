"""What every store of secrecy promises."""

from contract.made import CHAIN, message_keys, session
from sottovoce.secure.stores import SecureStore


def kept_keys(store: SecureStore, n_max: int = 20) -> list[int]:
    return [n for n in range(n_max) if store.load_message_key(session(1), CHAIN, n) is not None]


def test_nothing_is_there_at_first(secure_store: SecureStore) -> None:
    assert secure_store.load_own() is None
    assert secure_store.load_peer(b"p") is None
    assert secure_store.load_session(session(1)) is None
    assert secure_store.load_message_key(session(1), CHAIN, 0) is None
    assert not secure_store.is_ended_chain(session(1), CHAIN)
    assert (list(secure_store.peers()), list(secure_store.sessions())) == ([], [])


def test_records_are_replaced(secure_store: SecureStore) -> None:
    for record in (b"old", b"new"):
        secure_store.save_own(record)
        secure_store.save_peer(b"p", record, stranger=False)
        secure_store.save_session(session(1), record)
    assert secure_store.load_own() == b"new"
    assert secure_store.load_peer(b"p") == b"new"
    assert secure_store.load_session(session(1)) == b"new"
    assert list(secure_store.peers()) == [b"p"]


def test_strangers_come_in_the_order_of_their_last_saving(secure_store: SecureStore) -> None:
    for peer, stranger in (
        *((b"a", True), (b"b", True), (b"c", False), (b"d", True), (b"e", True)),
        *((b"a", True), (b"d", False)),
    ):
        secure_store.save_peer(peer, b"record", stranger=stranger)
    secure_store.delete_peer(b"b")
    secure_store.delete_peer(b"nobody")
    assert secure_store.load_peer(b"b") is None
    assert list(secure_store.strangers()) == [b"e", b"a"]
    assert sorted(secure_store.peers()) == [b"a", b"c", b"d", b"e"]


def test_sessions_are_found_by_their_whole_name(secure_store: SecureStore) -> None:
    names = [session(1), session(2), session(1, peer=1), session(1)._replace(installation_id="")]
    for place, name in enumerate(names):
        secure_store.save_session(name, bytes([place]))
    assert [secure_store.load_session(name) for name in names] == [b"\0", b"\1", b"\2", b"\3"]
    assert set(secure_store.sessions()) == set(names)
    assert secure_store.sessions(session(1, peer=1).peer) == [session(1, peer=1)]


def test_keys_beyond_the_bounds_go_oldest_first(secure_store: SecureStore) -> None:
    secure_store.add_message_keys(session(1), message_keys(0, 1, 2, 3), newest=3, above=-1)
    assert kept_keys(secure_store) == [1, 2, 3]
    secure_store.add_message_keys(session(1), message_keys(4), newest=9, above=2)
    assert kept_keys(secure_store) == [3, 4]
    assert secure_store.load_message_key(session(1), CHAIN, 4) == message_keys(4)[0].key


def test_bounds_of_one_session_leave_another_alone(secure_store: SecureStore) -> None:
    secure_store.add_message_keys(session(1), message_keys(0), newest=9, above=-1)
    secure_store.add_message_keys(session(2), message_keys(5, 6), newest=1, above=5)
    assert kept_keys(secure_store) == [0]


def test_key_is_deleted_by_session_chain_and_place(secure_store: SecureStore) -> None:
    secure_store.add_message_keys(session(1), message_keys(5), newest=9, above=-1)
    secure_store.delete_message_key(session(2), CHAIN, 5)
    secure_store.delete_message_key(session(1), b"other", 5)
    secure_store.delete_message_key(session(1), CHAIN, 6)
    assert kept_keys(secure_store) == [5]
    secure_store.delete_message_key(session(1), CHAIN, 5)
    assert kept_keys(secure_store) == []


def test_key_may_come_before_its_session_has_a_record(secure_store: SecureStore) -> None:
    secure_store.add_message_keys(session(1), message_keys(5), newest=9, above=-1)
    assert secure_store.load_session(session(1)) is None
    secure_store.save_session(session(1), b"record")
    assert kept_keys(secure_store) == [5]


def test_last_ended_chains_are_remembered(secure_store: SecureStore) -> None:
    for chain in (b"a", b"b", b"a", b"c"):
        secure_store.add_ended_chain(session(1), chain, newest=2)
    ended = [secure_store.is_ended_chain(session(1), chain) for chain in (b"a", b"b", b"c")]
    assert ended == [False, True, True]
    assert not secure_store.is_ended_chain(session(2), b"c")


def test_deleted_session_takes_everything_along(secure_store: SecureStore) -> None:
    for name in (session(1), session(2)):
        secure_store.save_session(name, b"record")
        secure_store.add_message_keys(name, message_keys(1), newest=9, above=-1)
        secure_store.add_ended_chain(name, CHAIN, newest=9)
    secure_store.delete_session(session(1))
    assert secure_store.load_session(session(1)) is None
    assert kept_keys(secure_store) == []
    assert not secure_store.is_ended_chain(session(1), CHAIN)
    assert list(secure_store.sessions()) == [session(2)]
    assert secure_store.is_ended_chain(session(2), CHAIN)
