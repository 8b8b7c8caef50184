"""What a history of events makes of a group: its name, members, admins, and who has joined.

Pure functions over opened events. They follow the deployed clients to the letter, also where the
specification is stricter, for members who judge differently would no longer be in one group
(docs/spec-deviations.md, "Group rules"). One history is judged strictly, whole or not at all; what
several histories make together is settled, for events that crossed may contradict one another.

Spec: Status specs draft 7 (group chat); status-go protocol/v1/membership_update_message.go.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, cast

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.form import Value
from sottovoce.payloads.limits import EVENTS_MAX, GROUP_PEOPLE_MAX
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import GROUP_UUID_FORM, SignedEvent

_UUID: Final = re.compile(GROUP_UUID_FORM)


@dataclass(frozen=True, slots=True, repr=False)
class GroupState(Value):
    """A group at one point of its history.

    People are contact ids, in the order in which they were first added. They are texts, for that
    is how every client compares them; one that is no key is nobody who could receive anything.

    Attributes:
        name: What it is called.
        members: Who gets its messages.
        joined: Members who have accepted; only they are heard.
        admins: Who may change it. In the deployed clients an admin need not be a member.
    """

    name: str = ""
    members: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()


def apply_event(state: GroupState, signed: SignedEvent) -> GroupState:
    """Return the group after one more event.

    Raises:
        RemoteProtocolError: Its author may not do this, or not now, or the group grows too large.
    """
    author = signed.author_id
    rule = _RULES.get(cast("EventType", signed.event.type))
    if rule is None or not rule.allows(state, author, signed.event):
        raise RemoteProtocolError("a group event is not allowed")
    after = rule.after(state, author, signed.event)
    if max(len(after.members), len(after.admins)) > GROUP_PEOPLE_MAX:
        raise RemoteProtocolError(f"a group has more than {GROUP_PEOPLE_MAX} members or admins")
    return after


def evaluate(chat_id: str, events: Iterable[SignedEvent]) -> GroupState:
    """Return what a whole history makes of a group; the order in which it came does not matter.

    Args:
        chat_id: The group's id.
        events: Its events, opened.

    Raises:
        RemoteProtocolError: There is no event or too many, the first is no creation by the person
            in the id, one was signed for another group, or any one is not allowed: then the whole
            history counts for nothing.
    """
    ordered = in_order(events)
    if not 0 < len(ordered) <= EVENTS_MAX:
        raise RemoteProtocolError(f"a group has 1 to {EVENTS_MAX} events, not {len(ordered)}")
    _check_creation(chat_id, ordered[0])
    state = GroupState()
    for signed in ordered:
        if signed.chat_id != chat_id:
            raise RemoteProtocolError("a group event belongs to another group")
        state = apply_event(state, signed)
    return state


@dataclass(frozen=True, slots=True, repr=False)
class Settled(Value):
    """What everything that is known of a group makes of it.

    Attributes:
        state: The group.
        allowed: The events that count, in order; by themselves a history that is valid for all.
    """

    state: GroupState
    allowed: tuple[SignedEvent, ...]


def settle(chat_id: str, events: Iterable[SignedEvent]) -> Settled:
    """Return what events make of a group, whatever crossed; depends on nothing but their set.

    An event that is not allowed where its clock puts it counts for nothing, and neither does one
    that changes nothing. So people who know the same events see the same group, whatever came to
    them first (docs/spec-deviations.md, "Groups that crossed").

    Args:
        chat_id: The group's id.
        events: Its events, opened, each once.
    """
    state = GroupState()
    allowed: list[SignedEvent] = []
    for signed in sorted(events, key=_place):
        if len(allowed) == EVENTS_MAX:
            break
        if not allowed and not _is_creation(chat_id, signed):
            continue
        try:
            after = apply_event(state, signed)
        except RemoteProtocolError:
            continue
        if after != state and signed.chat_id == chat_id:
            state = after
            allowed.append(signed)
    return Settled(state, tuple(allowed))


def evaluate_received(chat_id: str, events: Iterable[SignedEvent]) -> GroupState:
    """Return what a received history makes of a group by itself, as deployed clients judge it.

    Where clocks are equal, the order in which it came may be allowed or the one in which we settle.

    Raises:
        RemoteProtocolError: As `evaluate`.
    """
    as_it_came = tuple(events)
    try:
        return evaluate(chat_id, as_it_came)
    except RemoteProtocolError:
        return evaluate(chat_id, sorted(as_it_came, key=_place))


def in_order(events: Iterable[SignedEvent]) -> tuple[SignedEvent, ...]:
    """Sort events by their clocks; where two are equal the one that came first stays first."""
    return tuple(sorted(events, key=lambda signed: signed.event.clock))


def merge(known: Iterable[SignedEvent], more: Iterable[SignedEvent]) -> tuple[SignedEvent, ...]:
    """Return the union of two histories in order; events are the same if their signatures are."""
    union: dict[bytes, SignedEvent] = {}
    for events in (known, more):
        for signed in events:
            union.setdefault(signed.signature, signed)
    return in_order(union.values())


def group_chat_id(uuid: str, creator: PublicKey) -> str:
    """Return the id of a new group.

    Args:
        uuid: A random UUID as lower-case text.
        creator: Who signs its creation.

    Raises:
        LocalProtocolError: The UUID has another form. (In groups of others nobody checks it.)
    """
    if _UUID.fullmatch(uuid) is None:
        raise LocalProtocolError("a group's id needs a UUID in lower case")
    return f"{uuid}-{contact_id(creator)}"


def _place(signed: SignedEvent) -> tuple[int, bool, bytes]:
    """Return where an event stands: by its clock, and among equals the same for everybody."""
    event = signed.event
    return event.clock, event.type != EventType.CHAT_CREATED, signed.signature


def _is_creation(chat_id: str, signed: SignedEvent) -> bool:
    return signed.event.type == EventType.CHAT_CREATED and _names_creator(chat_id, signed)


def _names_creator(chat_id: str, signed: SignedEvent) -> bool:
    return chat_id.endswith(signed.author_id) and chat_id != signed.author_id


def _check_creation(chat_id: str, first: SignedEvent) -> None:
    if first.event.type != EventType.CHAT_CREATED:
        raise RemoteProtocolError("a group's first event is not its creation")
    if not _names_creator(chat_id, first):
        raise RemoteProtocolError("a group's id does not name its creator")


def _may_remove(state: GroupState, author: str, event: MembershipEvent) -> bool:
    if len(event.members) != 1:
        return False
    target = event.members[0]
    return target == author or (author in state.admins and target not in state.admins)


def _without_target(state: GroupState, _author: str, event: MembershipEvent) -> GroupState:
    target = event.members[0]
    return GroupState(
        state.name,
        _without(state.members, target),
        _without(state.joined, target),
        _without(state.admins, target),
    )


def _with(people: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    if len(more) == 1:  # As with everybody who joins; the other way costs ten times as much.
        return people if more[0] in people else (*people, *more)
    return tuple(dict.fromkeys((*people, *more)))


def _without(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return tuple(each for each in people if each != person)


class _Rule(NamedTuple):
    """When an event is allowed, and what it does; both are asked with the author's contact id."""

    allows: Callable[[GroupState, str, MembershipEvent], bool]
    after: Callable[[GroupState, str, MembershipEvent], GroupState]


