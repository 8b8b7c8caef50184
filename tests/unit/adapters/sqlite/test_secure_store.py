"""Secrecy's tables; what the port promises stands in tests/contract."""

from contract.made import CHAIN, message_keys, session
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.secure.stores import SecureStore
from unit.adapters.sqlite.plan import count, steps


def write(secure: SecureStore) -> None:
    secure.save_session(session(1), b"record")
    secure.add_message_keys(session(1), message_keys(1, 2), newest=1, above=-1)
    secure.add_ended_chain(session(1), CHAIN, newest=9)


def work(secure: SecureStore) -> None:
    write(secure)
    secure.load_session(session(1))
    secure.load_message_key(session(1), CHAIN, 2)
    secure.is_ended_chain(session(1), CHAIN)
    secure.sessions(session(1).peer)
    secure.load_peer(b"p")
    secure.save_peer(b"p", b"record", stranger=True)
    secure.delete_peer(b"p")
    secure.delete_message_key(session(1), CHAIN, 2)
    secure.delete_session(session(1))


def test_everything_is_found_by_an_index(store: MemoryPersonStore) -> None:
    scalars = {"SCALAR SUBQUERY 1", "SCALAR SUBQUERY 2"}
    assert set(steps(store, lambda: work(store.below_chat.secure))) <= scalars


def test_deleted_session_leaves_no_row(store: MemoryPersonStore) -> None:
    write(store.below_chat.secure)
    store.below_chat.secure.delete_session(session(1))
    tables = ("sessions", "message_keys", "ended_chains")
    assert [count(store, table) for table in tables] == [0, 0, 0]
