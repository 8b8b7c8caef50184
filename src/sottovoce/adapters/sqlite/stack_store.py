"""Messages on their way, and derived keys, in SQLite: the port of the stack.

Spec: docs/reference/storage.md, "The stack".
"""

from collections.abc import Iterable
from typing import Final, assert_never

from typing_extensions import override

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import SymmetricKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack.destinations import (
    Contact,
    Destination,
    EveryOwnDevice,
    OwnDevices,
    OwnDevicesOnce,
    PublicChat,
)
from sottovoce.stack.stores import StackStore, Submission

_SAVE: Final = """
INSERT INTO submissions
  (message_id, destination_kind, destination, submitted_unix_s, raw, sync_id)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
  submitted_unix_s = excluded.submitted_unix_s, raw = excluded.raw, sync_id = excluded.sync_id
"""


class SqliteStackStore(StackStore):
    """A `StackStore` in tables."""

    def __init__(self, writing: Writing) -> None:
        self._db = writing

    @override
    def save_submission(self, submission: Submission) -> None:
        self._db.write(
            _SAVE,
            (
                submission.message_id,
                *_columns(submission.destination),
                submission.submitted_unix_s,
                submission.raw,
                submission.sync_id,
            ),
        )

    @override
    def submissions(self) -> Iterable[Submission]:
        rows = self._db.rows(
            "SELECT message_id, destination_kind, destination, submitted_unix_s, raw, sync_id "
            "FROM submissions ORDER BY place"
        )
        return tuple(
            Submission(MessageId(message_id), _destination(kind, name), unix_s, raw, sync_id)
            for message_id, kind, name, unix_s, raw, sync_id in rows
        )

    @override
    def remove_submission(self, message_id: MessageId, destination: Destination) -> None:
        self._db.write(
            "DELETE FROM submissions "
            "WHERE message_id = ? AND destination_kind = ? AND destination = ?",
            (message_id, *_columns(destination)),
        )

    @override
    def load_name_key(self, name: str) -> SymmetricKey | None:
        row = self._db.row("SELECT key FROM name_keys WHERE name = ?", (name,))
        return None if row is None else SymmetricKey(row[0])

    @override
    def save_name_key(self, name: str, key: SymmetricKey) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO name_keys (name, key) VALUES (?, ?)", (name, key.raw)
        )

    @override
    def remove_name_key(self, name: str) -> None:
        self._db.write("DELETE FROM name_keys WHERE name = ?", (name,))


def _columns(destination: Destination) -> tuple[str, bytes]:
    match destination:
        case Contact(key):
            return "contact", key.raw
        case PublicChat(name):
            return "public", name.encode()
        case OwnDevices():
            return "own devices", b""
        case OwnDevicesOnce():
            return "own devices once", b""
        case EveryOwnDevice():
            return "every own device", b""
        case _:
            assert_never(destination)


def _destination(kind: str, name: bytes) -> Destination:
    match kind:
        case "contact":
            return Contact(PublicKey(name))
        case "public":
            return PublicChat(name.decode())
        case "own devices":
            return OwnDevices()
        case "own devices once":
            return OwnDevicesOnce()
        case _:  # the table's own check allows no other
            return EveryOwnDevice()