# A type without a row is never allowed.
_RULES: Final = {
    EventType.CHAT_CREATED: _Rule(
        lambda state, author, event: not state.admins and not state.members,
        lambda state, author, event: GroupState(event.name, (author,), (author,), (author,)),
    ),
    EventType.NAME_CHANGED: _Rule(
        lambda state, author, event: author in state.admins and event.name != "",
        lambda state, author, event: replace(state, name=event.name),
    ),
    EventType.MEMBERS_ADDED: _Rule(
        lambda state, author, event: author in state.admins,
        lambda state, author, event: replace(state, members=_with(state.members, event.members)),
    ),
    EventType.MEMBER_JOINED: _Rule(
        lambda state, author, event: author in state.members,
        lambda state, author, event: replace(state, joined=_with(state.joined, (author,))),
    ),
    EventType.MEMBER_REMOVED: _Rule(_may_remove, _without_target),
    EventType.ADMINS_ADDED: _Rule(
        lambda state, author, event: (
            author in state.admins and not set(event.members).isdisjoint(state.members)
        ),
        lambda state, author, event: replace(state, admins=_with(state.admins, event.members)),
    ),
    EventType.ADMIN_REMOVED: _Rule(
        lambda state, author, event: author in state.admins and event.members == (author,),
        lambda state, author, event: replace(state, admins=_without(state.admins, author)),
    ),
}
