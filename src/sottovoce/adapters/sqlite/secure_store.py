"""Prekeys, sessions and message keys in SQLite: the port of secrecy.

Spec: docs/reference/storage.md, "Secrecy".
"""

from collections.abc import Iterable, Sequence
from typing import Final

from typing_extensions import override

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.adapters.sqlite.message_key_table import MessageKeyTable, columns
from sottovoce.secure.double_ratchet import MessageKey
from sottovoce.secure.stores import SecureStore, SessionName

_FIND: Final = "SELECT session FROM sessions WHERE peer = ? AND prekey = ? AND installation_id = ?"
_ADD: Final = """
INSERT INTO sessions (peer, prekey, installation_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
"""
_SAVE: Final = """
INSERT INTO sessions (peer, prekey, installation_id, record) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET record = excluded.record
"""
_ADD_CHAIN: Final = """
INSERT INTO ended_chains (session, ratchet_key) VALUES (?, ?) ON CONFLICT DO NOTHING
"""
_COUNT_CHAINS: Final = "SELECT count(*) FROM ended_chains WHERE session = ?"
_IS_CHAIN: Final = f"SELECT 1 FROM ended_chains WHERE session = ({_FIND}) AND ratchet_key = ?"
_OLDEST_CHAINS: Final = """
DELETE FROM ended_chains WHERE session = ?1 AND place <=
  (SELECT place FROM ended_chains WHERE session = ?1 ORDER BY place DESC LIMIT 1 OFFSET ?2)
"""


_LOAD: Final = "SELECT record FROM sessions WHERE peer = ? AND prekey = ? AND installation_id = ?"

_OWN: Final = b""  # the name of our own prekeys among the records in memory
# A message reads five records ten times over. They take 1 kB each, rarely more.
_RECORDS_MAX: Final = 64


