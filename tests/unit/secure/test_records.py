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
    records = Records(MemoryStore())
    records.save_own(OWN)
    records.save_peer(b"peer", PEER)
    records.save_session(NAME, SESSION)
    assert (records.own(), records.peer(b"peer")) == (OWN, PEER)
    assert records.session(NAME) == SESSION
