"""Chats, contacts, messages, groups and devices in SQLite: the port of chats.

Spec: docs/reference/storage.md, "Chats".
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.adapters.sqlite.chat_rows import (
    CHAT_COLUMNS,
    CHATS,
    CONTACT_COLUMNS,
    CONTACTS,
    ENCLOSURE_COLUMNS,
    MESSAGE_COLUMNS,
    MESSAGES,
    PROFILE,
    PROGRESS_COLUMNS,
    REACTION_COLUMNS,
    REACTIONS,
    chat_of,
    chat_values,
    contact_of,
    contact_values,
    enclosure_values,
    is_progress,
    message_of,
    message_values,
    profile_of,
    progress_values,
    reaction_of,
    reaction_values,
)
from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.adapters.sqlite.group_rows import (
    DEVICE_COLUMNS,
    DEVICES,
    GROUP_COLUMNS,
    GROUP_EVENTS,
    RECIPIENTS,
    WAITING_RECIPIENTS,
    device_of,
    device_values,
    group_event_of,
    group_values,
    recipient_of,
)
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import (
    Chat,
    ChatId,
    Contact,
    Device,
    Group,
    Message,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.chat.search_words import words_of
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId


def _marks(columns: str) -> str:
    return ", ".join("?" for _ in columns.split(","))


def _excluded(columns: str) -> str:
    return ", ".join(f"{column} = excluded.{column}" for column in columns.split(", "))


def _enclosed(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in ENCLOSURE_COLUMNS.split(", "))


_SAVE_CHAT: Final = f"""
INSERT INTO chats (chat, {CHAT_COLUMNS}) VALUES (?, {_marks(CHAT_COLUMNS)})
ON CONFLICT DO UPDATE SET {_excluded(CHAT_COLUMNS)}
"""
_SAVE_CONTACT: Final = f"""
INSERT INTO contacts ({CONTACT_COLUMNS}) VALUES ({_marks(CONTACT_COLUMNS)})
ON CONFLICT DO UPDATE SET {_excluded(CONTACT_COLUMNS)}
"""
_ADD_MESSAGE: Final = f"""
INSERT INTO messages ({MESSAGE_COLUMNS}) VALUES ({_marks(MESSAGE_COLUMNS)})
ON CONFLICT DO NOTHING
"""
_KNOWN_MESSAGE: Final = "SELECT message, words FROM messages WHERE id = ?"
_REPLACE_MESSAGE: Final = f"""
UPDATE messages SET ({MESSAGE_COLUMNS}) = ({_marks(MESSAGE_COLUMNS)}) WHERE message = ?
"""
# What a message goes through on its way; no index knows any of it.
_WRITE_PROGRESS: Final = f"""
UPDATE messages SET ({PROGRESS_COLUMNS}) = ({_marks(PROGRESS_COLUMNS)}) WHERE message = ?
"""
# What did not change is not written again: it is large, and a message changes its state often.
_SAVE_ENCLOSURE: Final = f"""
INSERT INTO enclosures (message, {ENCLOSURE_COLUMNS}) VALUES (?, {_marks(ENCLOSURE_COLUMNS)})
ON CONFLICT DO UPDATE SET {_excluded(ENCLOSURE_COLUMNS)}
WHERE ({_enclosed("enclosures")}) IS NOT ({_enclosed("excluded")})
"""
_SAVE_REACTION: Final = f"""
INSERT OR REPLACE INTO reactions ({REACTION_COLUMNS}) VALUES ({_marks(REACTION_COLUMNS)})
"""
_ADD_GROUP_EVENT: Final = """
INSERT INTO group_events (chat, author, signature, raw) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_SAVE_GROUP: Final = f"""
INSERT OR REPLACE INTO groups (chat, {GROUP_COLUMNS}) VALUES (?, {_marks(GROUP_COLUMNS)})
"""
# A recipient keeps the place that they had.
_SAVE_RECIPIENT: Final = """
INSERT INTO recipients (message, place, key, acknowledged, reason, stored)
SELECT message, (SELECT count(*) FROM recipients WHERE message = messages.message), ?, ?, ?, ?
FROM messages WHERE id = ?
ON CONFLICT DO UPDATE SET
acknowledged = excluded.acknowledged, reason = excluded.reason, stored = excluded.stored
"""
_SAVE_DEVICE: Final = f"""
INSERT INTO devices ({DEVICE_COLUMNS}) VALUES ({_marks(DEVICE_COLUMNS)})
ON CONFLICT DO UPDATE SET {_excluded(DEVICE_COLUMNS)}
"""
_REMOVE_ENCLOSURE: Final = "DELETE FROM enclosures WHERE message = ?"
_OF_CHAT: Final = "FROM messages WHERE chat = ? AND clock <= ?"
_ADD_WORDS: Final = "INSERT INTO message_words (rowid, words) VALUES (?, ?)"
# FTS5's way of taking a row out of an index whose words are stored elsewhere.
_REMOVE_WORDS: Final = (
    "INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)"
)
_REMOVE_ALL_WORDS: Final = (
    "INSERT INTO message_words (message_words, rowid, words) "
    f"SELECT 'delete', message, words {_OF_CHAT}"
)
# Words that were taken out stand in the index, marked, until its parts become one. Doing so once
# for many messages costs a tenth of what it costs for each of them.
_PURGE_WORDS: Final = "INSERT INTO message_words (message_words) VALUES ('optimize')"
_CLOCK_MAX: Final = (1 << 63) - 1  # what SQLite can count to