class SqliteSecureStore(SecureStore):
    """A `SecureStore` in tables.

    The latest records are held in memory, as they stand in the tables.
    """

    def __init__(self, writing: Writing) -> None:
        self._db = writing
        self._records: dict[bytes | SessionName, bytes | None] = {}
        self._numbers: dict[SessionName, int] = {}
        self._chain_counts: dict[SessionName, int] = {}
        self._keys = MessageKeyTable(writing, self._number_of)

    def forget(self) -> None:
        """Hold nothing in memory any more; to be called after a rollback."""
        self._records.clear()
        self._numbers.clear()
        self._chain_counts.clear()
        self._keys.forget()

    @override
    def load_own(self) -> bytes | None:
        return self._load(_OWN, "SELECT record FROM own_prekeys", ())

    @override
    def save_own(self, record: bytes) -> None:
        self._db.write("INSERT OR REPLACE INTO own_prekeys (only, record) VALUES (1, ?)", (record,))
        self._hold(_OWN, record)

    @override
    def load_peer(self, identity: bytes) -> bytes | None:
        return self._load(identity, "SELECT record FROM identities WHERE identity = ?", (identity,))

    @override
    def save_peer(self, identity: bytes, record: bytes, *, stranger: bool) -> None:
        place = self._next_stranger() if stranger else None
        self._db.write(
            "INSERT INTO identities (identity, record, stranger) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET record = excluded.record, stranger = excluded.stranger",
            (identity, record, place),
        )
        self._hold(identity, record)

    @override
    def delete_peer(self, identity: bytes) -> None:
        self._db.write("DELETE FROM identities WHERE identity = ?", (identity,))
        self._hold(identity, None)

    @override
    def peers(self) -> Sequence[bytes]:
        return [identity for (identity,) in self._db.rows("SELECT identity FROM identities")]

    @override
    def strangers(self) -> Sequence[bytes]:
        rows = self._db.rows(
            "SELECT identity FROM identities WHERE stranger IS NOT NULL ORDER BY stranger"
        )
        return [identity for (identity,) in rows]

    @override
    def load_session(self, name: SessionName) -> bytes | None:
        # A session that has only keys so far has no record.
        return self._load(name, _LOAD, columns(name))

    @override
    def save_session(self, name: SessionName, record: bytes) -> None:
        self._db.write(_SAVE, (*columns(name), record))
        self._hold(name, record)

    @override
    def delete_session(self, name: SessionName) -> None:
        self._db.write(
            "DELETE FROM sessions WHERE peer = ? AND prekey = ? AND installation_id = ?",
            columns(name),
        )
        self._hold(name, None)
        self._numbers.pop(name, None)
        self._chain_counts.pop(name, None)
        self._keys.forget_session(name)

    @override
    def sessions(self, peer: bytes | None = None) -> Sequence[SessionName]:
        columns = "SELECT prekey, peer, installation_id FROM sessions"
        if peer is None:
            rows = self._db.rows(columns)
        else:
            rows = self._db.rows(f"{columns} WHERE peer = ?", (peer,))
        return [SessionName(*row) for row in rows]

    @override
    def load_message_key(self, name: SessionName, ratchet_key: bytes, n: int) -> bytes | None:
        return self._keys.load(name, ratchet_key, n)

    @override
    def add_message_keys(
        self, name: SessionName, keys: Iterable[MessageKey], *, newest: int, above: int
    ) -> None:
        self._keys.add(name, keys, newest=newest, above=above)

    @override
    def delete_message_key(self, name: SessionName, ratchet_key: bytes, n: int) -> None:
        self._keys.delete(name, ratchet_key, n)

    @override
    def add_ended_chain(self, name: SessionName, ratchet_key: bytes, *, newest: int) -> None:
        session = self._number_of(name)
        before = self._chain_count(name, session)
        is_new = self._db.add_new(_ADD_CHAIN, (session, ratchet_key)) is not None
        count = before + is_new
        if count > newest:
            self._db.write(_OLDEST_CHAINS, (session, newest))
            count = newest
        self._chain_counts[name] = count

    @override
    def is_ended_chain(self, name: SessionName, ratchet_key: bytes) -> bool:
        return self._db.row(_IS_CHAIN, (*columns(name), ratchet_key)) is not None

    def _load(
        self, name: bytes | SessionName, statement: str, values: tuple[bytes | str, ...]
    ) -> bytes | None:
        """Return the record that a statement finds, from memory if it is there."""
        if name not in self._records:
            row = self._db.row(statement, values)
            self._hold(name, None if row is None or row[0] is None else bytes(row[0]))
        return self._records[name]

    def _hold(self, name: bytes | SessionName, record: bytes | None) -> None:
        if len(self._records) >= _RECORDS_MAX and name not in self._records:
            self._records.clear()
        self._records[name] = record

    def _next_stranger(self) -> int:
        row = self._db.row("SELECT max(stranger) FROM identities WHERE stranger IS NOT NULL")
        return 1 if row is None or row[0] is None else int(row[0]) + 1

    def _chain_count(self, name: SessionName, session: int) -> int:
        """Return how many ended chains a session has; counted once, and counted on from there."""
        if name not in self._chain_counts:
            if len(self._chain_counts) >= _RECORDS_MAX:
                self._chain_counts.clear()
            row = self._db.row(_COUNT_CHAINS, (session,))
            self._chain_counts[name] = 0 if row is None else int(row[0])
        return self._chain_counts[name]

    def _number_of(self, name: SessionName) -> int:
        """Return a session's number, making one for a session that has none."""
        number = self._numbers.get(name)
        if number is not None:
            return number
        row = self._db.row(_FIND, columns(name))
        if row is None:
            self._db.write(_ADD, columns(name))
            row = self._db.row(_FIND, columns(name))
        assert row is not None, "a session that was just made is not there"
        if len(self._numbers) >= _RECORDS_MAX:
            self._numbers.clear()
        number = self._numbers[name] = int(row[0])
        return number
