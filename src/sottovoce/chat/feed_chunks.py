"""Pieces of our list of changes, with the records as they are now.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.feed_keys import chat_key, read_reaction_key
from sottovoce.chat.feed_lines import FeedLine
from sottovoce.chat.feed_records import (
    Stamps,
    chat_record,
    contact_record,
    event_record,
    message_record,
    profile_record,
    reaction_record,
)
from sottovoce.chat.feed_settings import CHUNK_BYTES_MAX, CHUNK_ROWS_MAX
from sottovoce.chat.feed_stores import Change, FeedStore
from sottovoce.chat.records import ChatId
from sottovoce.payloads.feed import FeedPlace, FeedRecord, RecordKind
from sottovoce.payloads.limits import FEED_RECORD_BYTES_MAX
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.wire import encode_record

# What protobuf puts before each record: a tag and a length.
_RECORD_HEAD_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of our list.

    Attributes:
        last: Up to which number it goes.
        after: For each device that it is complete for, after which number it begins for it.
        lines: The lines to these devices.
        records: Encoded.
    """

    last: int
    after: tuple[FeedPlace, ...]
    lines: tuple[FeedLine, ...]
    records: tuple[bytes, ...]


class FeedChunks:
    """Cuts pieces off our list."""

    def __init__(self, book: Book, store: FeedStore) -> None:
        self._book: Final = book
        self._store: Final = store
        self._events: dict[bytes, SignedEvent] | None = None

    def next_for(self, line: FeedLine, lines: Sequence[FeedLine]) -> Chunk | None:
        """Return the next piece that a device lacks, or None; others that lack the same share it.

        Args:
            line: The line to the device.
            lines: The lines to all devices.
        """
        rows = self._lacking(line)
        if not rows:
            line.needs_nothing(self._store.last_number())
            return None
        records, taken = self._records(rows)
        is_all = taken == len(rows) < CHUNK_ROWS_MAX
        last = self._store.last_number() if is_all else rows[taken - 1].number
        numbers = {row.number for row in rows[:taken]}
        sharing = [
            it
            for it in lines
            if it is line or (it.takes_more and it.cursor < last and self._fits(it, last, numbers))
        ]
        after = tuple(FeedPlace(it.name, b"", it.after) for it in sharing)
        return Chunk(last, after, tuple(sharing), tuple(records))

    def _lacking(self, line: FeedLine) -> Sequence[Change]:
        return self._store.changes_for(line.name, after=line.cursor, limit=CHUNK_ROWS_MAX)

    def _fits(self, line: FeedLine, last: int, numbers: set[int]) -> bool:
        """Tell whether a piece has all that a device lacks up to its end."""
        rows = self._lacking(line)
        is_whole = len(rows) < CHUNK_ROWS_MAX or rows[-1].number >= last
        return is_whole and all(row.number in numbers for row in rows if row.number <= last)

    def _records(self, rows: Sequence[Change]) -> tuple[list[bytes], int]:
        """Encode rows until the piece is full; returns the records and how many rows they take."""
        self._events = None
        records: list[bytes] = []
        size_bytes = 0
        chats: set[ChatId] = set()
        for place, row in enumerate(rows):
            found = self._encoded(row, chats)
            found_bytes = sum(len(raw) + _RECORD_HEAD_BYTES for raw in found)
            if records and size_bytes + found_bytes > CHUNK_BYTES_MAX:
                return records, place
            records += found
            size_bytes += found_bytes
        return records, len(rows)

    def _encoded(self, row: Change, chats: set[ChatId]) -> list[bytes]:
        """Encode a row; nothing, if what it is about is gone."""
        record = self._record(row)
        raw = None if record is None else _encode(record)
        if raw is None:
            self._store.remove_change(row.kind, row.key)
            return []
        if row.kind is not RecordKind.MESSAGE:
            return [raw]
        return [*self._chat_before(row, chats), raw]

    def _chat_before(self, row: Change, chats: set[ChatId]) -> list[bytes]:
        """Encode the chat of a message too, if its row comes behind the message's."""
        message = self._book.store.load_message(MessageId(row.key))
        if message is None or message.chat_id in chats:
            return []
        chats.add(message.chat_id)
        chat, behind = self._book.chat(message.chat_id), self._chat_row(message.chat_id)
        if chat is None or behind is None or behind.number < row.number:
            return []
        raw = _encode(chat_record(chat, behind.stamps))
        return [] if raw is None else [raw]

    def _chat_row(self, chat_id: ChatId) -> Change | None:
        return self._store.change(RecordKind.CHAT, chat_key(chat_id))

    def _record(self, row: Change) -> FeedRecord | None:
        match row.kind:
            case RecordKind.PROFILE:
                return profile_record(self._book.profile)
            case RecordKind.CONTACT:
                key = PublicKey(row.key)
                known = self._book.knows(key)
                return contact_record(self._book.contact(key), row.stamps) if known else None
            case RecordKind.CHAT:
                chat = self._book.chat(ChatId(row.key.decode()))
                return None if chat is None else chat_record(chat, row.stamps)
            case RecordKind.GROUP_EVENT:
                event = self._event(row.key)
                return None if event is None else event_record(event)
            case RecordKind.MESSAGE | RecordKind.REACTION:
                return self._said(row.kind, row.key, row.stamps)

    def _said(self, kind: RecordKind, key: bytes, stamps: Stamps) -> FeedRecord | None:
        if kind is RecordKind.REACTION:
            reaction = self._book.store.load_reaction(*read_reaction_key(key))
            return None if reaction is None else reaction_record(reaction)
        message = self._book.store.load_message(MessageId(key))
        chat = None if message is None else self._book.chat(message.chat_id)
        if message is None or chat is None:
            return None
        return message_record(message, chat.kind, stamps)

    def _event(self, signature: bytes) -> SignedEvent | None:
        if self._events is None:
            self._events = {it.signature: it for it in self._book.store.group_events()}
        return self._events.get(signature)


def _encode(record: FeedRecord) -> bytes | None:
    """Encode a record; None if it is too large to travel, or has what no record may have."""
    try:
        raw = encode_record(record)
    except LocalProtocolError:
        return None
    return raw if len(raw) <= FEED_RECORD_BYTES_MAX else None
