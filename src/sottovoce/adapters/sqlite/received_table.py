"""Which messages of which peers came, in one table; the oldest are forgotten above two bounds.

Spec: docs/reference/storage.md, "Data sync".
"""

from typing import Final

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import MessageId

# Counts of so many peers are held; then they are counted again, each by one look into an index.
_PEERS_COUNTED_MAX: Final = 4096


class ReceivedTable:
    """Identifiers in the order in which they came.

    How many there are is counted once, and counted on from there, for SQLite keeps no counts.

    Args:
        writing: The connection.
        table: The table's name.
    """

    def __init__(self, writing: Writing, table: str) -> None:
        self._db = writing
        self._table: Final = table
        self._has: Final = f"SELECT 1 FROM {table} WHERE peer = ? AND message_id = ?"
        self._add: Final = f"INSERT INTO {table} (peer, message_id) VALUES (?, ?)"
        self._total: int | None = None
        self._of_peer: dict[PublicKey, int] = {}

    def forget_counts(self) -> None:
        """Count anew; to be called after a rollback."""
        self._total = None
        self._of_peer.clear()

    def has(self, peer: PublicKey, message_id: MessageId) -> bool:
        """Tell whether a message of this peer is remembered."""
        if not self._count_of(peer):
            return False
        return self._db.row(self._has, (peer.raw, message_id)) is not None

    def add(
        self, peer: PublicKey, message_id: MessageId, *, per_peer_max: int, total_max: int
    ) -> None:
        """Remember a message that is not remembered yet; the oldest above the bounds go."""
        of_peer, total = self._count_of(peer), self._count()
        self._db.write(self._add, (peer.raw, message_id))
        self._of_peer[peer], self._total = of_peer + 1, total + 1
        self._forget_oldest_of(peer, above=per_peer_max)
        self._forget_oldest(above=total_max)

    def forget(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a message that is remembered."""
        of_peer, total = self._count_of(peer), self._count()
        self._db.write(
            f"DELETE FROM {self._table} WHERE peer = ? AND message_id = ?", (peer.raw, message_id)
        )
        self._of_peer[peer], self._total = of_peer - 1, total - 1

    def _forget_oldest_of(self, peer: PublicKey, *, above: int) -> None:
        excess = self._count_of(peer) - above
        if excess > 0:
            self._db.write(
                f"DELETE FROM {self._table} WHERE place IN "
                f"(SELECT place FROM {self._table} WHERE peer = ? ORDER BY place LIMIT ?)",
                (peer.raw, excess),
            )
            self._of_peer[peer] -= excess
            self._total = self._count() - excess

    def _forget_oldest(self, *, above: int) -> None:
        excess = self._count() - above
        if excess > 0:
            oldest = self._db.rows(
                f"SELECT place, peer FROM {self._table} ORDER BY place LIMIT ?", (excess,)
            )
            self._db.write(f"DELETE FROM {self._table} WHERE place <= ?", (oldest[-1][0],))
            for _, raw in oldest:
                peer = PublicKey(raw)
                if peer in self._of_peer:
                    self._of_peer[peer] -= 1
            self._total = self._count() - excess

    def _count(self) -> int:
        if self._total is None:
            self._total = self._number(f"SELECT count(*) FROM {self._table}")
        return self._total

    def _count_of(self, peer: PublicKey) -> int:
        if peer not in self._of_peer:
            if len(self._of_peer) >= _PEERS_COUNTED_MAX:
                self._of_peer.clear()
            self._of_peer[peer] = self._number(
                f"SELECT count(*) FROM {self._table} WHERE peer = ?", peer.raw
            )
        return self._of_peer[peer]

    def _number(self, statement: str, *values: bytes) -> int:
        row = self._db.row(statement, values)
        assert row is not None, "a count has one row"
        return int(row[0])
