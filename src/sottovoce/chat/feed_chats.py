"""Chats as other devices of ours bring them: shown, accepted, muted, read, cleared.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from dataclasses import replace
from typing import Final

from sottovoce.chat.book import Book
from sottovoce.chat.events import Unshown
from sottovoce.chat.feed_keys import chat_key
from sottovoce.chat.feed_records import KIND_NUMBERS, chat_decisions, later, padded
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.payloads.feed import FeedChat, RecordKind

KINDS: Final[dict[int, ChatKind]] = {number: kind for kind, number in KIND_NUMBERS.items()}


class ChatAbsorbing:
    """Takes chats in."""

    def __init__(self, book: Book, inbox: Inbox, rows: FeedRows) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._rows: Final = rows

    def chat_of(self, chat_id: ChatId, kind: ChatKind) -> Chat | Unshown:
        """Return a chat, or a new one of which nothing was decided; or why there is none."""
        chat = self._book.chat(chat_id)
        if chat is not None:
            return chat if chat.kind is kind else Unshown.UNKNOWN_KIND
        if kind is ChatKind.GROUP:
            return Unshown.NOT_INVITED  # A group is made by its events.
        return Chat(chat_id, kind, active=False, accepted=False)

    def take(self, theirs: FeedChat, by: Bringing) -> Unshown | None:
        """Take a chat in; return why that cannot be."""
        chat_id = ChatId(theirs.id)
        ours = self.chat_of(chat_id, KINDS[theirs.kind])
        if isinstance(ours, Unshown):
            return ours
        name = chat_key(chat_id)
        our_stamps = padded(self._rows.stamps(RecordKind.CHAT, name), 3)
        after, stamps = self._merged(ours, our_stamps, theirs, by)
        is_new = self._book.chat(chat_id) is None
        if is_new and not self._admit(after):
            return Unshown.INBOX_FULL
        changed = is_new or stamps != our_stamps or _seen(after) != _seen(ours)
        if after != ours or is_new:
            with self._rows.log.quiet():
                self._book.put_chat(after)
        their_stamps = (theirs.active_unix_ms, theirs.accepted_unix_ms, theirs.muted_unix_ms)
        self._rows.brought(
            RecordKind.CHAT,
            name,
            by,
            stamps=stamps,
            changed=changed,
            same=stamps == their_stamps and _seen(after) == _seen_there(theirs),
        )
        return None

    def _admit(self, chat: Chat) -> bool:
        return self._book.has_room(chat) if chat.accepted else self._inbox.admit(chat, 0)

    def _merged(
        self, ours: Chat, stamps: tuple[int, ...], theirs: FeedChat, by: Bringing
    ) -> tuple[Chat, tuple[int, ...]]:
        active = later(ours.active, stamps[0], theirs.active, theirs.active_unix_ms)
        accepted = later(ours.accepted, stamps[1], theirs.accepted, theirs.accepted_unix_ms)
        muted = later(ours.muted, stamps[2], theirs.muted, theirs.muted_unix_ms)
        chat = replace(ours, active=active[0], accepted=accepted[0], muted=muted[0])
        if chat.accepted and not ours.accepted and chat.kind is not ChatKind.PUBLIC:
            chat = replace(chat, held_bytes=0)
        chat = self._cleared(chat, min(theirs.deleted_at_clock, by.latest_clock))
        chat = self._read(chat, min(theirs.read_at_clock, by.latest_clock))
        return chat, (active[1], accepted[1], muted[1])

    def _read(self, chat: Chat, clock: int) -> Chat:
        if clock <= chat.read_at_clock:
            return chat
        unread_count = 0
        if clock < chat.last_clock and chat.unread_count:
            unread_count = self._book.store.unread_count(chat.id, above_clock=clock)
        last_clock = max(chat.last_clock, clock)
        return replace(chat, read_at_clock=clock, unread_count=unread_count, last_clock=last_clock)

    def _cleared(self, chat: Chat, clock: int) -> Chat:
        if clock <= chat.deleted_at_clock:
            return chat
        store = self._book.store
        store.remove_messages(chat.id, up_to_clock=clock)
        newest_unix_ms = self._rows.log.store.newest_message_unix_ms(chat.id)
        chat = replace(
            chat,
            deleted_at_clock=clock,
            last_clock=max(chat.last_clock, clock),
            last_message_unix_ms=newest_unix_ms,
            unread_count=store.unread_count(chat.id, above_clock=chat.read_at_clock),
        )
        if newest_unix_ms:
            return chat
        return replace(chat, held_bytes=0, older_clock=0, older_bytes=0)


def _seen(chat: Chat) -> tuple[object, ...]:
    return *chat_decisions(chat), chat.read_at_clock, chat.deleted_at_clock


def _seen_there(theirs: FeedChat) -> tuple[object, ...]:
    decisions = theirs.active, theirs.accepted, theirs.muted
    return *decisions, theirs.read_at_clock, theirs.deleted_at_clock
