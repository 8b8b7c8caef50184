"""One group as everything that is known of it makes it: events, state, people with their keys.

A value; what is done with it, and who is told, is decided elsewhere.

Spec: Status specs draft 7 (group chat); status-go protocol/v1/membership_update_message.go
(docs/spec-deviations.md, "Groups that crossed").
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import ChatId, Group
from sottovoce.payloads.contact_id import contact_id, contact_key
from sottovoce.payloads.form import Value
from sottovoce.payloads.group_rules import GroupState, settle
from sottovoce.payloads.limits import EVENTS_MAX
from sottovoce.payloads.membership import EventType
from sottovoce.payloads.membership_event import SignedEvent

# Members of all groups of one person; to read a key off a text takes some ten microseconds.
_KEYS_KEPT_MAX: Final = 8192
# Events of one group that are kept although they count for nothing as things stand: people
# contradicted one another, or somebody wants to fill memory.
SET_ASIDE_MAX: Final = EVENTS_MAX
# Events of one group that are kept at all. Only its admins could come so far.
EVENTS_KEPT_MAX: Final = 4 * EVENTS_MAX
_GOING: Final = (EventType.MEMBER_REMOVED, EventType.ADMIN_REMOVED)
_EMOJI_JOINER: Final = "\N{ZERO WIDTH JOINER}"
# Unicode's categories of characters that steer, hide or turn what stands around them.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, repr=False)
class GroupHistory(Value):
    """A group and how it came to be.

    Attributes:
        chat_id: The group's id.
        events: All that is known, also what counts for nothing as it stands, each once.
        allowed: What counts, in order: what we send.
        state: What it makes, with people as contact ids.
        members: Who gets its messages; without ids that are no key.
        joined: Who is heard.
        admins: Who may change it.
    """

    chat_id: ChatId
    events: tuple[SignedEvent, ...]
    allowed: tuple[SignedEvent, ...]
    state: GroupState
    members: tuple[PublicKey, ...]
    joined: tuple[PublicKey, ...]
    admins: tuple[PublicKey, ...]

    def with_events(self, more: Iterable[SignedEvent]) -> "GroupHistory":
        """Return the group as it is with more events, which stand behind those that are known.

        What is known changes nothing, and neither does what counts for nothing once there is too
        much of it.
        """
        known = {signed.signature for signed in self.events}
        fresh = {it.signature: it for it in more if it.signature not in known}
        if not fresh:
            return self
        after = group_history(self.chat_id, (*self.events, *fresh.values()))
        if len(after.events) - len(after.allowed) <= SET_ASIDE_MAX:
            return after
        counting = {signed.signature for signed in after.allowed}
        fresh = {signature: it for signature, it in fresh.items() if signature in counting}
        if not fresh or len(self.events) + len(fresh) > EVENTS_KEPT_MAX:
            return self
        return group_history(self.chat_id, (*self.events, *fresh.values()))

    def wires(self) -> tuple[bytes, ...]:
        """Return what an update carries: a whole history that is valid for everybody."""
        return tuple(signed.wire for signed in self.allowed)

    def wires_for_outsider(self, person: PublicKey) -> tuple[bytes, ...]:
        """Return what shows somebody that they are out: the history up to there and no further.

        If they were invited by somebody who could not do that any more, it is the history up to
        where that one went. Nothing is returned if neither ever was in the group.
        """
        text = contact_id(person)
        counting = {signed.signature for signed in self.allowed}
        people = {
            signed.author_id
            for signed in self.events
            if signed.signature not in counting
            and signed.event.type == EventType.MEMBERS_ADDED
            and text in signed.event.members
        }
        people.add(text)
        end = 0
        for number, signed in enumerate(self.allowed, 1):
            if signed.event.type in _GOING and signed.event.members[0] in people:
                end = number
        return self.wires()[:end]

    def last_clock(self) -> int:
        """Return the highest clock of any event that counts.

        What counts for nothing can be of anybody who ever was in the group, and would carry the
        clocks of those who still are ahead.
        """
        return max((signed.event.clock for signed in self.allowed), default=0)

    def inviter(self, member: PublicKey) -> PublicKey | None:
        """Return who made a person a member last, which may be themself; None if nobody did."""
        text = contact_id(member)
        for signed in reversed(self.allowed):
            if signed.event.type == EventType.MEMBERS_ADDED and text in signed.event.members:
                return signed.author
        creation = self.allowed[0] if self.allowed else None
        return creation.author if creation is not None and creation.author == member else None

    def remover(self, person: PublicKey) -> PublicKey | None:
        """Return who took a person out last, which may be themself; None if nobody did."""
        text = contact_id(person)
        for signed in reversed(self.allowed):
            if signed.event.type == EventType.MEMBER_REMOVED and signed.event.members == (text,):
                return signed.author
        return None

    def record(self) -> Group:
        """Return what people see of it."""
        name = shown_name(self.state.name)
        people = (self.members, self.joined, self.admins)
        return Group(self.chat_id, name, *people, len(self.allowed))


def group_history(chat_id: ChatId, events: Iterable[SignedEvent]) -> GroupHistory:
    """Return a group as events make it."""
    known = tuple(events)
    settled = settle(chat_id, known)
    state = settled.state
    members, joined, admins = (_keys(it) for it in (state.members, state.joined, state.admins))
    return GroupHistory(chat_id, known, settled.allowed, state, members, joined, admins)


def shown_name(name: str) -> str:
    """Return a group's name without what could steer or hide text around it."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if _is_unseen(character) else character for character in name
    )


def has_unseen(name: str) -> bool:
    """Tell whether a name has characters that could steer or hide text around it."""
    return any(_is_unseen(character) for character in name)


def _is_unseen(character: str) -> bool:
    return character != _EMOJI_JOINER and unicodedata.category(character) in _UNSEEN


def is_somebody(text: str) -> bool:
    """Tell whether a text that stands for a person is a key."""
    return _key(text) is not None


def _keys(people: tuple[str, ...]) -> tuple[PublicKey, ...]:
    return tuple(key for text in people if (key := _key(text)) is not None)


@lru_cache(maxsize=_KEYS_KEPT_MAX)
def _key(text: str) -> PublicKey | None:
    try:
        return contact_key(text)
    except RemoteProtocolError:
        return None  # Nobody, who could receive nothing.
