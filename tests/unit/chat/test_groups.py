"""What a person does with groups, and what the others see of it."""

import pytest

from sottovoce.chat import groups
from sottovoce.chat.commands import (
    AddMembers,
    BlockContact,
    CreateGroup,
    JoinGroup,
    JoinPublicChat,
    LeaveChat,
    PromoteMembers,
    React,
    RemoveMember,
    RenameGroup,
    ResignAdmin,
    SendMessage,
)
from sottovoce.chat.events import GroupChanged, MessageAdded
from sottovoce.chat.records import ChatId, ChatKind
from sottovoce.payloads import group_rules
from sottovoce.stack import destinations
from sottovoce.stack.events import MessageSubmitted
from unit.chat.group_post import Circle, group_of, make_group, notes, said
from unit.chat.people import Person, one, only


@pytest.fixture
def circle() -> Circle:
    """Anna, Bruno and Carla, who know one another."""
    return Circle(1, 2, 3)


def test_group_is_made_joined_and_talked_in(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    for person in circle.people:
        group = group_of(person, chat_id)
        assert group.members == group.joined == (anna.key, bruno.key, carla.key)
        assert group.admins == (anna.key,)
        assert group.name == person.chat(chat_id).name == "walk"
        assert (group.event_count, person.chat(chat_id).kind) == (4, ChatKind.GROUP)
    circle.says(anna, "Ciao", chat_id)
    circle.settle()
    circle.says(carla, "Ciao a tutti", chat_id)
    circle.settle()
    assert [said(it, chat_id) for it in circle.people] == [["Ciao", "Ciao a tutti"]] * 3
    assert bruno.chat(chat_id).unread_count == 2


def test_one_wrapper_goes_to_each_member(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle, joined=False)
    submitted = only(MessageSubmitted, circle.do(anna, SendMessage(chat_id, "Ciao")))
    assert [it.destination for it in submitted] == [
        destinations.Contact(bruno.key),
        destinations.Contact(carla.key),
    ]
    assert len({(it.message_id, it.raw) for it in submitted}) == 1


def test_notes_tell_what_happened_and_are_not_unread(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, RenameGroup(chat_id, "run"))
    circle.do(anna, PromoteMembers(chat_id, (bruno.key,)))
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    circle.do(bruno, ResignAdmin(chat_id))
    circle.do(bruno, LeaveChat(chat_id))
    circle.settle()
    assert notes(anna, chat_id) == [
        f"@{anna.id} created the group “walk”",
        f"@{anna.id} invited @{bruno.id}, @{carla.id}",
        f"@{bruno.id} joined the group",
        f"@{carla.id} joined the group",
        f"@{anna.id} changed the group's name to “run”",
        f"@{anna.id} made @{bruno.id} admin",
        f"@{anna.id} removed @{carla.id}",
        f"@{bruno.id} is no longer an admin",
        f"@{bruno.id} left the group",
    ]
    assert anna.chat(chat_id).unread_count == 0
    assert anna.store.unread_count(chat_id, above_clock=0) == 0
    assert notes(carla, chat_id) == notes(anna, chat_id)[:7]


def test_invited_person_is_told_and_asked(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    outputs = circle.do(anna, CreateGroup("walk", (bruno.key,)))
    assert not one(GroupChanged, outputs).invited
    seen = circle.carry(circle.waiting.pop(0))
    changed = one(GroupChanged, seen)
    assert changed.invited
    assert changed.group.joined == (anna.key,)
    assert not any(it.asks_attention for it in only(MessageAdded, seen))
    assert bruno.chat(changed.group.chat_id).accepted
    assert "join it first" in bruno.refused(SendMessage(changed.group.chat_id, "?"))


def test_late_joiner_sees_the_whole_history_and_what_is_said_from_then_on(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    outputs = circle.do(anna, CreateGroup("walk", (bruno.key,)))
    chat_id = one(GroupChanged, outputs).group.chat_id
    circle.settle()
    circle.do(bruno, JoinGroup(chat_id))
    circle.says(anna, "before", chat_id)
    circle.settle()
    circle.do(anna, AddMembers(chat_id, (carla.key,)))
    circle.says(anna, "not joined yet", chat_id)
    circle.settle()
    assert group_of(carla, chat_id) == group_of(anna, chat_id)
    assert said(carla, chat_id) == ["not joined yet"]
    circle.do(carla, JoinGroup(chat_id))
    circle.settle()
    circle.says(carla, "thank you", chat_id)
    circle.settle()
    assert said(bruno, chat_id) == ["before", "not joined yet", "thank you"]
    assert notes(carla, chat_id) == notes(anna, chat_id)


def test_text_of_somebody_who_has_not_joined_is_not_to_be_said(circle: Circle) -> None:
    _, bruno, _ = circle.people
    chat_id = make_group(circle, joined=False)
    assert "join it first" in bruno.refused(SendMessage(chat_id, "Ciao"))


def test_reaction_is_seen_by_everybody(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    message = circle.says(anna, "Ciao", chat_id)
    circle.settle()
    circle.do(bruno, React(message.id, 1))
    circle.settle()
    for person in (anna, carla):
        (reaction,) = person.store.reactions([message.id])
        assert (reaction.author, reaction.chat_id) == (bruno.key, chat_id)


def test_members_are_answered_and_those_taken_out_are_not(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    dora = Person(4)
    circle.people.append(dora)
    chat_id = make_group(circle, joined=False)
    assert dora.chat(chat_id).accepted is False
    assert dora.people().answered == frozenset()
    circle.do(dora, JoinGroup(chat_id))
    circle.settle()
    assert {anna.key, bruno.key} <= dora.people().answered
    assert dora.key in bruno.people().answered
    circle.do(anna, RemoveMember(chat_id, dora.key))
    circle.settle()
    assert dora.key not in bruno.people().answered


def test_only_admins_change_a_group_and_are_told_so(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    for command in (
        AddMembers(chat_id, (Person(9).key,)),
        RemoveMember(chat_id, carla.key),
        PromoteMembers(chat_id, (carla.key,)),
        ResignAdmin(chat_id),
        RenameGroup(chat_id, "run"),
    ):
        assert "only an admin" in bruno.refused(command)
    circle.do(anna, PromoteMembers(chat_id, (bruno.key,)))
    circle.settle()
    assert "cannot be removed" in anna.refused(RemoveMember(chat_id, bruno.key))
    assert "leave the group" in anna.refused(RemoveMember(chat_id, anna.key))
    assert "not in the group" in anna.refused(RemoveMember(chat_id, Person(9).key))
    assert "invite them first" in anna.refused(PromoteMembers(chat_id, (Person(9).key,)))
    assert "admins already" in anna.refused(PromoteMembers(chat_id, (bruno.key,)))
    assert "in the group already" in anna.refused(AddMembers(chat_id, (bruno.key,)))


def test_what_cannot_be_a_group_is_refused(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    assert "empty" in anna.refused(CreateGroup(" "))
    assert "at most 256 bytes" in anna.refused(CreateGroup("a" * 257))
    assert "cannot be seen" in anna.refused(CreateGroup("walk\u202e"))
    assert "your own" in anna.refused(CreateGroup("walk", (anna.key,)))
    circle.do(anna, BlockContact(bruno.key))
    assert "blocked" in anna.refused(CreateGroup("walk", (bruno.key,)))
    anna.join("lobby")
    assert "no group" in anna.refused(JoinGroup(ChatId("lobby")))
    assert "no such chat" in anna.refused(JoinGroup(ChatId("other")))
    alone = one(GroupChanged, circle.do(anna, CreateGroup("walk"))).group
    assert alone.members == (anna.key,)
    assert "private group" in anna.refused(JoinPublicChat(alone.chat_id))


def test_group_that_no_longer_fits_into_a_message_is_refused() -> None:
    anna = Person(1)
    many = tuple(Person(number).key for number in range(1000, 1700))
    assert "too large" in anna.refused(CreateGroup("walk", many))
    assert "too large" not in anna.refused(CreateGroup("", many))


def test_group_whose_history_is_full_can_be_talked_in_and_left(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    for module in (group_rules, groups):
        monkeypatch.setattr(module, "EVENTS_MAX", 4)
    assert "make a new group" in anna.refused(RemoveMember(chat_id, carla.key))
    circle.says(anna, "we are full", chat_id)
    circle.settle()
    assert said(bruno, chat_id) == ["we are full"]
    assert only(MessageSubmitted, circle.do(carla, LeaveChat(chat_id))) == []
    assert not carla.chat(chat_id).active
