"""The store in memory: for tests, simulations and whoever wants to leave nothing behind.

It keeps the promises of the ports and can be copied and restored as a whole, which is what a crash
before a commit looks like.

Spec: status-go protocol/encryption/persistence.go (which keys are given up, and in which order).
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Final, Self

from typing_extensions import override

from sottovoce.secure.double_ratchet import MessageKey
from sottovoce.secure.stores import SecureStore, SessionName


class _SessionRows:
    """What belongs to one session."""

    __slots__ = ("ended", "keys", "record")

    def __init__(self) -> None:
        self.record: bytes | None = None
        # In ascending order of sequence numbers, for they are added in that order.
        self.keys: dict[tuple[bytes, int], MessageKey] = {}
        self.ended: dict[bytes, None] = {}


class MemoryStore(SecureStore):
    """A `SecureStore` in dictionaries."""

    def __init__(self) -> None:
        self._own: bytes | None = None
        self._peers: Final[dict[bytes, bytes]] = {}
        self._strangers: Final[dict[bytes, None]] = {}  # the one saved longest ago comes first
        self._sessions: Final[dict[SessionName, _SessionRows]] = {}

    @override
    def __repr__(self) -> str:
        return f"MemoryStore({len(self._peers)} peers, {len(self._sessions)} sessions)"

    def copy(self) -> Self:
        """Return an independent store with the same content."""
        return copy.deepcopy(self)

    @override
    def load_own(self) -> bytes | None:
        return self._own

    @override
    def save_own(self, record: bytes) -> None:
        self._own = record

    @override
    def load_peer(self, identity: bytes) -> bytes | None:
        return self._peers.get(identity)

    @override
    def save_peer(self, identity: bytes, record: bytes, *, stranger: bool) -> None:
        self._peers[identity] = record
        self._strangers.pop(identity, None)
        if stranger:
            self._strangers[identity] = None

    @override
    def delete_peer(self, identity: bytes) -> None:
        self._peers.pop(identity, None)
        self._strangers.pop(identity, None)

    @override
    def peers(self) -> Sequence[bytes]:
        return list(self._peers)

    @override
    def strangers(self) -> Sequence[bytes]:
        return list(self._strangers)

    @override
    def load_session(self, name: SessionName) -> bytes | None:
        rows = self._sessions.get(name)
        return None if rows is None else rows.record

    @override
    def save_session(self, name: SessionName, record: bytes) -> None:
        self._rows(name).record = record

    @override
    def delete_session(self, name: SessionName) -> None:
        self._sessions.pop(name, None)

    @override
    def sessions(self, peer: bytes | None = None) -> Sequence[SessionName]:
        return [name for name in self._sessions if peer is None or name.peer == peer]

    @override
    def load_message_key(self, name: SessionName, ratchet_key: bytes, n: int) -> bytes | None:
        rows = self._sessions.get(name)
        key = None if rows is None else rows.keys.get((ratchet_key, n))
        return None if key is None else key.key

    @override
    def add_message_keys(
        self, name: SessionName, keys: Iterable[MessageKey], *, newest: int, above: int
    ) -> None:
        stored = self._rows(name).keys
        for key in keys:
            stored[key.ratchet_key, key.n] = key
        while stored:
            oldest = next(iter(stored))
            if len(stored) <= newest and stored[oldest].sequence > above:
                break
            del stored[oldest]

    @override
    def delete_message_key(self, name: SessionName, ratchet_key: bytes, n: int) -> None:
        rows = self._sessions.get(name)
        if rows is not None:
            rows.keys.pop((ratchet_key, n), None)

    @override
    def add_ended_chain(self, name: SessionName, ratchet_key: bytes, *, newest: int) -> None:
        ended = self._rows(name).ended
        ended[ratchet_key] = None
        while len(ended) > newest:
            del ended[next(iter(ended))]

    @override
    def is_ended_chain(self, name: SessionName, ratchet_key: bytes) -> bool:
        rows = self._sessions.get(name)
        return rows is not None and ratchet_key in rows.ended

    def message_keys(self, name: SessionName) -> Sequence[MessageKey]:
        """Return a session's stored keys, the oldest first; for whoever looks inside."""
        rows = self._sessions.get(name)
        return [] if rows is None else list(rows.keys.values())

    def ended_chains(self, name: SessionName) -> Sequence[bytes]:
        """Return a session's remembered chains, the first that ended first."""
        rows = self._sessions.get(name)
        return [] if rows is None else list(rows.ended)

    def _rows(self, name: SessionName) -> _SessionRows:
        return self._sessions.setdefault(name, _SessionRows())
