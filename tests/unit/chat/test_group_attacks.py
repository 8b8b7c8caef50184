"""Members, former members and admins whose client is of their own making."""

from dataclasses import replace

import pytest

from sottovoce.chat.commands import (
    AddMembers,
    ClearChat,
    CreateGroup,
    JoinGroup,
    LeaveChat,
    RemoveMember,
    RenameGroup,
    SendMessage,
)
from sottovoce.chat.events import Unshown
from sottovoce.chat.group_reception import NEWCOMERS_TOLD_MAX
from sottovoce.chat.records import ChatId
from sottovoce.payloads.membership import EventType, MembershipUpdate
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.metadata import unwrap
from sottovoce.stack.events import MessageSubmitted
from unit.chat.group_letters import history, signed, text, update
from unit.chat.group_post import Circle, group_of, make_group, notes, said
from unit.chat.people import NOW_MS, Person, one, only

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of the curve
AHEAD_MS = 299_000  # as far as events may be ahead


@pytest.fixture
def circle() -> Circle:
    return Circle(1, 2, 3)


def with_dora(circle: Circle) -> Person:
    """Let somebody come who knows nobody."""
    circle.people.append(Person(4))
    return circle.people[-1]


def group_with(circle: Circle, *others: Person) -> ChatId:
    """Let the first of a circle make a group with some."""
    anna = circle.people[0]
    circle.do(anna, CreateGroup("walk", tuple(it.key for it in others)))
    circle.settle()
    return next(it.id for it in anna.store.chats() if it.name == "walk")


def renames(admin: Person, chat_id: ChatId, count: int, *, clock: int) -> list[SignedEvent]:
    """Return changes of a group's name, each as long as it may be."""
    name = EventType.NAME_CHANGED
    return [
        signed(admin, chat_id, name, name=f"{number:04}" * 256, clock=clock + number)
        for number in range(count)
    ]


# ---- what they learn


def test_removed_contact_who_asks_with_an_old_history_learns_of_the_removal_alone(
    circle: Circle,
) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    old = history(carla, chat_id).allowed
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    circle.do(anna, RenameGroup(chat_id, "without Carla"))
    circle.do(anna, AddMembers(chat_id, (Person(9).key,)))
    circle.settle()
    answer = one(MessageSubmitted, bruno.arrives(update(chat_id, old, text(chat_id, "?")), carla))
    payload = unwrap(answer.raw).payload
    assert isinstance(payload, MembershipUpdate)
    assert len(payload.events) == len(old) + 1
    told = update(chat_id, history(carla, chat_id).allowed, text(chat_id, "?"))
    assert only(MessageSubmitted, bruno.arrives(told, carla)) == []


