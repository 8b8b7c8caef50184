"""What new events of a group change here, whoever made them."""

import pytest

from sottovoce.chat.commands import (
    ClearChat,
    JoinGroup,
    LeaveChat,
    MarkRead,
    MuteChat,
    RemoveMember,
    RenameGroup,
)
from sottovoce.chat.events import ChatChanged, GroupChanged, MessageAdded
from sottovoce.chat.group_notes import note_id
from sottovoce.payloads.membership import EventType
from unit.chat.group_letters import history, signed, text, update
from unit.chat.group_post import Circle, group_of, make_group, notes, said
from unit.chat.people import NOW_MS, one, only


@pytest.fixture
def circle() -> Circle:
    return Circle(1, 2, 3)


def test_everybody_sees_what_changed_and_whoever_changes_nothing_is_not_heard(
    circle: Circle,
) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    changed = one(GroupChanged, circle.do(anna, RenameGroup(chat_id, "run")))
    assert (changed.group.name, changed.invited, changed.removed) == ("run", False, False)
    outputs = circle.carry(circle.waiting.pop(0))
    assert one(GroupChanged, outputs) == changed
    assert one(ChatChanged, outputs).chat.name == "run"
    again = update(chat_id, history(anna, chat_id).allowed)
    assert bruno.arrives(again, anna) == []
    assert circle.do(anna, RenameGroup(chat_id, "run"))[:-1] == []


def test_invitation_stands_above_older_chats(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    bruno.hears(anna, clock=NOW_MS)
    anna.unix_s += 60
    bruno.unix_s += 60
    chat_id = make_group(circle, joined=False)
    assert bruno.store.list_chats()[0].id == chat_id
    assert bruno.chat(chat_id).last_message_unix_ms >= NOW_MS + 60_000


def test_note_that_was_cleared_does_not_come_back(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    late = signed(anna, chat_id, EventType.NAME_CHANGED, name="late", clock=NOW_MS + 1)
    circle.do(bruno, ClearChat(chat_id))
    assert notes(bruno, chat_id) == []
    events = (*history(anna, chat_id).allowed, late)
    outputs = bruno.arrives(update(chat_id, events), anna)
    assert one(GroupChanged, outputs).group.name == "late"
    assert notes(bruno, chat_id) == []
    assert len(notes(carla, chat_id)) == 4


def test_event_that_begins_to_count_later_gets_its_note_then(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    known = history(anna, chat_id).allowed
    clock = known[-1].event.clock
    promotion = signed(anna, chat_id, EventType.ADMINS_ADDED, carla.id, clock=clock + 1)
    again = signed(anna, chat_id, EventType.ADMIN_REMOVED, anna.id, clock=clock + 2)
    renamed = signed(carla, chat_id, EventType.NAME_CHANGED, name="run", clock=clock + 3)
    bruno.arrives(update(chat_id, (*known, promotion, renamed)), carla)
    outputs = bruno.arrives(update(chat_id, (*known, promotion, again)), anna)
    assert one(MessageAdded, outputs).message.id == note_id(again)
    assert group_of(bruno, chat_id).admins == (carla.key,)


def test_group_is_the_same_after_a_restart(circle: Circle) -> None:
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    for person in circle.people:
        person.start()
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.says(bruno, "still here", chat_id)
    circle.settle()
    assert said(anna, chat_id) == ["still here"]
    assert group_of(bruno, chat_id) == group_of(anna, chat_id)


def test_group_is_read_muted_and_left_like_any_chat(circle: Circle) -> None:
    anna, bruno, _ = circle.people
    chat_id = make_group(circle)
    first = circle.says(anna, "one", chat_id)
    circle.settle()
    bruno.do(MuteChat(chat_id, muted=True))
    letter = update(
        chat_id,
        history(anna, chat_id).allowed,
        text(chat_id, f"@{bruno.id}", clock=first.clock + 1),
    )
    added = one(MessageAdded, bruno.arrives(letter, anna))
    assert added.mentions_us
    assert not added.asks_attention
    assert bruno.chat(chat_id).unread_count == 2
    bruno.do(MarkRead(chat_id, up_to_clock=first.clock))
    assert bruno.chat(chat_id).unread_count == 1
    bruno.do(MarkRead(chat_id))
    assert bruno.chat(chat_id).unread_count == 0
    circle.do(bruno, LeaveChat(chat_id))
    assert not bruno.chat(chat_id).active
    assert "not in this group" in bruno.refused(JoinGroup(chat_id))
    assert only(GroupChanged, circle.do(bruno, LeaveChat(chat_id))) == []
