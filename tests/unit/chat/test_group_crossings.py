"""Groups when messages cross, come late, come in part, or come from somebody who lies."""

from copy import deepcopy
from dataclasses import replace

import pytest

from sottovoce.chat.commands import (
    AddMembers,
    BlockContact,
    Command,
    CreateGroup,
    JoinGroup,
    LeaveChat,
    PromoteMembers,
    RemoveContact,
    RemoveMember,
    RenameGroup,
    ResignAdmin,
)
from sottovoce.chat.events import Done, GroupChanged, Unshown
from sottovoce.chat.group_history import EVENTS_KEPT_MAX, SET_ASIDE_MAX
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId, Group
from sottovoce.payloads.group_rules import evaluate, group_chat_id
from sottovoce.payloads.limits import EVENTS_MAX
from sottovoce.payloads.membership import EventType, MembershipUpdate
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import Contact
from unit.chat.group_letters import history, signed, text, update
from unit.chat.group_post import Circle, group_of, make_group, notes, said
from unit.chat.people import NOW_MS, Person, one

UUID = "6f1c4c1e-0000-4000-8000-000000000001"


@pytest.fixture
def circle() -> Circle:
    return Circle(1, 2, 3)


def in_both_orders(
    circle: Circle, first: tuple[Person, Command], second: tuple[Person, Command]
) -> None:
    """Let two people act at once; what they say crosses."""
    for person, command in (first, second):
        circle.do(person, command)
    circle.settle()


def agreed(circle: Circle, chat_id: ChatId) -> Group:
    """Return the group that all of a circle see."""
    seen = {repr_of(group_of(person, chat_id)) for person in circle.people}
    assert len(seen) == 1, seen
    return group_of(circle.people[0], chat_id)


def repr_of(group: Group) -> tuple[object, ...]:
    return group.name, group.members, group.joined, group.admins, group.event_count


# ---- crossing


def test_removal_against_join(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle, joined=False)
    in_both_orders(circle, (anna, RemoveMember(chat_id, carla.key)), (carla, JoinGroup(chat_id)))
    assert agreed(circle, chat_id).members == (anna.key, bruno.key)


