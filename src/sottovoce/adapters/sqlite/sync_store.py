"""What data sync waits for and what it has received, in SQLite: the port of data sync.

Spec: docs/reference/storage.md, "Data sync".
"""

from collections.abc import Iterable
from typing import Final

from typing_extensions import override

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.adapters.sqlite.received_table import ReceivedTable
from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import Message, MessageId, RecordType
from sottovoce.sync.stores import SyncStore, Waiting

# A body leaves soon after it was added. So many are held, of the length that people type: a quarter
# of a megabyte at most.
_RECENT_MAX: Final = 64
_RECENT_BODY_BYTES_MAX: Final = 4096


class SqliteSyncStore(SyncStore):
    """A `SyncStore` in tables; the bodies that were added last are held in memory as well."""

    def __init__(self, writing: Writing) -> None:
        self._db = writing
        self._received = ReceivedTable(writing, "received")
        self._strange = ReceivedTable(writing, "received_of_strangers")
        self._recent: dict[tuple[PublicKey, MessageId], Message] = {}
        # What was looked for last and is not remembered.
        self._unknown: tuple[PublicKey, MessageId] | None = None

    def forget(self) -> None:
        """Hold nothing in memory any more; to be called after a rollback."""
        self._recent.clear()
        self._unknown = None
        self._received.forget_counts()
        self._strange.forget_counts()

    @override
    def add_waiting(self, waiting: Waiting, message: Message) -> None:
        self._db.write(
            "INSERT INTO waiting "
            "(peer, message_id, type, send_count, group_id, timestamp_s, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                waiting.peer.raw,
                waiting.message_id,
                int(waiting.type),
                waiting.send_count,
                message.group_id,
                message.timestamp_s,
                message.body,
            ),
        )
        if len(message.body) <= _RECENT_BODY_BYTES_MAX:
            if len(self._recent) >= _RECENT_MAX:
                del self._recent[next(iter(self._recent))]
            self._recent[waiting.peer, waiting.message_id] = message

    @override
    def waiting(self) -> Iterable[Waiting]:
        rows = self._db.rows(
            "SELECT peer, message_id, type, send_count, length(body) FROM waiting ORDER BY place"
        )
        return tuple(
            Waiting(PublicKey(peer), MessageId(message_id), RecordType(kind), count, size_bytes)
            for peer, message_id, kind, count, size_bytes in rows
        )

    @override
    def message(self, peer: PublicKey, message_id: MessageId) -> Message:
        recent = self._recent.get((peer, message_id))
        if recent is not None:
            return recent
        row = self._db.row(
            "SELECT group_id, timestamp_s, body FROM waiting WHERE peer = ? AND message_id = ?",
            (peer.raw, message_id),
        )
        assert row is not None, "a message is asked for that does not wait"
        return Message(*row)

    @override
    def set_send_count(self, peer: PublicKey, message_id: MessageId, send_count: int) -> None:
        self._db.write(
            "UPDATE waiting SET send_count = ? WHERE peer = ? AND message_id = ?",
            (send_count, peer.raw, message_id),
        )

    @override
    def remove_waiting(self, peer: PublicKey, message_id: MessageId) -> None:
        self._recent.pop((peer, message_id), None)
        self._db.write(
            "DELETE FROM waiting WHERE peer = ? AND message_id = ?", (peer.raw, message_id)
        )

    @override
    def has_received(self, peer: PublicKey, message_id: MessageId) -> bool:
        if self._received.has(peer, message_id) or self._strange.has(peer, message_id):
            return True
        self._unknown = (peer, message_id)
        return False

    @override
    def remember_received(
        self,
        peer: PublicKey,
        message_id: MessageId,
        *,
        answered: bool,
        per_peer_max: int,
        total_max: int,
    ) -> None:
        is_new = self._unknown == (peer, message_id)
        self._unknown = None
        if not is_new and self._received.has(peer, message_id):
            return
        is_strange = not is_new and self._strange.has(peer, message_id)
        if answered and is_strange:
            self._strange.forget(peer, message_id)
        if answered or not is_strange:
            table = self._received if answered else self._strange
            table.add(peer, message_id, per_peer_max=per_peer_max, total_max=total_max)

    @override
    def forget_received(self, peer: PublicKey, message_id: MessageId) -> None:
        for table in (self._received, self._strange):
            if table.has(peer, message_id):
                table.forget(peer, message_id)
