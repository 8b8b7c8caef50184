"""The store in memory keeps the promises of the ports."""

from sottovoce.secure.double_ratchet import MessageKey
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.stores import SessionName

NAME = SessionName(b"prekey", b"peer", "phone")
OTHER = SessionName(b"prekey", b"other", "phone")


def keys(*sequences: int) -> list[MessageKey]:
    return [MessageKey(b"chain", n, n, bytes([n]) * 32) for n in sequences]


def test_keys_beyond_the_bounds_go_oldest_first() -> None:
    store = MemoryStore()
    store.add_message_keys(NAME, keys(0, 1, 2, 3), newest=3, above=-1)
    assert [key.n for key in store.message_keys(NAME)] == [1, 2, 3]
    store.add_message_keys(NAME, keys(4), newest=9, above=2)
    assert [key.n for key in store.message_keys(NAME)] == [3, 4]


def test_key_is_found_and_deleted_by_session_chain_and_place() -> None:
    store = MemoryStore()
    store.add_message_keys(NAME, keys(5), newest=9, above=-1)
    assert store.load_message_key(NAME, b"chain", 5) == b"\x05" * 32
    assert store.load_message_key(OTHER, b"chain", 5) is None
    assert store.load_message_key(NAME, b"chain", 6) is None
    store.delete_message_key(OTHER, b"chain", 5)
    store.delete_message_key(NAME, b"chain", 6)
    store.delete_message_key(NAME, b"chain", 5)
    assert store.load_message_key(NAME, b"chain", 5) is None
    assert store.message_keys(OTHER) == []


def test_last_ended_chains_are_remembered() -> None:
    store = MemoryStore()
    for chain in (b"a", b"b", b"c"):
        store.add_ended_chain(NAME, chain, newest=2)
    ended = [store.is_ended_chain(NAME, chain) for chain in (b"a", b"b", b"c")]
    assert ended == [False, True, True]
    assert not store.is_ended_chain(OTHER, b"c")


def test_deleted_session_takes_everything_along() -> None:
    store = MemoryStore()
    store.save_session(NAME, b"record")
    store.save_session(OTHER, b"record")
    store.add_message_keys(NAME, keys(1), newest=9, above=-1)
    store.delete_session(NAME)
    assert store.load_session(NAME) is None
    assert store.load_message_key(NAME, b"chain", 1) is None
    assert store.sessions() == [OTHER]
    assert store.sessions(b"peer") == []


def test_strangers_are_listed_by_when_they_were_saved() -> None:
    store = MemoryStore()
    for peer in (b"a", b"b", b"c", b"a"):
        store.save_peer(peer, b"record", stranger=True)
    assert store.strangers() == [b"b", b"c", b"a"]
    store.save_peer(b"c", b"record", stranger=False)
    store.delete_peer(b"b")
    store.delete_peer(b"b")
    assert (store.strangers(), store.peers()) == ([b"a"], [b"a", b"c"])
    assert store.load_peer(b"b") is None


def test_copy_is_independent() -> None:
    store = MemoryStore()
    store.save_own(b"own")
    copied = store.copy()
    store.save_own(b"other")
    store.save_peer(b"peer", b"record", stranger=True)
    assert copied.load_own() == b"own"
    assert copied.peers() == []


def test_text_form_shows_counts_only() -> None:
    store = MemoryStore()
    store.save_peer(b"somebody", b"record", stranger=False)
    assert repr(store) == "MemoryStore(1 peers, 0 sessions)"