def test_removal_against_text_to_the_removed(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    removal = circle.hold()
    circle.says(bruno, "with Carla", chat_id)
    circle.waiting = [it for it in circle.waiting if it[1].destination != Contact(carla.key)]
    circle.settle()
    circle.carry_all(removal)
    circle.settle()
    assert said(anna, chat_id) == ["with Carla"]
    assert said(carla, chat_id) == []
    assert agreed(circle, chat_id).members == (anna.key, bruno.key)


@pytest.mark.parametrize("is_contact", [True, False])
def test_removal_that_comes_before_its_invitation_is_not_forgotten(
    circle: Circle, is_contact: bool
) -> None:
    anna, bruno, carla = circle.people
    if not is_contact:
        circle.do(carla, RemoveContact(anna.key))
    made = one(Done, circle.do(anna, CreateGroup("Trip", (bruno.key,)))).result
    assert isinstance(made, Group)
    chat_id = made.chat_id
    circle.settle()
    circle.do(anna, AddMembers(chat_id, (carla.key,)))
    invitation = circle.hold()
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    assert not carla.chat(chat_id).active
    assert notes(carla, chat_id) == []
    circle.carry_all(invitation)
    assert agreed(circle, chat_id).members == (anna.key, bruno.key)
    assert not carla.chat(chat_id).active
    circle.do(anna, AddMembers(chat_id, (carla.key,)))
    circle.settle()
    assert carla.chat(chat_id).active
    assert agreed(circle, chat_id).members == (anna.key, bruno.key, carla.key)


def went_back(person: Person, before: MemoryChatStore) -> None:
    """Let somebody go on from an older copy of their messages."""
    person.store = before
    person.start()


def test_admin_who_went_back_to_before_a_removal_is_told_by_whom_they_removed(
    circle: Circle,
) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    before = deepcopy(anna.store)
    circle.do(anna, RemoveMember(chat_id, bruno.key))
    circle.do(carla, LeaveChat(chat_id))
    circle.settle()
    went_back(anna, before)
    assert len(group_of(anna, chat_id).members) == 3
    circle.says(anna, "Who is there?", chat_id)
    circle.settle()
    assert group_of(anna, chat_id).members == (anna.key,)
    circle.says(anna, "Nobody", chat_id)
    assert circle.hold() == []


def test_removed_member_who_went_back_is_told_by_a_member(circle: Circle) -> None:
    anna, _, carla = circle.people
    chat_id = make_group(circle)
    before = deepcopy(carla.store)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    went_back(carla, before)
    circle.says(carla, "I am back", chat_id)
    circle.settle()
    assert carla.key not in group_of(carla, chat_id).members
    assert "I am back" not in said(anna, chat_id)


def test_stranger_who_lacks_something_of_a_group_is_told_nothing(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    before = deepcopy(carla.store)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    for person in (anna, bruno):
        circle.do(person, RemoveContact(carla.key))
    circle.settle()
    went_back(carla, before)
    circle.says(carla, "I am back", chat_id)
    circle.settle()
    assert carla.key in group_of(carla, chat_id).members


def test_two_admins_at_once(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, PromoteMembers(chat_id, (bruno.key,)))
    circle.settle()
    in_both_orders(
        circle, (anna, RenameGroup(chat_id, "run")), (bruno, RenameGroup(chat_id, "swim"))
    )
    assert agreed(circle, chat_id).name in ("run", "swim")
    dora, emil = Person(4), Person(5)
    circle.people += [dora, emil]
    in_both_orders(
        circle,
        (anna, AddMembers(chat_id, (dora.key,))),
        (bruno, AddMembers(chat_id, (emil.key,))),
    )
    assert set(agreed(circle, chat_id).members) == {it.key for it in circle.people}
    assert carla.key in agreed(circle, chat_id).joined


@pytest.mark.parametrize("promotion_is_earlier", [True, False])
def test_promotion_against_removal(circle: Circle, promotion_is_earlier: bool) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, PromoteMembers(chat_id, (bruno.key,)))
    circle.settle()
    earlier, later = (anna, bruno) if promotion_is_earlier else (bruno, anna)
    later.unix_s += 1
    earlier.unix_s += 0.5
    in_both_orders(
        circle,
        (anna, PromoteMembers(chat_id, (carla.key,))),
        (bruno, RemoveMember(chat_id, carla.key)),
    )
    group = agreed(circle, chat_id)
    assert (carla.key in group.members) is promotion_is_earlier
    assert (carla.key in group.admins) is promotion_is_earlier
    for person in circle.people:
        known = history(person, chat_id)
        assert evaluate(chat_id, known.allowed) == known.state
    circle.says(anna, "on we go", chat_id)
    circle.settle()
    assert said(bruno, chat_id) == ["on we go"]
    assert said(carla, chat_id) == ["on we go"] * promotion_is_earlier


def test_equal_clocks_give_the_same_group_in_any_order(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle, joined=False)
    clock = history(anna, chat_id).last_clock() + 1
    known = history(anna, chat_id).allowed
    events = [
        signed(anna, chat_id, EventType.MEMBER_REMOVED, carla.id, clock=clock),
        signed(carla, chat_id, EventType.MEMBER_JOINED, clock=clock),
        signed(anna, chat_id, EventType.NAME_CHANGED, name="a", clock=clock),
        signed(anna, chat_id, EventType.NAME_CHANGED, name="b", clock=clock),
    ]
    for reader, some in ((bruno, events), (anna, events[::-1])):
        for each in some:
            reader.arrives(update(chat_id, (*known, each)), carla)
    assert repr_of(group_of(anna, chat_id)) == repr_of(group_of(bruno, chat_id))
    assert carla.key not in group_of(anna, chat_id).members


def test_history_whose_equal_clocks_are_in_an_order_of_its_own_is_taken(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = ChatId(group_chat_id(UUID, anna.key))
    events = [
        signed(anna, chat_id, EventType.CHAT_CREATED, name="walk", clock=NOW_MS),
        signed(anna, chat_id, EventType.MEMBERS_ADDED, bruno.id, clock=NOW_MS),
    ]
    bruno.arrives(update(chat_id, events[::-1]), anna)
    assert group_of(bruno, chat_id).members == (anna.key, bruno.key)


# ---- whole and in part


def test_history_in_part_takes_nothing_away(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    before = group_of(bruno, chat_id)
    part = history(anna, chat_id).allowed[:2]
    bruno.arrives(update(chat_id, part, text(chat_id, "from before")), anna)
    assert group_of(bruno, chat_id) == before
    assert said(bruno, chat_id) == ["from before"]


def test_group_made_and_joined_on_another_device_of_ours_is_ours(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    other = Person(1)
    chat_id = make_group(circle)
    known = history(anna, chat_id).allowed
    other.arrives(update(chat_id, known, text(chat_id, "Ciao")), anna)
    assert other.chat(chat_id).accepted
    assert group_of(other, chat_id) == group_of(anna, chat_id)
    page = other.store.page(chat_id, before=None, limit=1)
    assert (page[0].text, page[0].own) == ("Ciao", True)
    second = Person(2)
    second.arrives(update(chat_id, known), anna)
    assert second.chat(chat_id).accepted, "Bruno has joined on his other device"
    del bruno


def test_leaving_on_another_device_hides_the_group_here(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    left = signed(bruno, chat_id, EventType.MEMBER_REMOVED, bruno.id, clock=NOW_MS + 5000)
    outputs = bruno.arrives(update(chat_id, (*history(bruno, chat_id).allowed, left)), bruno)
    assert not one(GroupChanged, outputs).removed
    assert not bruno.chat(chat_id).active
    del anna


# ---- what is refused


def test_one_invalid_event_in_a_valid_history_refuses_the_whole(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    bad = signed(carla, chat_id, EventType.NAME_CHANGED, name="mine", clock=NOW_MS + 9000)
    sent = update(chat_id, (*history(anna, chat_id).allowed, bad), text(chat_id, "hear me"))
    assert bruno.drops(sent, carla) is Unshown.BAD_HISTORY


def test_forged_history_of_a_known_group_changes_nothing(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    forged = [
        signed(carla, chat_id, EventType.CHAT_CREATED, name="mine", clock=1),
        signed(carla, chat_id, EventType.MEMBERS_ADDED, bruno.id, clock=2),
    ]
    assert bruno.drops(update(chat_id, forged), carla) is Unshown.BAD_HISTORY
    assert bruno.drops(update(chat_id, ()), carla) is Unshown.BAD_HISTORY
    del anna


def test_events_of_another_group_are_nobodys_here(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    foreign = ChatId(group_chat_id(UUID, anna.key))
    sent = MembershipUpdate(foreign, history(anna, chat_id).wires())
    assert bruno.drops(sent, anna) is Unshown.BAD_HISTORY


def test_group_without_us_is_none_of_ours(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    outputs = circle.do(anna, CreateGroup("walk", (bruno.key,)))
    chat_id = one(GroupChanged, outputs).group.chat_id
    sent = update(chat_id, history(anna, chat_id).allowed, text(chat_id, "Ciao"))
    assert Person(9).drops(sent, anna) is Unshown.NOT_INVITED


@pytest.mark.parametrize("chat_id", ["lobby", "walk-{id}", "\x1b[2J-{id}"])
def test_group_of_an_unusual_id_is_not_shown(circle: Circle, chat_id: str) -> None:
    anna, bruno, _ = circle.people
    sent = MembershipUpdate(chat_id.format(id=anna.id), (b"x" * 90,))
    assert bruno.drops(sent, anna) is Unshown.UNKNOWN_KIND


def test_public_chat_that_is_called_like_a_group_stays_one(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    outputs = circle.do(anna, CreateGroup("walk", (bruno.key,)))
    chat_id = one(GroupChanged, outputs).group.chat_id
    bruno.join(chat_id)
    sent = update(chat_id, history(anna, chat_id).allowed)
    assert bruno.drops(sent, anna) is Unshown.UNKNOWN_KIND


def test_group_that_came_in_public_is_not_shown(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    bruno.join("lobby")
    circle.do(anna, CreateGroup("walk", (bruno.key,)))
    (group,) = anna.store.list_groups()
    sent = update(group.chat_id, history(anna, group.chat_id).allowed)
    assert bruno.drops(sent, anna, public_chats=("lobby",)) is Unshown.UNPROTECTED
    assert bruno.drops(sent, anna, secrecy=Secrecy.PUBLIC) is Unshown.UNPROTECTED


@pytest.mark.parametrize(("ahead_s", "is_taken"), [(240, True), (300, True), (301, False)])
def test_event_of_a_clock_that_runs_fast_is_taken(
    circle: Circle, ahead_s: int, is_taken: bool
) -> None:
    anna, bruno, _ = circle.people
    chat_id = ChatId(group_chat_id(UUID, anna.key))
    clock = NOW_MS + ahead_s * 1000
    events = [
        signed(anna, chat_id, EventType.CHAT_CREATED, name="walk", clock=clock - 1),
        signed(anna, chat_id, EventType.MEMBERS_ADDED, bruno.id, clock=clock),
    ]
    sent = update(chat_id, events)
    if not is_taken:
        assert bruno.drops(sent, anna) is Unshown.BAD_HISTORY
        return
    bruno.arrives(sent, anna)
    assert len(notes(bruno, chat_id)) == 2
    circle.do(bruno, JoinGroup(chat_id))
    assert bruno.key in group_of(bruno, chat_id).joined


def test_event_of_clock_zero_is_refused(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = ChatId(group_chat_id(UUID, anna.key))
    created = signed(anna, chat_id, EventType.CHAT_CREATED, name="walk", clock=0)
    assert bruno.drops(update(chat_id, (created,)), anna) is Unshown.BAD_HISTORY


# ---- those who were in it


def test_events_that_somebody_removed_dates_back_change_nothing(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    before = history(anna, chat_id).allowed
    anna.unix_s += 10
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    group = repr_of(agreed(circle, chat_id))
    rejoined = signed(carla, chat_id, EventType.MEMBER_JOINED, clock=NOW_MS + 9000)
    bruno.arrives(update(chat_id, (*before, rejoined), text(chat_id, "me again")), carla)
    assert repr_of(group_of(bruno, chat_id)) == group
    assert said(bruno, chat_id) == []


def test_events_that_a_former_admin_dates_back_are_judged_alike_by_all(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    before = history(anna, chat_id).allowed
    circle.do(anna, PromoteMembers(chat_id, (bruno.key,)))
    circle.settle()
    anna.unix_s += 10
    circle.do(anna, ResignAdmin(chat_id))
    circle.settle()
    after = signed(anna, chat_id, EventType.NAME_CHANGED, name="late", clock=NOW_MS + 20_000)
    assert bruno.drops(update(chat_id, (*history(anna, chat_id).allowed, after)), anna) is (
        Unshown.BAD_HISTORY
    )
    backdated = signed(anna, chat_id, EventType.NAME_CHANGED, name="mine", clock=NOW_MS + 5000)
    for reader in circle.people:
        reader.arrives(update(chat_id, (*before, backdated)), anna)
    assert agreed(circle, chat_id).name == "mine"
    assert agreed(circle, chat_id).admins == (bruno.key,)
    del carla


def test_invited_again_after_leaving(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(carla, LeaveChat(chat_id))
    circle.settle()
    assert agreed(circle, chat_id).members == (anna.key, bruno.key)
    circle.do(anna, AddMembers(chat_id, (carla.key,)))
    circle.settle()
    assert carla.chat(chat_id).active
    assert carla.key not in agreed(circle, chat_id).joined
    circle.do(carla, JoinGroup(chat_id))
    circle.says(carla, "back", chat_id)
    circle.settle()
    assert said(bruno, chat_id) == ["back"]


def test_blocked_admin_cannot_bring_back_a_group_that_was_left(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(carla, LeaveChat(chat_id))
    circle.settle()
    circle.do(carla, BlockContact(anna.key))
    circle.do(anna, AddMembers(chat_id, (carla.key,)))
    circle.settle()
    circle.says(bruno, "Carla?", chat_id)
    circle.settle()
    assert said(carla, chat_id) == []
    assert not carla.chat(chat_id).active


def test_texts_of_blocked_members_are_not_shown_and_their_events_count(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle, joined=False)
    circle.do(anna, BlockContact(carla.key))
    circle.do(carla, JoinGroup(chat_id))
    circle.says(carla, "you cannot hear me", chat_id)
    circle.settle()
    circle.do(bruno, JoinGroup(chat_id))
    circle.settle()
    assert set(group_of(anna, chat_id).joined) == {anna.key, bruno.key, carla.key}
    assert said(anna, chat_id) == []


# ---- memory


def test_what_counts_for_nothing_is_kept_within_bounds(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    known = history(anna, chat_id)
    again = signed(bruno, chat_id, EventType.MEMBER_JOINED, clock=NOW_MS + 100)
    many = [replace(again, signature=number.to_bytes(65, "big")) for number in range(EVENTS_MAX)]
    full = known.with_events(many)
    assert len(full.events) == len(known.events) + SET_ASIDE_MAX < EVENTS_KEPT_MAX
    more = replace(again, signature=b"x" * 65)
    assert full.with_events([more]) is full
    renamed = signed(anna, chat_id, EventType.NAME_CHANGED, name="run", clock=NOW_MS + 200)
    assert full.with_events([more, renamed]).state.name == "run"
