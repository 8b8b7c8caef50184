"""Values are stored and come back."""

from sottovoce.secure.installations import Peer
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.own_prekeys import OwnPrekeys
from sottovoce.secure.records import Records
from sottovoce.secure.stores import SessionName
from unit.secure.test_installations import PEER
from unit.secure.test_own_prekeys import OWN
from unit.secure.test_session import SESSION

NAME = SessionName(b"prekey", b"peer", "phone")


def test_empty_store_has_nothing() -> None:
    records = Records(MemoryStore())
    assert (records.own(), records.peer(b"peer")) == (OwnPrekeys(), Peer())
    assert records.session(NAME) is None


def test_what_is_stored_comes_back() -> None:
    store = MemoryStore()
    written = Records(store)
    written.save_own(OWN)
    written.save_peer(b"peer", PEER)
    written.save_session(NAME, SESSION)
    for records in (written, Records(store)):
        assert (records.own(), records.peer(b"peer")) == (OWN, PEER)
        assert records.session(NAME) == SESSION
        assert records.session(NAME._replace(peer=b"other")) is None


def test_what_is_in_memory_counts_only_for_the_bytes_that_are_stored() -> None:
    store = MemoryStore()
    records, elsewhere = Records(store), Records(store)
    records.save_own(OWN)
    records.save_session(NAME, SESSION)
    changed = SESSION._replace(used_unix_s=SESSION.used_unix_s + 1)
    elsewhere.save_own(OwnPrekeys())
    elsewhere.save_session(NAME, changed)
    assert records.own() == OwnPrekeys()
    assert records.session(NAME) == changed
