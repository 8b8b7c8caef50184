"""Groups of strangers and of people who are blocked: what they may make us keep and show."""

import pytest

from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    BlockContact,
    CreateGroup,
    JoinGroup,
    LeaveChat,
)
from sottovoce.chat.events import GroupChanged, MessageAdded, Unshown
from sottovoce.chat.records import ChatId
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.membership import EventType
from sottovoce.stack.events import MessageSubmitted
from unit.chat.group_letters import history, signed, update
from unit.chat.group_post import Circle, group_of, notes, said
from unit.chat.people import Person, one, only


class Strangers:
    """Anna and Bruno are friends; Dora knows nobody, and is invited by them."""

    def __init__(self, settings: ChatSettings | None = None) -> None:
        self.circle = Circle(1, 2)
        self.anna, self.bruno = self.circle.people
        self.dora = Person(4, settings=settings)
        self.circle.people.append(self.dora)

    def invite(self, name: str = "walk") -> ChatId:
        members = (self.bruno.key, self.dora.key)
        outputs = self.circle.do(self.anna, CreateGroup(name, members))
        self.circle.settle()
        return one(GroupChanged, outputs).group.chat_id


@pytest.fixture
def strangers() -> Strangers:
    return Strangers()


def test_invitation_of_a_stranger_waits_in_the_inbox(strangers: Strangers) -> None:
    dora, chat_id = strangers.dora, strangers.invite()
    assert not dora.chat(chat_id).accepted
    assert dora.people().answered == frozenset()
    strangers.circle.says(strangers.anna, "join us", chat_id)
    (_, letter) = strangers.circle.waiting[-1]
    added = one(MessageAdded, strangers.circle.carry((strangers.anna, letter)))
    assert not added.asks_attention
    assert said(dora, chat_id) == ["join us"]
    dora.do(AcceptChat(chat_id))
    assert dora.chat(chat_id).accepted
    assert dora.people().answered == {strangers.anna.key, strangers.bruno.key}
    assert dora.key not in group_of(dora, chat_id).joined


def test_joining_accepts(strangers: Strangers) -> None:
    dora, chat_id = strangers.dora, strangers.invite()
    strangers.circle.do(dora, JoinGroup(chat_id))
    strangers.circle.settle()
    assert dora.chat(chat_id).accepted
    assert dora.key in group_of(strangers.bruno, chat_id).joined
    again = dora.do(JoinGroup(chat_id))
    assert only(MessageSubmitted, again) == []


def test_stranger_does_not_learn_that_an_invitation_was_thrown_away(strangers: Strangers) -> None:
    dora, chat_id = strangers.dora, strangers.invite()
    assert only(MessageSubmitted, dora.do(LeaveChat(chat_id))) == []
    assert not dora.chat(chat_id).active


def test_invitation_of_a_contact_is_accepted_and_not_joined(strangers: Strangers) -> None:
    strangers.circle.do(strangers.dora, AddContact(strangers.anna.key))
    chat_id = strangers.invite()
    assert strangers.dora.chat(chat_id).accepted
    assert strangers.dora.key not in group_of(strangers.dora, chat_id).joined
    assert strangers.bruno.key in strangers.dora.people().answered


def test_invitation_of_somebody_blocked_is_not_shown(strangers: Strangers) -> None:
    circle, dora = strangers.circle, strangers.dora
    circle.do(dora, BlockContact(strangers.anna.key))
    chat_id = strangers.invite()
    circle.do(strangers.bruno, JoinGroup(chat_id))
    circle.settle()
    assert list(dora.store.chats()) == []
    assert dora.chats.statistics == {Unshown.BLOCKED: 2}


def test_groups_of_strangers_stay_within_the_inbox() -> None:
    strangers = Strangers(ChatSettings(strangers_max=2))
    ids = [strangers.invite(f"walk {number}") for number in range(3)]
    assert {chat.id for chat in strangers.dora.store.chats()} == set(ids[1:])
    assert {group.chat_id for group in strangers.dora.store.list_groups()} == set(ids[1:])
    assert {it.chat_id for it in strangers.dora.store.group_events()} == set(ids[1:])
    strangers.circle.says(strangers.anna, "do you hear?", ids[0])
    strangers.circle.settle()
    assert said(strangers.dora, ids[0]) == ["do you hear?"]


def test_history_of_strangers_counts_as_what_they_make_us_keep() -> None:
    small = Strangers(ChatSettings(stranger_bytes_max=4500))
    chat_id = small.invite()
    assert notes(small.dora, chat_id) == []
    assert small.dora.chats.statistics == {Unshown.INBOX_FULL: 1}
    large = Strangers(ChatSettings(stranger_bytes_max=8000))
    chat_id = large.invite()
    assert len(notes(large.dora, chat_id)) == 2
    assert 4096 < large.dora.chat(chat_id).held_bytes < 8000


def test_there_are_not_more_groups_than_the_bound() -> None:
    strangers = Strangers(ChatSettings(groups_max=1))
    dora = strangers.dora
    first, second = strangers.invite("one"), strangers.invite("two")
    strangers.circle.do(dora, JoinGroup(first))
    for command in (JoinGroup(second), AcceptChat(second), CreateGroup("three")):
        assert "there are 1 groups" in dora.refused(command)
    strangers.circle.do(dora, AddContact(strangers.anna.key))
    strangers.circle.settle()
    fourth = strangers.invite("four")
    assert not dora.chat(fourth).accepted, "it waits until one of the others was left"
    dora.do(LeaveChat(first))
    dora.do(JoinGroup(fourth))


def test_name_that_would_steer_a_terminal_is_shown_without() -> None:
    strangers = Strangers()
    anna, dora = strangers.anna, strangers.dora
    chat_id = strangers.invite()
    known = history(anna, chat_id).allowed
    clock = known[-1].event.clock + 1
    renamed = signed(anna, chat_id, EventType.NAME_CHANGED, name="a\x1b[2Jb\u202e", clock=clock)
    dora.arrives(update(chat_id, (*known, renamed)), anna)
    assert group_of(dora, chat_id).name == dora.chat(chat_id).name == "a�[2Jb�"
    assert notes(dora, chat_id)[-1].endswith("to “a�[2Jb�”")
