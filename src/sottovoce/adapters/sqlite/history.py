"""History read through a connection of its own, which sees what was committed.

Spec: docs/reference/storage.md, "Chats".
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from typing_extensions import override

from sottovoce.adapters.sqlite.chat_rows import (
    CHATS,
    CONTACTS,
    MESSAGES,
    PROFILE,
    REACTIONS,
    chat_of,
    contact_of,
    message_of,
    profile_of,
    reaction_of,
)
from sottovoce.adapters.sqlite.connection import Reading, Values
from sottovoce.adapters.sqlite.database import DatabaseSettings, open_reader
from sottovoce.adapters.sqlite.group_rows import (
    DEVICES,
    GROUPS,
    RECIPIENTS,
    device_of,
    group_of,
    recipient_of,
)
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.chat.records import (
    Chat,
    ChatId,
    Contact,
    Device,
    Group,
    Message,
    Place,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.chat.search_words import wanted_words
from sottovoce.chat.stores import HistoryReader
from sottovoce.payloads.message_id import MessageId

_FOUND_MAX: Final = 10
_CLOCK_MAX: Final = (1 << 63) - 1  # what SQLite can count to; no stored clock is above
_HEX: Final = frozenset("0123456789abcdef")
_HIGHEST: Final = b"\xff" * 32  # an id has 32 bytes
_NEWEST_FIRST: Final = "ORDER BY clock DESC, messages.id DESC LIMIT ?"
_BEHIND: Final = "(clock, messages.id) < (?, ?)"
_OF_CHAT: Final = "messages.chat = (SELECT chat FROM chat_numbers WHERE id = ?)"
_OF_ACCEPTED: Final = "messages.chat IN (SELECT chat FROM chats WHERE accepted)"
_WITH_WORDS: Final = (
    "messages.message IN (SELECT rowid FROM message_words WHERE message_words MATCH ?)"
)


class SqliteHistory(HistoryReader):
    """A `HistoryReader` of tables.

    Args:
        reading: The connection; it belongs to this object from now on.
    """

    def __init__(self, reading: Reading) -> None:
        self._db = reading

    def close(self) -> None:
        """Let go of the database.

        Raises:
            StorageError: The disk reports an error.
        """
        self._db.close()

    @override
    def list_chats(self) -> Sequence[Chat]:
        rows = self._db.rows(f"{CHATS} ORDER BY last_message_unix_ms DESC, chat_numbers.id")
        return [chat_of(row) for row in rows]

    @override
    def list_contacts(self) -> Sequence[Contact]:
        return [contact_of(row) for row in self._db.rows(CONTACTS)]

    @override
    def list_groups(self) -> Sequence[Group]:
        return [group_of(row) for row in self._db.rows(GROUPS)]

    @override
    def list_devices(self) -> Sequence[Device]:
        rows = self._db.rows(f"{DEVICES} ORDER BY is_this DESC, installation_id")
        return [device_of(row) for row in rows]

    @override
    def list_recipients(self, message_id: MessageId) -> Sequence[Recipient]:
        return [recipient_of(row) for row in self._db.rows(RECIPIENTS, (message_id,))]

    @override
    def read_profile(self) -> Profile:
        return profile_of(self._db.row(PROFILE))

    @override
    def read_message(self, message_id: MessageId) -> Message | None:
        row = self._db.row(f"{MESSAGES} WHERE messages.id = ?", (message_id,))
        return None if row is None else message_of(row)

    @override
    def find_messages(self, id_start: str) -> Sequence[Message]:
        if not _HEX.issuperset(id_start):
            return []
        odd = len(id_start) % 2
        lowest = bytes.fromhex(id_start + "0" * odd)
        highest = bytes.fromhex(id_start + "f" * odd) + _HIGHEST
        return self._messages(
            ["messages.id BETWEEN ? AND ?"],
            (lowest, highest),
            "ORDER BY messages.id LIMIT ?",
            _FOUND_MAX,
        )

    @override
    def page(self, chat_id: ChatId, *, before: Place | None, limit: int) -> Sequence[Message]:
        return self._newest([_OF_CHAT], (chat_id,), before, limit)

    @override
    def search(
        self, words: str, *, chat_id: ChatId | None, before: Place | None, limit: int
    ) -> Sequence[Message]:
        wanted = wanted_words(words)
        if not wanted:
            return []
        # Each word is letters and digits in quotes, so that it is nothing but a word to FTS5.
        phrases = " ".join(f'"{" ".join(parts)}" *' for parts in wanted)
        if chat_id is None:
            return self._newest([_WITH_WORDS, _OF_ACCEPTED], (phrases,), before, limit)
        return self._newest([_WITH_WORDS, _OF_CHAT], (phrases, chat_id), before, limit)

    @override
    def reactions(self, message_ids: Sequence[MessageId]) -> Sequence[Reaction]:
        statement = f"{REACTIONS} WHERE message_id = ? AND NOT retracted"
        found = [
            reaction_of(row)
            for message_id in dict.fromkeys(message_ids)
            for row in self._db.rows(statement, (message_id,))
        ]
        return sorted(found, key=lambda it: (it.clock, it.author.raw, it.type))

    def _newest(
        self, conditions: list[str], values: Values, before: Place | None, limit: int
    ) -> Sequence[Message]:
        if before is not None:
            clock = min(before.clock, _CLOCK_MAX)
            conditions, values = [*conditions, _BEHIND], (*values, clock, before.id)
        return self._messages(conditions, values, _NEWEST_FIRST, limit)

    def _messages(
        self, conditions: list[str], values: Values, order: str, limit: int
    ) -> Sequence[Message]:
        where = " AND ".join(conditions)
        rows = self._db.rows(f"{MESSAGES} WHERE {where} {order}", (*values, max(limit, 0)))
        return [message_of(row) for row in rows]


def open_history(
    path: Path, password: DatabasePassword, settings: DatabaseSettings | None = None
) -> SqliteHistory:
    """Open a file's history, whoever writes the file; deriving the key takes a tenth of a second.

    Whoever has the store open asks it for its history instead, which derives nothing.

    Raises:
        StorageError: There is no such file; it is damaged or not ours, or the password is wrong.
    """
    return SqliteHistory(open_reader(path, password, settings or DatabaseSettings()))