# A message on its way is looked at four times. So many are held that consist of a text, none of
# them longer than people type: half a megabyte at most.
_RECENT_MAX: Final = 64
_RECENT_CHARACTERS_MAX: Final = 2048
# A number of a chat takes 300 bytes here.
_NUMBERS_MAX: Final = 4096


class _Recent(NamedTuple):
    """A message as it stands in its tables, its number, and its words there."""

    message: Message
    number: int
    words: str


class SqliteChatStore(ChatStore):
    """A `ChatStore` in tables.

    Numbers of chats and the latest messages of text alone are held in memory: each message is
    looked at and written again several times while it is on its way.
    """

    def __init__(self, writing: Writing) -> None:
        self._db = writing
        self._recent: dict[MessageId, _Recent] = {}
        # Recent messages that have come further than their tables say, as they stand there.
        self._behind: dict[MessageId, Message] = {}
        self._numbers: dict[ChatId, int] = {}

    def forget(self) -> None:
        """Hold nothing in memory any more; to be called after a rollback."""
        self._recent.clear()
        self._behind.clear()
        self._numbers.clear()

    @override
    def load_profile(self) -> Profile:
        return profile_of(self._db.row(PROFILE))

    @override
    def save_profile(self, profile: Profile) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO profile (only, ens_name, picture, clock) VALUES (1, ?, ?, ?)",
            (profile.ens_name, profile.picture, profile.clock),
        )

    @override
    def chats(self) -> Iterable[Chat]:
        return tuple(chat_of(row) for row in self._db.rows(CHATS))

    @override
    def save_chat(self, chat: Chat) -> None:
        self._db.write(_SAVE_CHAT, (self._number(chat.id), *chat_values(chat)))

    @override
    def remove_chat(self, chat_id: ChatId) -> None:
        number = self._find_number(chat_id)
        if number is None:
            return
        self._remove_messages(number, _CLOCK_MAX)
        self._numbers.pop(chat_id, None)
        self._db.write("DELETE FROM reactions WHERE chat = ?", (number,))
        self._db.write("DELETE FROM chat_numbers WHERE chat = ?", (number,))

    @override
    def contacts(self) -> Iterable[Contact]:
        return tuple(contact_of(row) for row in self._db.rows(CONTACTS))

    @override
    def save_contact(self, contact: Contact) -> None:
        self._db.write(_SAVE_CONTACT, contact_values(contact))

    @override
    def remove_contact(self, key: PublicKey) -> None:
        self._db.write("DELETE FROM contacts WHERE key = ?", (key.raw,))

    @override
    def load_message(self, message_id: MessageId) -> Message | None:
        recent = self._recent.get(message_id)
        if recent is not None:
            return recent.message
        row = self._db.row(f"{MESSAGES} WHERE messages.id = ?", (message_id,))
        return None if row is None else message_of(row)

    @override
    def save_message(self, message: Message) -> None:
        recent = self._recent.pop(message.id, None)
        if recent is not None and is_progress(recent.message, message):
            number, words = recent.number, recent.words
            self._behind.setdefault(message.id, recent.message)
            self._db.hold_back(self._catch_up)
        else:
            self._behind.pop(message.id, None)
            words = " ".join(words_of(message.text))
            number = self._write_message(message, words)
        if message.attachment is None and len(message.text) <= _RECENT_CHARACTERS_MAX:
            if len(self._recent) >= _RECENT_MAX:
                self._catch_up()
                del self._recent[next(iter(self._recent))]
            self._recent[message.id] = _Recent(message, number, words)

    def _write_message(self, message: Message, words: str) -> int:
        """Write all of a message; returns its number."""
        values = message_values(message, self._number(message.chat_id), words)
        added = self._db.add_new(_ADD_MESSAGE, values)
        number = self._replace_message(message, words) if added is None else added
        if added is not None:
            self._db.write(_ADD_WORDS, (number, words))
        enclosure = enclosure_values(message)
        if enclosure is not None:
            self._db.write(_SAVE_ENCLOSURE, (number, *enclosure))
        elif added is None:
            self._db.write(_REMOVE_ENCLOSURE, (number,))
        return number

    def _replace_message(self, message: Message, words: str) -> int:
        """Write a message that is there already; returns its number."""
        known = self._db.row(_KNOWN_MESSAGE, (message.id,))
        assert known is not None, "a message is there and is not there"
        number = int(known[0])
        values = message_values(message, self._number(message.chat_id), words)
        self._db.write(_REPLACE_MESSAGE, (*values, number))
        if known[1] != words:
            self._db.write(_REMOVE_WORDS, known)
            self._db.write_at_commit(_PURGE_WORDS)
            self._db.write(_ADD_WORDS, (number, words))
        return number

    @override
    def remove_messages(self, chat_id: ChatId, *, up_to_clock: int) -> None:
        number = self._find_number(chat_id)
        if number is not None:
            self._remove_messages(number, up_to_clock)

    @override
    def unread_count(self, chat_id: ChatId, *, above_clock: int) -> int:
        row = self._db.row(
            "SELECT count(*) FROM messages WHERE own = 0 AND content_type != ? AND clock > ? "
            "AND chat = (SELECT chat FROM chat_numbers WHERE id = ?)",
            (ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP, above_clock, chat_id),
        )
        assert row is not None, "a count has one row"
        return int(row[0])

    @override
    def load_reaction(self, message_id: MessageId, author: PublicKey, type: int) -> Reaction | None:
        row = self._db.row(
            f"{REACTIONS} WHERE message_id = ? AND author = ? AND type = ?",
            (message_id, author.raw, type),
        )
        return None if row is None else reaction_of(row)

    @override
    def save_reaction(self, reaction: Reaction) -> None:
        self._db.write(_SAVE_REACTION, reaction_values(reaction, self._number(reaction.chat_id)))

    @override
    def group_events(self) -> Iterable[SignedEvent]:
        return tuple(group_event_of(row) for row in self._db.rows(GROUP_EVENTS))

    @override
    def add_group_event(self, event: SignedEvent) -> None:
        number = self._number(ChatId(event.chat_id))
        self._db.write(_ADD_GROUP_EVENT, (number, event.author.raw, event.signature, event.raw))

    @override
    def save_group(self, group: Group) -> None:
        self._db.write(_SAVE_GROUP, (self._number(group.chat_id), *group_values(group)))

    @override
    def recipients(self, message_id: MessageId) -> Iterable[Recipient]:
        return tuple(recipient_of(row) for row in self._db.rows(RECIPIENTS, (message_id,)))

    @override
    def waiting_recipients(self, chat_id: ChatId) -> Iterable[Recipient]:
        return tuple(recipient_of(row) for row in self._db.rows(WAITING_RECIPIENTS, (chat_id,)))

    @override
    def save_recipient(self, recipient: Recipient) -> None:
        to = (recipient.key.raw, recipient.acknowledged, recipient.reason, recipient.stored)
        self._db.write(_SAVE_RECIPIENT, (*to, recipient.message_id))

    @override
    def devices(self) -> Iterable[Device]:
        return tuple(device_of(row) for row in self._db.rows(f"{DEVICES} ORDER BY place"))

    @override
    def save_device(self, device: Device) -> None:
        self._db.write(_SAVE_DEVICE, device_values(device))

    @override
    def remove_device(self, installation_id: str) -> None:
        self._db.write("DELETE FROM devices WHERE installation_id = ?", (installation_id,))

    def _catch_up(self) -> None:
        """Write how far messages have come: once for all that one transaction tells of each."""
        for message_id, before in self._behind.items():
            after, number, _ = self._recent[message_id]
            self._db.write(_WRITE_PROGRESS, (*progress_values(after), number))
            self._save_enclosure(number, before, after)
        self._behind.clear()

    def _save_enclosure(self, number: int, before: Message, after: Message) -> None:
        """Write what a message encloses, if its progress changed that."""
        values = enclosure_values(after)
        if values == enclosure_values(before):
            return
        if values is None:
            self._db.write(_REMOVE_ENCLOSURE, (number,))
        else:
            self._db.write(_SAVE_ENCLOSURE, (number, *values))

    def _remove_messages(self, number: int, up_to_clock: int) -> None:
        self._catch_up()
        self._recent.clear()
        of_chat = (number, up_to_clock)
        if self._db.row(f"SELECT 1 {_OF_CHAT} LIMIT 1", of_chat) is None:
            return
        self._db.write(f"DELETE FROM reactions WHERE message_id IN (SELECT id {_OF_CHAT})", of_chat)
        self._db.write(_REMOVE_ALL_WORDS, of_chat)
        self._db.write_at_commit(_PURGE_WORDS)
        self._db.write(f"DELETE {_OF_CHAT}", of_chat)

    def _find_number(self, chat_id: ChatId) -> int | None:
        number = self._numbers.get(chat_id)
        if number is None:
            row = self._db.row("SELECT chat FROM chat_numbers WHERE id = ?", (chat_id,))
            number = None if row is None else self._noted(chat_id, int(row[0]))
        return number

    def _number(self, chat_id: ChatId) -> int:
        """Return a chat's number, making one for a chat that has none."""
        number = self._find_number(chat_id)
        if number is None:
            number = self._db.add("INSERT INTO chat_numbers (id) VALUES (?)", (chat_id,))
            self._noted(chat_id, number)
        return number

    def _noted(self, chat_id: ChatId, number: int) -> int:
        if len(self._numbers) >= _NUMBERS_MAX:
            self._numbers.clear()
        self._numbers[chat_id] = number
        return number
