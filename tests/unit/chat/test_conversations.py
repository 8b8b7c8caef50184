from sottovoce.chat.commands import Asked, BlockContact, LeaveChat, SendMessage
from sottovoce.chat.conversations import Conversations
from sottovoce.chat.events import Refused, Unshown
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId
from sottovoce.stack.events import PeopleChanged, Started, TimePassed
from unit.chat.people import LOBBY, NOW_MS, Person, carry, one, only, private, public

NOBODY: frozenset[object] = frozenset()


def test_whom_to_hear_is_told_at_the_start() -> None:
    anna = Person(1)
    assert anna.handle(Started()) == [PeopleChanged(frozenset(), *3 * [frozenset()])]


def test_whom_to_hear_is_told_when_it_changes_and_only_then() -> None:
    anna, bruno = Person(1), Person(2)
    assert len(only(PeopleChanged, anna.join())) == 1
    assert only(PeopleChanged, anna.arrives(public(), bruno)) == []
    assert only(PeopleChanged, anna.arrives(private(anna), bruno)) == []
    assert len(only(PeopleChanged, anna.add(bruno))) == 1
    assert only(PeopleChanged, anna.do(SendMessage(bruno.id, "x"))) == []
    assert len(only(PeopleChanged, anna.do(BlockContact(bruno.key)))) == 1
    assert len(only(PeopleChanged, anna.do(LeaveChat(LOBBY)))) == 1


def test_restart_loses_nothing() -> None:
    anna, bruno = Person(1), Person(2)
    anna.join()
    anna.add(bruno)
    anna.hears(bruno)
    before = one(PeopleChanged, anna.handle(Started()))
    assert anna.start() == [before]
    assert anna.say("x", bruno.id).clock == NOW_MS + 1
    assert anna.chat(bruno.id).unread_count == 1


def test_refusal_carries_the_number_of_the_asker() -> None:
    anna = Person(1)
    (refused,) = anna.handle(Asked(77, SendMessage(LOBBY, "x")))
    assert isinstance(refused, Refused)
    assert refused.request == 77


def test_nothing_is_due_before_the_first_event() -> None:
    anna, bruno = Person(1), Person(2)
    anna.add(bruno)
    again = Conversations(anna.author, anna.store)
    assert again.next_deadline() is None
    again.handle(TimePassed(), anna.now)
    assert again.next_deadline() is not None


def test_machine_without_settings_has_the_usual_ones() -> None:
    anna = Person(1)
    chats = Conversations(anna.author, MemoryChatStore())
    assert chats.statistics == {}
    assert chats.next_deadline() is None


def test_nothing_that_comes_out_shows_what_was_said() -> None:
    anna, bruno = Person(1), Person(2)
    anna.join("secret-place")
    bruno.join("secret-place")
    outputs = anna.do(SendMessage(ChatId("secret-place"), "secret-text"))
    outputs += carry(outputs, anna, bruno)
    outputs += anna.add(bruno)
    shown = repr(outputs)
    assert "secret" not in shown
    assert anna.id[4:] not in shown


def test_statistics_count_each_reason() -> None:
    anna, bruno = Person(1), Person(2)
    for _ in range(3):
        bruno.arrives(public(), anna)
    assert bruno.chats.statistics == {Unshown.NOT_JOINED: 3}
