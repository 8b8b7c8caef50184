"""Groups' events as other devices of ours bring them.

Events prove themselves, and what they make of a group is settled as with those that anybody sends.
Here they come one by one: what belongs to one history may come in two pieces of a list.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from typing import Final

from sottovoce.chat.book import Book
from sottovoce.chat.events import Unshown
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.limits import GROUP_CLOCK_AHEAD_MS_MAX
from sottovoce.payloads.membership_event import SignedEvent, is_usual_group_id


class GroupAbsorbing:
    """Takes events of groups in."""

    def __init__(self, book: Book, inbox: Inbox, changes: GroupChanges, rows: FeedRows) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._changes: Final = changes
        self._rows: Final = rows

    def take(
        self, chat_id: ChatId, events: tuple[SignedEvent, ...], by: Bringing
    ) -> Unshown | None:
        """Take events of one group in; return why that cannot be."""
        chat = self._book.chat(chat_id)
        # The other device took them by its own clock, and nobody would bring them again.
        latest_unix_ms = max(unix_ms(by.now), by.sent_unix_ms) + GROUP_CLOCK_AHEAD_MS_MAX
        if not is_usual_group_id(chat_id) or (chat and chat.kind is not ChatKind.GROUP):
            return Unshown.UNKNOWN_KIND
        if any(not 0 < signed.event.clock <= latest_unix_ms for signed in events):
            return Unshown.DAMAGED
        before = self._book.groups.history(chat_id)
        after = before.with_events(events)
        if chat is None:
            # Whether it is shown, and ours, is in the record of its chat, which follows.
            chat = Chat(chat_id, ChatKind.GROUP, active=False, accepted=False)
            if not (self._book.has_room_for_group() and self._inbox.admit(chat, 0)):
                return Unshown.TOO_MANY
            with self._rows.log.quiet():
                self._book.put_chat(chat)
        fresh = after.events[len(before.events) :]
        if fresh:
            self._changes.apply(chat, after, fresh, by.now)
        kept = {signed.signature for signed in after.events}
        for signed in events:
            if signed.signature in kept:
                name = signed.signature
                self._rows.brought(RecordKind.GROUP_EVENT, name, by, changed=False, same=True)
        return None
