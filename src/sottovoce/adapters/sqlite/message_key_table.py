"""Keys of messages in their table; most of them never get there.

A message that comes in its order is opened and confirmed in one transaction, so that its key is
added and deleted again before anything is written. The key of one such message of each session is
held back until the commit, and written only if it is still there then.

Spec: docs/reference/storage.md, "Secrecy".
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.secure.double_ratchet import MessageKey
from sottovoce.secure.stores import SessionName

_FIND: Final = "SELECT session FROM sessions WHERE peer = ? AND prekey = ? AND installation_id = ?"
_LOAD: Final = f"""
SELECT key FROM message_keys WHERE session = ({_FIND}) AND ratchet_key = ? AND n = ?
"""
_EXTENT: Final = f"SELECT count(*), min(sequence) FROM message_keys WHERE session = ({_FIND})"
_ADD: Final = """
INSERT OR REPLACE INTO message_keys (session, ratchet_key, n, sequence, key) VALUES (?, ?, ?, ?, ?)
"""
_DELETE: Final = f"""
DELETE FROM message_keys WHERE session = ({_FIND}) AND ratchet_key = ? AND n = ?
"""
_OLDEST: Final = """
DELETE FROM message_keys WHERE session = ?1 AND sequence <= max(?2, coalesce(
  (SELECT sequence FROM message_keys WHERE session = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?3),
  -1))
"""

# Of so many sessions it is remembered how many keys they have; of further ones they are counted
# again.
_COUNTED_MAX: Final = 4096


class _Extent(NamedTuple):
    """What a session has in the table: how many keys, and the lowest sequence number, 0 if none."""

    keys: int
    least: int


class _Held(NamedTuple):
    """A key that is not written, and the bounds that were given with it. Its repr shows nothing."""

    key: MessageKey
    newest: int
    above: int

    @override
    def __repr__(self) -> str:
        return "_Held(…)"


class MessageKeyTable:
    """The keys of all sessions.

    Args:
        writing: The connection.
        number_of: Returns a session's number, making one for a session that has none.
    """

    def __init__(self, writing: Writing, number_of: Callable[[SessionName], int]) -> None:
        self._db = writing
        self._number_of = number_of
        self._extents: dict[SessionName, _Extent] = {}
        # The key that was looked for last and is not there.
        self._missing: tuple[SessionName, bytes, int] | None = None
        self._held: dict[SessionName, _Held] = {}

    def forget(self) -> None:
        """Hold nothing in memory any more; to be called after a rollback."""
        self._extents.clear()
        self._missing = None
        self._held.clear()

    def forget_session(self, name: SessionName) -> None:
        """Hold nothing of a session that was deleted."""
        self._extents.pop(name, None)
        self._held.pop(name, None)

    def load(self, name: SessionName, ratchet_key: bytes, n: int) -> bytes | None:
        """Return the key of a message."""
        if self._holds(name, ratchet_key, n):
            return self._held[name].key.key
        row = None
        if self._extent(name).keys:
            row = self._db.row(_LOAD, (*columns(name), ratchet_key, n))
        if row is None:
            self._missing = (name, ratchet_key, n)
            return None
        return bytes(row[0])

    def add(
        self, name: SessionName, keys: Iterable[MessageKey], *, newest: int, above: int
    ) -> None:
        """Add keys in ascending order of their sequence, then keep only the newest ones."""
        added = list(keys)
        if name in self._held:
            key, newest_then, above_then = self._held.pop(name)
            self._write(name, key, newest=newest_then, above=above_then)
        if len(added) == 1 and self._may_hold(name, added[0], newest, above):
            self._number_of(name)  # A session is known from its first key on.
            self._held[name] = _Held(added[0], newest, above)
            self._db.hold_back(self._write_held)
        else:
            self._write(name, *added, newest=newest, above=above)

    def delete(self, name: SessionName, ratchet_key: bytes, n: int) -> None:
        """Delete a key; nothing happens if it is not there."""
        if self._holds(name, ratchet_key, n):
            del self._held[name]
        elif self._extent(name).keys:
            self._db.write(_DELETE, (*columns(name), ratchet_key, n))
            del self._extents[name]

    def _holds(self, name: SessionName, ratchet_key: bytes, n: int) -> bool:
        held = self._held.get(name)
        return held is not None and (held.key.ratchet_key, held.key.n) == (ratchet_key, n)

    def _may_hold(self, name: SessionName, key: MessageKey, newest: int, above: int) -> bool:
        """Tell whether a key is new, and neither it nor an older one has to go for a bound."""
        count, least = self._extent(name)
        if count >= newest or key.sequence <= above:
            return False
        return not count or (least > above and self._missing == (name, key.ratchet_key, key.n))

    def _extent(self, name: SessionName) -> _Extent:
        """Return how many keys of a session are in the table, and from where on."""
        if name not in self._extents:
            if len(self._extents) >= _COUNTED_MAX:
                self._extents.clear()
            row = self._db.row(_EXTENT, columns(name))
            assert row is not None, "a count has one row"
            self._extents[name] = _Extent(row[0], row[1] or 0)
        return self._extents[name]

    def _write_held(self) -> None:
        held = dict(self._held)
        self._held.clear()
        for name, (key, newest, above) in held.items():
            self._write(name, key, newest=newest, above=above)

    def _write(self, name: SessionName, *keys: MessageKey, newest: int, above: int) -> None:
        session = self._number_of(name)
        self._extents.pop(name, None)
        self._missing = None
        self._db.write_each(
            _ADD, [(session, key.ratchet_key, key.n, key.sequence, key.key) for key in keys]
        )
        self._db.write(_OLDEST, (session, above, newest))


def columns(name: SessionName) -> tuple[bytes, bytes, str]:
    """Return what names a session in its table: peer, prekey and installation."""
    return name.peer, name.prekey, name.installation_id
