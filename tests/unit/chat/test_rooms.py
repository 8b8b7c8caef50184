import pytest

from sottovoce.chat.commands import (
    AcceptChat,
    BlockContact,
    ClearChat,
    Command,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    SetForwardSecrecy,
)
from sottovoce.chat.events import ChatChanged
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.chat.settings import ChatSettings
from sottovoce.stack.events import ForwardSecrecySet, PeopleChanged
from unit.chat.people import LOBBY, NOW_MS, Person, one, only, public

NOWHERE = ChatId("nowhere")


def read_in_lobby(anna: Person, *clocks: int) -> Person:
    reader = Person(2)
    reader.join()
    for clock in clocks:
        reader.arrives(public(f"{clock}", clock=clock), anna)
    return reader


def test_joined_chat_is_heard_and_shown(anna: Person) -> None:
    outputs = anna.join()
    assert one(PeopleChanged, outputs).public_chats == {LOBBY}
    assert one(ChatChanged, outputs).chat == anna.chat()
    assert anna.chat() == Chat(LOBBY, ChatKind.PUBLIC)


def test_joining_twice_changes_nothing(anna: Person) -> None:
    anna.join()
    assert len(anna.join()) == 1


def test_chat_that_is_left_is_no_longer_heard_and_keeps_its_messages(
    anna: Person, bruno: Person
) -> None:
    bruno.join()
    bruno.arrives(public(), anna)
    outputs = bruno.do(LeaveChat(LOBBY))
    assert one(PeopleChanged, outputs).public_chats == frozenset()
    assert not one(ChatChanged, outputs).chat.active
    bruno.join()
    assert bruno.texts() == ["Ciao"]
    assert bruno.chat().unread_count == 1


def test_public_chats_are_bounded(anna: Person) -> None:
    few = Person(1, settings=ChatSettings(public_chats_max=2))
    few.join("a")
    few.join("b")
    assert "2 public chats" in few.refused(JoinPublicChat("c"))
    few.do(LeaveChat(ChatId("a")))
    few.join("c")
    assert "2 public chats" in few.refused(JoinPublicChat("a"))


def test_own_chats_are_bounded(bruno: Person) -> None:
    few = Person(1, settings=ChatSettings(chats_max=2))
    few.join("a")
    few.do(OpenOneToOne(bruno.key))
    few.hears(Person(3))
    for command in (
        JoinPublicChat("c"),
        OpenOneToOne(Person(4).key),
        AcceptChat(Person(3).id),
    ):
        assert "2 chats" in few.refused(command)
    few.do(OpenOneToOne(bruno.key))


def test_opened_chat_is_accepted_and_its_person_followed(anna: Person, bruno: Person) -> None:
    outputs = anna.do(OpenOneToOne(bruno.key))
    people = one(PeopleChanged, outputs)
    assert people.followed == people.answered == {bruno.key}
    assert anna.chat(bruno.id) == Chat(bruno.id, ChatKind.ONE_TO_ONE)


def test_nobody_talks_to_themselves_or_to_somebody_blocked(anna: Person, bruno: Person) -> None:
    anna.do(BlockContact(bruno.key))
    assert "own key" in anna.refused(OpenOneToOne(anna.key))
    assert "blocked" in anna.refused(OpenOneToOne(bruno.key))


def test_accepted_stranger_is_answered(anna: Person, bruno: Person) -> None:
    anna.hears(bruno)
    outputs = anna.do(AcceptChat(bruno.id))
    assert one(PeopleChanged, outputs).answered == {bruno.key}
    assert one(ChatChanged, outputs).chat.accepted
    assert len(anna.do(AcceptChat(bruno.id))) == 1


def test_blocked_stranger_cannot_be_accepted(anna: Person, bruno: Person) -> None:
    anna.hears(bruno)
    anna.do(BlockContact(bruno.key))
    assert "blocked" in anna.refused(AcceptChat(bruno.id))


def test_cleared_chat_has_no_messages(anna: Person) -> None:
    reader = read_in_lobby(anna, NOW_MS, NOW_MS + 1)
    chat = reader.result(Chat, ClearChat(LOBBY))
    assert (chat.unread_count, chat.last_message_unix_ms) == (0, 0)
    assert chat.deleted_at_clock == NOW_MS + 1
    assert reader.texts() == []


def test_muted_chat_can_be_heard_again(anna: Person) -> None:
    anna.join()
    assert anna.result(Chat, MuteChat(LOBBY, muted=True)).muted
    assert not anna.result(Chat, MuteChat(LOBBY, muted=False)).muted


def test_messages_are_read_up_to_a_clock(anna: Person) -> None:
    reader = read_in_lobby(anna, NOW_MS, NOW_MS + 1, NOW_MS + 2)
    assert reader.chat().unread_count == 3
    assert reader.result(Chat, MarkRead(LOBBY, NOW_MS + 1)).unread_count == 1
    assert reader.result(Chat, MarkRead(LOBBY, NOW_MS)).unread_count == 1
    outputs = reader.do(MarkRead(LOBBY))
    assert one(ChatChanged, outputs).chat.unread_count == 0
    assert len(reader.do(MarkRead(LOBBY))) == 1


def test_what_is_to_come_is_not_read_beforehand(anna: Person) -> None:
    reader = read_in_lobby(anna, NOW_MS)
    reader.do(MarkRead(LOBBY, 1 << 63))
    reader.arrives(public("next", clock=NOW_MS + 1), anna)
    assert reader.chat().unread_count == 1


def test_forward_secrecy_is_set_for_the_stack(anna: Person, bruno: Person) -> None:
    anna.do(OpenOneToOne(bruno.key))
    outputs = anna.do(SetForwardSecrecy(bruno.key, on=False))
    assert only(ForwardSecrecySet, outputs) == [ForwardSecrecySet(bruno.key, on=False)]


@pytest.mark.parametrize(
    "command",
    [
        LeaveChat(NOWHERE),
        AcceptChat(NOWHERE),
        ClearChat(NOWHERE),
        MuteChat(NOWHERE, muted=True),
        MarkRead(NOWHERE),
        SetForwardSecrecy(Person(9).key, on=True),
    ],
)
def test_chat_that_is_not_there_is_refused(anna: Person, command: Command) -> None:
    assert "no such chat" in anna.refused(command)
