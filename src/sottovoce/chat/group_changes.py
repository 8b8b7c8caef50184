"""New events of a group, whoever made them: what they change here, and what is said of it.

Spec: status-go protocol/message_handler.go (HandleMembershipUpdate).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.chat.book import Book
from sottovoce.chat.events import GroupChanged, MessageAdded
from sottovoce.chat.group_history import GroupHistory
from sottovoce.chat.group_notes import note, note_id
from sottovoce.chat.group_progress import GroupProgress
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.records import Chat
from sottovoce.payloads.membership_event import SignedEvent


class GroupChanges:
    """Writes down what events make of a group."""

    def __init__(self, book: Book, progress: GroupProgress) -> None:
        self._book: Final = book
        self._progress: Final = progress

    def apply(
        self, before: Chat, after: GroupHistory, fresh: Sequence[SignedEvent], now: Moment
    ) -> Chat:
        """Keep a group as it is now; its chat appears with its invitation, and goes with leaving.

        Args:
            before: The group's chat, which may be new.
            after: The group with its new events.
            fresh: Those events.
            now: The time.
        """
        book = self._book
        old = book.groups.history(before.id)
        was_in, is_in = book.me in old.members, book.me in after.members
        chat = replace(
            before,
            name=after.record().name,
            last_clock=max(before.last_clock, after.last_clock()),
            active=self._is_active(before, after, was_in=was_in, is_in=is_in),
        )
        notes = [note(it, kept_unix_ms=unix_ms(now)) for it in self._untold(chat, after)]
        newest_unix_ms = max((min(it.written_unix_ms, it.kept_unix_ms) for it in notes), default=0)
        chat = replace(chat, last_message_unix_ms=max(chat.last_message_unix_ms, newest_unix_ms))
        book.put_chat(chat)
        book.put_group(after, fresh)
        for each in notes:
            book.store.save_message(each)
            book.said.append(MessageAdded(each))
        if was_in and not is_in and not self._left_ourselves(after):
            self._progress.taken_out(chat)
        else:
            left = frozenset(old.members).difference(after.members, (book.me,))
            gone = [key for key in old.members if key in left]
            self._progress.gone(chat, gone)
        if old.record() != after.record():
            self._say(after, was_in=was_in, is_in=is_in)
        return chat

    def _say(self, after: GroupHistory, *, was_in: bool, is_in: bool) -> None:
        invited = is_in and not was_in and after.inviter(self._book.me) != self._book.me
        removed = was_in and not is_in and not self._left_ourselves(after)
        self._book.said.append(GroupChanged(after.record(), invited, removed))

    def _is_active(self, chat: Chat, after: GroupHistory, *, was_in: bool, is_in: bool) -> bool:
        """Tell whether a group is shown: an invitation shows it, and our own leaving hides it.

        Whoever was taken out still sees what was said until then.
        """
        if is_in and not was_in:
            inviter = after.inviter(self._book.me)
            is_blocked = inviter is not None and self._book.contact(inviter).blocked
            return chat.active if is_blocked else True
        if was_in and not is_in and self._left_ourselves(after):
            return False
        return chat.active

    def _left_ourselves(self, after: GroupHistory) -> bool:
        return after.remover(self._book.me) == self._book.me

    def _untold(self, chat: Chat, after: GroupHistory) -> list[SignedEvent]:
        """Return the events that count and have no note, but for those that were cleared."""
        if not chat.active and self._book.chat(chat.id) is None:
            return []  # We are out of it before we ever saw it.
        known = {signed.signature for signed in self._book.groups.history(chat.id).allowed}
        return [
            signed
            for signed in after.allowed
            if signed.signature not in known
            and signed.event.clock > chat.deleted_at_clock
            and self._book.store.load_message(note_id(signed)) is None
        ]