def test_contact_who_never_was_in_a_group_learns_nothing_of_it(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = group_with(circle, bruno)
    leaked = update(chat_id, history(anna, chat_id).allowed[:1])
    assert only(MessageSubmitted, bruno.arrives(leaked, carla)) == []


def test_who_was_invited_by_somebody_that_had_gone_is_told_so(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = group_with(circle, bruno)
    circle.do(bruno, JoinGroup(chat_id))
    circle.settle()
    known = history(anna, chat_id).allowed
    anna.unix_s += 10
    circle.do(anna, LeaveChat(chat_id))
    circle.settle()
    # Anna went back to before, and invites Carla.
    late = signed(
        anna, chat_id, EventType.MEMBERS_ADDED, carla.id, clock=bruno.chat(chat_id).last_clock + 9
    )
    invitation = update(chat_id, (*known, late))
    carla.arrives(invitation, anna)
    circle.do(carla, JoinGroup(chat_id))
    circle.says(carla, "Who is here?", chat_id)
    circle.settle()
    assert said(bruno, chat_id) == []
    assert group_of(carla, chat_id).members == group_of(bruno, chat_id).members == (bruno.key,)


def test_who_left_does_not_let_members_know_any_more_that_they_are_there(circle: Circle) -> None:
    anna, dora = circle.people[0], with_dora(circle)
    chat_id = group_with(circle, dora)
    circle.do(dora, JoinGroup(chat_id))
    circle.settle()
    assert dora.people().answered == {anna.key}
    circle.do(dora, LeaveChat(chat_id))
    circle.settle()
    assert dora.people().answered == frozenset()


# ---- what they break


@pytest.mark.slow
def test_history_that_no_message_can_carry_stops_nobody(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    base = history(anna, chat_id).allowed
    clock = base[-1].event.clock
    many = renames(anna, chat_id, 1000, clock=clock + 1)
    for half in (many[:500], many[500:]):
        bruno.arrives(update(chat_id, (*base, *half)), anna)
    invited = signed(anna, chat_id, EventType.MEMBERS_ADDED, Person(9).id, clock=clock + 2000)
    bruno.arrives(update(chat_id, (*base[:2], invited)), anna)
    gone = signed(carla, chat_id, EventType.MEMBER_REMOVED, carla.id, clock=clock + 2001)
    bruno.arrives(update(chat_id, (*base, gone)), carla)
    bruno.arrives(update(chat_id, base), carla)
    assert "cannot be sent" in bruno.refused(SendMessage(chat_id, "too much"))
    assert only(MessageSubmitted, bruno.do(LeaveChat(chat_id))) == []
    assert bruno.drops(update(chat_id, base, text(chat_id, "come back")), anna) is (
        Unshown.NOT_JOINED
    )
    assert not bruno.chat(chat_id).active


def test_many_newcomers_cost_us_few_messages(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    base = history(anna, chat_id).allowed
    crowd = [Person(number).id for number in range(100, 100 + 2 * NEWCOMERS_TOLD_MAX)]
    clock = base[-1].event.clock + 1
    added = signed(anna, chat_id, EventType.MEMBERS_ADDED, *crowd, clock=clock)
    outputs = bruno.arrives(update(chat_id, (*base[:2], added)), anna)
    assert len(only(MessageSubmitted, outputs)) == NEWCOMERS_TOLD_MAX


def test_invitation_that_was_thrown_away_stays_away(circle: Circle) -> None:
    anna, dora = circle.people[0], with_dora(circle)
    chat_id = group_with(circle, dora)
    dora.do(LeaveChat(chat_id))
    circle.says(anna, "do come", chat_id)
    circle.settle()
    assert not dora.chat(chat_id).active
    assert dora.chats.statistics == {Unshown.NOT_JOINED: 1}
    circle.do(dora, JoinGroup(chat_id))
    circle.settle()
    circle.says(anna, "welcome", chat_id)
    circle.settle()
    assert said(dora, chat_id) == ["welcome"]


def test_removed_member_does_not_move_a_groups_clock(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    old = history(carla, chat_id).allowed
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    before = bruno.chat(chat_id).last_clock
    ahead = signed(carla, chat_id, EventType.MEMBER_JOINED, clock=NOW_MS + AHEAD_MS)
    bruno.arrives(update(chat_id, (*old, ahead)), carla)
    assert bruno.chat(chat_id).last_clock == before
    bruno.do(ClearChat(chat_id))
    anna.unix_s += 1
    circle.says(anna, "not lost", chat_id)
    circle.settle()
    assert said(bruno, chat_id) == ["not lost"]
    del carla


def test_event_whose_signature_was_turned_around_is_no_second_event(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    before, known = notes(bruno, chat_id), history(bruno, chat_id)
    twins = [turned(it) for it in history(anna, chat_id).allowed]
    assert bruno.drops(update(chat_id, twins), carla) is Unshown.BAD_HISTORY
    assert (notes(bruno, chat_id), history(bruno, chat_id)) == (before, known)


def turned(event: SignedEvent) -> SignedEvent:
    """Return an event with the other signature that says the same."""
    r, s, v = event.signature[:32], event.signature[32:64], event.signature[64]
    other = ORDER - int.from_bytes(s, "big")
    return replace(event, signature=r + other.to_bytes(32, "big") + bytes([v ^ 1]))


# ---- what was lost


def test_group_comes_back_to_a_person_who_has_the_phrase_alone(circle: Circle) -> None:
    anna, _, carla = circle.people
    chat_id = make_group(circle)
    circle.people[1] = bruno = Person(2)
    circle.says(anna, "still there?", chat_id)
    circle.settle()
    assert bruno.chat(chat_id).accepted
    assert bruno.people().answered == {anna.key, carla.key}
    circle.says(bruno, "yes", chat_id)
    circle.settle()
    assert said(carla, chat_id) == ["still there?", "yes"]


def test_admin_who_has_the_phrase_alone_is_admin_again(circle: Circle) -> None:
    bruno, carla = circle.people[1:]
    chat_id = make_group(circle)
    circle.people[0] = anna = Person(1)
    circle.says(bruno, "still there?", chat_id)
    circle.settle()
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    assert group_of(bruno, chat_id).members == (anna.key, bruno.key)
