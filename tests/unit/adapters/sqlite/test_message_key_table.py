"""Which keys reach their table; what the port promises stands in tests/contract."""

from contract.made import CHAIN, message_keys, session
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from unit.adapters.sqlite.plan import count, statements

NAME = session(1)


def open_in_order(store: MemoryPersonStore, n: int, *, above: int = -1) -> None:
    """Do what opening one message does: look for its key, add it, and confirm it."""
    secure = store.below_chat.secure
    assert secure.load_message_key(NAME, CHAIN, n) is None
    secure.add_message_keys(NAME, message_keys(n), newest=9, above=above)
    assert secure.load_message_key(NAME, CHAIN, n) == message_keys(n)[0].key
    secure.delete_message_key(NAME, CHAIN, n)
    assert secure.load_message_key(NAME, CHAIN, n) is None


def sequences(store: MemoryPersonStore) -> list[int]:
    rows = store._db.rows("SELECT sequence FROM message_keys ORDER BY sequence")
    return [sequence for (sequence,) in rows]


def next_transaction(store: MemoryPersonStore) -> None:
    store.commit()
    store.begin()


def test_key_that_is_confirmed_at_once_costs_no_statement(store: MemoryPersonStore) -> None:
    open_in_order(store, 0)

    def work() -> None:
        for n in range(1, 20):
            open_in_order(store, n)
            next_transaction(store)

    seen = {statement for statement, _ in statements(store, work)}
    assert seen <= {"BEGIN IMMEDIATE", "COMMIT"}
    assert count(store, "message_keys") == 0


def test_key_that_is_not_confirmed_is_written_with_the_commit(store: MemoryPersonStore) -> None:
    secure = store.below_chat.secure
    secure.add_message_keys(NAME, message_keys(3), newest=9, above=-1)
    assert sequences(store) == []
    next_transaction(store)
    assert sequences(store) == [3]
    assert secure.load_message_key(NAME, CHAIN, 3) == message_keys(3)[0].key
    secure.delete_message_key(NAME, CHAIN, 3)
    next_transaction(store)
    assert sequences(store) == []


def test_key_that_was_undone_is_not_there(store: MemoryPersonStore) -> None:
    store.below_chat.secure.add_message_keys(NAME, message_keys(3), newest=9, above=-1)
    store.rollback()
    store.begin()
    assert store.below_chat.secure.load_message_key(NAME, CHAIN, 3) is None
    next_transaction(store)
    assert sequences(store) == []


def test_key_beside_skipped_ones_does_not_reach_the_table(store: MemoryPersonStore) -> None:
    secure = store.below_chat.secure
    secure.add_message_keys(NAME, message_keys(0, 1), newest=9, above=-1)
    next_transaction(store)
    seen = {statement for statement, _ in statements(store, lambda: open_in_order(store, 2))}
    assert not [each for each in seen if "DELETE" in each or "INSERT" in each]
    assert secure.load_message_key(NAME, CHAIN, 1) == message_keys(1)[0].key
    next_transaction(store)
    assert sequences(store) == [0, 1]


def test_skipped_keys_that_are_too_far_back_go_all_the_same(store: MemoryPersonStore) -> None:
    store.below_chat.secure.add_message_keys(NAME, message_keys(0, 5), newest=9, above=-1)
    open_in_order(store, 7, above=2)
    next_transaction(store)
    assert sequences(store) == [5]


def test_bound_counts_a_key_that_may_be_confirmed_at_once(store: MemoryPersonStore) -> None:
    secure = store.below_chat.secure
    secure.add_message_keys(NAME, message_keys(0, 1), newest=2, above=-1)
    assert secure.load_message_key(NAME, CHAIN, 2) is None
    secure.add_message_keys(NAME, message_keys(2), newest=2, above=-1)
    assert secure.load_message_key(NAME, CHAIN, 0) is None
    next_transaction(store)
    assert sequences(store) == [1, 2]


def test_second_key_of_a_transaction_leaves_the_first_one_there(store: MemoryPersonStore) -> None:
    secure = store.below_chat.secure
    for n in (0, 1):
        secure.add_message_keys(NAME, message_keys(n), newest=9, above=-1)
    secure.delete_message_key(NAME, CHAIN, 1)
    next_transaction(store)
    assert sequences(store) == [0]


def test_key_that_is_added_anew_replaces_the_one_in_the_table(store: MemoryPersonStore) -> None:
    secure = store.below_chat.secure
    secure.add_message_keys(NAME, message_keys(0), newest=9, above=-1)
    next_transaction(store)
    again = message_keys(0)[0]._replace(key=b"k" * 32, sequence=4)
    secure.add_message_keys(NAME, [again], newest=9, above=-1)
    assert secure.load_message_key(NAME, CHAIN, 0) == b"k" * 32
    next_transaction(store)
    assert sequences(store) == [4]


def test_session_is_known_from_its_first_key_on(store: MemoryPersonStore) -> None:
    open_in_order(store, 0)
    assert list(store.below_chat.secure.sessions()) == [NAME]


def test_session_that_is_deleted_takes_along_what_is_held_back(store: MemoryPersonStore) -> None:
    secure = store.below_chat.secure
    secure.save_session(NAME, b"record")
    secure.add_message_keys(NAME, message_keys(0), newest=9, above=-1)
    secure.delete_session(NAME)
    assert secure.load_message_key(NAME, CHAIN, 0) is None
    next_transaction(store)
    assert (sequences(store), count(store, "sessions")) == ([], 0)


def test_many_sessions_are_known_to_have_no_keys(store: MemoryPersonStore) -> None:
    for n in range(5000):
        assert store.below_chat.secure.load_message_key(session(n), CHAIN, 0) is None
    assert len(store._secure._keys._extents) <= 4096
