"""What feeds between devices of one person keep, in SQLite.

Spec: docs/reference/storage.md, "Devices".
"""

from collections.abc import Iterable, Sequence
from typing import Final

from typing_extensions import override

from sottovoce.adapters.sqlite.connection import Row, Writing
from sottovoce.chat.feed_keys import NOTED_BY_EACH, PROFILE_KEY, reaction_name
from sottovoce.chat.feed_stores import Change, FedDevice, FeedStore
from sottovoce.chat.records import ChatId
from sottovoce.payloads.feed import RecordKind

_NUMBERED: Final = "SELECT number, kind, key, stamps FROM changes"
_ADD: Final = "INSERT OR IGNORE INTO changes (kind, key, stamps) VALUES (?, ?, '')"
_FOR_DEVICE: Final = f"""
{_NUMBERED} WHERE number > ? AND NOT EXISTS (
  SELECT 1 FROM known_changes
  WHERE known_changes.number = changes.number AND installation_id = ?
) ORDER BY number LIMIT ?
"""
_NEWEST: Final = """
SELECT id FROM (
  SELECT id, clock, row_number() OVER (PARTITION BY chat ORDER BY clock DESC, id DESC) AS place
  FROM messages WHERE content_type NOT IN ({})
) WHERE place <= ? ORDER BY clock DESC, id DESC LIMIT ?
""".format(", ".join(str(int(each)) for each in NOTED_BY_EACH))
_CHATS: Final = """
SELECT CAST(id AS BLOB) FROM chats JOIN chat_numbers USING (chat)
ORDER BY last_message_unix_ms DESC, id
"""
_TRIM: Final = """
DELETE FROM changes WHERE number IN (
  SELECT number FROM changes WHERE kind IN (?, ?) ORDER BY number DESC LIMIT -1 OFFSET ?
)
"""
_TRIM_EVENTS: Final = """
DELETE FROM changes WHERE kind = ? AND key NOT IN (SELECT signature FROM group_events)
"""
_NEWEST_OF_CHAT: Final = """
SELECT max(min(written_unix_ms, kept_unix_ms)) FROM messages
WHERE chat = (SELECT chat FROM chat_numbers WHERE id = ?)
"""


class SqliteFeedStore(FeedStore):
    """A `FeedStore` in tables."""

    def __init__(self, writing: Writing) -> None:
        self._db = writing

    @override
    def load_life(self) -> bytes:
        row = self._db.row("SELECT life FROM feed_life")
        return b"" if row is None else bytes(row[0])

    @override
    def save_life(self, life: bytes) -> None:
        self._db.write(
            "INSERT INTO feed_life (only, life) VALUES (1, ?) "
            "ON CONFLICT DO UPDATE SET life = excluded.life",
            (life,),
        )

    @override
    def went_back_unix_ms(self) -> int:
        row = self._db.row("SELECT went_back_unix_ms FROM feed_life")
        return 0 if row is None else int(row[0])

    @override
    def save_went_back(self, unix_ms: int) -> None:
        self._db.write(
            "INSERT INTO feed_life (only, went_back_unix_ms) VALUES (1, ?) "
            "ON CONFLICT DO UPDATE SET went_back_unix_ms = excluded.went_back_unix_ms",
            (unix_ms,),
        )

    @override
    def last_number(self) -> int:
        row = self._db.row("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")
        return 0 if row is None else int(row[0])

    @override
    def change(self, kind: RecordKind, key: bytes) -> Change | None:
        row = self._db.row(f"{_NUMBERED} WHERE kind = ? AND key = ?", (int(kind), key))
        return None if row is None else _change_of(row)

    @override
    def put_change(self, kind: RecordKind, key: bytes, stamps: tuple[int, ...] = ()) -> None:
        self.remove_change(kind, key)
        self._db.write(
            "INSERT INTO changes (kind, key, stamps) VALUES (?, ?, ?)",
            (int(kind), key, " ".join(map(str, stamps))),
        )

    @override
    def remove_change(self, kind: RecordKind, key: bytes) -> None:
        self._db.write("DELETE FROM changes WHERE kind = ? AND key = ?", (int(kind), key))

    @override
    def changes_for(self, installation_id: str, *, after: int, limit: int) -> Sequence[Change]:
        rows = self._db.rows(_FOR_DEVICE, (after, installation_id, limit))
        return [_change_of(row) for row in rows]

    @override
    def note_known(self, installation_id: str, kind: RecordKind, key: bytes) -> None:
        self._db.write(
            "INSERT OR IGNORE INTO known_changes (number, installation_id) "
            "SELECT number, ? FROM changes WHERE kind = ? AND key = ?",
            (installation_id, int(kind), key),
        )

    @override
    def forget_known(self, installation_id: str, *, up_to: int) -> None:
        self._db.write(
            "DELETE FROM known_changes WHERE number <= ? AND installation_id = ?",
            (up_to, installation_id),
        )

    @override
    def devices(self) -> Iterable[FedDevice]:
        rows = self._db.rows(
            "SELECT installation_id, life, have, said, done FROM fed_devices "
            "ORDER BY installation_id"
        )
        return tuple(FedDevice(*row) for row in rows)

    @override
    def save_device(self, device: FedDevice) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO fed_devices (installation_id, life, have, said, done) "
            "VALUES (?, ?, ?, ?, ?)",
            (device.installation_id, device.life, device.have, device.said, device.done),
        )

    @override
    def remove_device(self, installation_id: str) -> None:
        of_device = (installation_id,)
        self._db.write("DELETE FROM fed_devices WHERE installation_id = ?", of_device)
        self._db.write("DELETE FROM known_changes WHERE installation_id = ?", of_device)

    @override
    def list_history(self, *, per_chat_max: int, messages_max: int) -> None:
        self._add(RecordKind.PROFILE, [PROFILE_KEY])
        self._add(RecordKind.CONTACT, self._column("SELECT key FROM contacts ORDER BY key"))
        self._add(
            RecordKind.GROUP_EVENT,
            self._column("SELECT signature FROM group_events ORDER BY event"),
        )
        self._add(RecordKind.CHAT, self._column(_CHATS))
        messages = [bytes(row[0]) for row in self._db.rows(_NEWEST, (per_chat_max, messages_max))]
        self._add(RecordKind.MESSAGE, messages)
        listed = set(messages)
        reactions = self._db.rows(
            "SELECT message_id, author, type FROM reactions WHERE NOT retracted"
        )
        self._add(
            RecordKind.REACTION, [reaction_name(*row) for row in reactions if row[0] in listed]
        )

    @override
    def trim(self, *, messages_max: int) -> None:
        kinds = (int(RecordKind.MESSAGE), int(RecordKind.REACTION))
        self._db.write(_TRIM, (*kinds, messages_max))
        self._db.write(_TRIM_EVENTS, (int(RecordKind.GROUP_EVENT),))

    @override
    def newest_message_unix_ms(self, chat_id: ChatId) -> int:
        row = self._db.row(_NEWEST_OF_CHAT, (chat_id,))
        return 0 if row is None or row[0] is None else int(row[0])

    def _column(self, query: str) -> list[bytes]:
        return [row[0] for row in self._db.rows(query)]

    def _add(self, kind: RecordKind, keys: Iterable[bytes]) -> None:
        self._db.write_each(_ADD, [(int(kind), key) for key in keys])


def _change_of(row: Row) -> Change:
    number, kind, key, stamps = row
    return Change(number, RecordKind(kind), key, tuple(map(int, stamps.split())))
