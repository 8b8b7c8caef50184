"""The stores, read and written as values: the one place where records are decoded and encoded.

It owns no rule of the protocol. What is kept in memory between two calls are the values that were
read last, one of each kind, and they count only for the very bytes that they stand for: a message
reads the same records five times, and a rolled back transaction leaves nothing wrong behind.

Spec: status-go protocol/encryption/persistence.go (what clients keep).
"""

from typing import Final

from sottovoce.secure.installations import Peer, decode_peer, encode_peer
from sottovoce.secure.own_prekeys import OwnPrekeys, decode_own_prekeys, encode_own_prekeys
from sottovoce.secure.session import Session, decode_session, encode_session
from sottovoce.secure.stores import SecureStore, SessionName


class Records:
    """A store of bytes, seen as a store of values."""

    __slots__ = ("_own", "_own_raw", "_peer", "_peer_raw", "_session", "_session_raw", "store")

    def __init__(self, store: SecureStore) -> None:
        self.store: Final = store
        self._own_raw: bytes | None = None
        self._own = decode_own_prekeys(None)
        self._peer_raw = b""
        self._peer = decode_peer(None)
        self._session_raw: bytes | None = None
        self._session: Session | None = None

    def own(self) -> OwnPrekeys:
        """Return our own prekeys."""
        raw = self.store.load_own()
        if raw != self._own_raw:
            self._own, self._own_raw = decode_own_prekeys(raw), raw
        return self._own

    def save_own(self, own: OwnPrekeys) -> None:
        """Store our own prekeys."""
        raw = encode_own_prekeys(own)
        self._own, self._own_raw = own, raw
        self.store.save_own(raw)

    def peer(self, identity: bytes) -> Peer:
        """Return what is known about an identity, compressed, 33 bytes."""
        raw = self.store.load_peer(identity)
        if raw is None:
            return decode_peer(None)
        if raw != self._peer_raw:
            self._peer, self._peer_raw = decode_peer(raw), raw
        return self._peer

    def save_peer(self, identity: bytes, peer: Peer) -> None:
        """Store what is known about an identity."""
        raw = encode_peer(peer)
        self._peer, self._peer_raw = peer, raw
        self.store.save_peer(identity, raw, stranger=not peer.known)

    def session(self, name: SessionName) -> Session | None:
        """Return a session."""
        raw = self.store.load_session(name)
        if raw != self._session_raw:
            self._session = None if raw is None else decode_session(raw)
            self._session_raw = raw
        return self._session

    def save_session(self, name: SessionName, session: Session) -> None:
        """Store a session."""
        raw = encode_session(session)
        self._session, self._session_raw = session, raw
        self.store.save_session(name, raw)
