"""What arrives of groups: histories, and whether what was said with one is shown.

A history is judged by itself, as the deployed clients judge it, and then settled with what is
known. Events prove themselves, so it does not matter who passed them on.

Spec: Status specs draft 7 (group chat); status-go protocol/message_handler.go
(docs/spec-deviations.md, "Groups that crossed").
"""

from dataclasses import replace
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.events import Unshown
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.group_history import GroupHistory
from sottovoce.chat.inbox import Inbox, accept
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.posting import Posting
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.chat.settings import GROUP_EVENT_BYTES
from sottovoce.payloads.group_rules import evaluate_received
from sottovoce.payloads.limits import GROUP_CLOCK_AHEAD_MS_MAX
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.membership_event import SignedEvent, is_usual_group_id, open_event

# Newcomers who are told of us at once. Honest invitations that cross name a few; without a bound
# one message of a hostile admin would cost us a thousand, each with the whole history. All others
# learn it with whatever is said next.
NEWCOMERS_TOLD_MAX: Final = 32


class GroupReception:
    """Takes what others, and other devices of ours, say of groups."""

    def __init__(self, book: Book, inbox: Inbox, changes: GroupChanges, posting: Posting) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._changes: Final = changes
        self._posting: Final = posting

    def take(self, update: MembershipUpdate, sent_unix_ms: int, now: Moment) -> Unshown | None:
        """Take the history in an update; return why it counts for nothing.

        Args:
            update: What came.
            sent_unix_ms: When its envelope was sent, by the sender's clock.
            now: The time.
        """
        chat_id = ChatId(update.chat_id)
        known = self._book.chat(chat_id)
        if not is_usual_group_id(chat_id) or (known and known.kind is not ChatKind.GROUP):
            return Unshown.UNKNOWN_KIND
        before = self._book.groups.history(chat_id)
        if update.events == before.wires():
            return None if before.events else Unshown.BAD_HISTORY  # As in most messages.
        try:
            after = before.with_events(_opened(update, before, max(sent_unix_ms, unix_ms(now))))
        except RemoteProtocolError:
            return Unshown.BAD_HISTORY
        fresh = after.events[len(before.events) :]
        chat = self._admitted(known, after, fresh)
        if isinstance(chat, Unshown):
            return chat
        if fresh:
            self._changes.apply(chat, after, fresh, now)
            self._tell_newcomers(before, after, update)
        return None

    def answer(self, update: MembershipUpdate, author: PublicKey) -> None:
        """Tell a contact what their history lacks, if it has them or us in a group wrongly.

        Who went back to an older copy does not know that they were taken out, or that we were, and
        nobody else would tell them again. Who is out learns that, and nothing of what came after.
        """
        history = self._book.groups.history(ChatId(update.chat_id))
        people = {self._book.me, author}
        if people <= set(history.members) or author == self._book.me or not history.events:
            return
        contact = self._book.contact(author)
        is_member = author in history.members
        wires = history.wires() if is_member else history.wires_for_outsider(author)
        known = frozenset(update.events)
        is_outdated = any(wire not in known for wire in wires)
        if is_outdated and contact.added and not contact.blocked:
            self._posting.submit_if_it_fits(history.chat_id, wires, [author])

    def place_of(self, update: MembershipUpdate, author: PublicKey) -> Chat | Unshown:
        """Return the chat in which something is shown whose update was taken."""
        chat = self._book.chat(ChatId(update.chat_id))
        if chat is None:
            return Unshown.NOT_INVITED
        history = self._book.groups.history(chat.id)
        if self._book.me not in history.members:
            return Unshown.NOT_INVITED
        if self._book.me not in history.joined and self._is_from_blocked(history):
            return Unshown.BLOCKED
        if not chat.active and not chat.accepted and author != self._book.me:
            return Unshown.NOT_JOINED  # It was left without a word, so that others go on.
        return chat if author in history.joined else Unshown.NOT_MEMBER

    def _admitted(
        self, known: Chat | None, after: GroupHistory, fresh: tuple[SignedEvent, ...]
    ) -> Chat | Unshown:
        """Return the chat of a group, as one of ours or in the inbox, if there is room.

        Who took us out may be heard before who invited us. What they say is kept then, and not
        shown: the invitation that comes behind would make us a member of what we are not in.
        """
        is_in = self._book.me in after.members
        if known is None and not is_in and after.inviter(self._book.me) is None:
            return Unshown.NOT_INVITED
        chat = self._placed(known, after, fresh)
        if known is None and not is_in and isinstance(chat, Chat):
            return replace(chat, active=False)
        return chat

    def _placed(
        self, known: Chat | None, after: GroupHistory, fresh: tuple[SignedEvent, ...]
    ) -> Chat | Unshown:
        chat = known or Chat(after.chat_id, ChatKind.GROUP, accepted=False)
        if chat.accepted:
            return chat
        if known is None and self._is_from_blocked(after):
            return Unshown.BLOCKED
        is_ours = self._is_ours(known, after, fresh)
        if is_ours and self._book.has_room(chat) and self._book.has_room_for_group():
            return accept(chat)
        added_bytes = sum(GROUP_EVENT_BYTES + 2 * len(signed.raw) for signed in fresh)
        if not self._inbox.admit(chat, added_bytes):
            return Unshown.INBOX_FULL
        return replace(chat, held_bytes=chat.held_bytes + added_bytes)

    def _is_ours(
        self, known: Chat | None, after: GroupHistory, fresh: tuple[SignedEvent, ...]
    ) -> bool:
        """Tell whether a contact just invited us, or we joined on another device."""
        inviter = after.inviter(self._book.me)
        is_of_contact = inviter is not None and self._book.contact(inviter).added
        return (known is None and is_of_contact) or any(
            signed.author == self._book.me for signed in fresh
        )

    def _is_from_blocked(self, history: GroupHistory) -> bool:
        inviter = history.inviter(self._book.me)
        return inviter is not None and self._book.contact(inviter).blocked

    def _tell_newcomers(
        self, before: GroupHistory, after: GroupHistory, update: MembershipUpdate
    ) -> None:
        """Let newcomers know what we did before we knew of them, if whoever invited them did not.

        Else two invitations that crossed would leave each newcomer with half of the group.
        """
        if self._book.me not in before.members or self._book.me not in after.members:
            return
        their_wires = frozenset(update.events)
        ours = (it.wire for it in after.allowed if it.author == self._book.me)
        if all(wire in their_wires for wire in ours):
            return
        known = {*before.members, self._book.me}
        newcomers = [key for key in after.members if key not in known]
        newcomers = [key for key in newcomers if not self._book.contact(key).blocked]
        if newcomers:
            del newcomers[NEWCOMERS_TOLD_MAX:]
            self._posting.submit_if_it_fits(after.chat_id, after.wires(), newcomers)


def _opened(
    update: MembershipUpdate, known: GroupHistory, at_unix_ms: int
) -> tuple[SignedEvent, ...]:
    """Open the events of an update, those that are known without work, and judge its history.

    Raises:
        RemoteProtocolError: The history is not valid by itself, or an event is of the future.
    """
    by_wire = {signed.wire: signed for signed in known.events}
    events = tuple(
        by_wire.get(wire) or open_event(wire, chat_id=update.chat_id) for wire in update.events
    )
    latest_unix_ms = at_unix_ms + GROUP_CLOCK_AHEAD_MS_MAX
    if any(not 0 < signed.event.clock <= latest_unix_ms for signed in events):
        raise RemoteProtocolError("a group event's clock is 0 or too far ahead")
    evaluate_received(update.chat_id, events)
    return events
