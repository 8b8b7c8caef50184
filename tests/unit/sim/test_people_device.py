"""A simulated device: what a crash around a commit leaves, and what it does not."""

import pytest

from sottovoce.chat.events import ChatChanged, Done, Refused
from sottovoce.chat.records import MessageState
from sottovoce.sim.people_device import CrashPoint, read_shown
from unit.sim.people_scene import Pair


def test_what_was_queued_is_acknowledged_on_the_other_device() -> None:
    pair = Pair()
    pair.say(pair.one, "ciao")
    pair.pass_time(5)
    [answer] = pair.answers
    assert isinstance(answer, Done)
    assert pair.texts(pair.other) == ["ciao"]
    assert [message.state for message in pair.messages(pair.one)] == [MessageState.ACKNOWLEDGED]


@pytest.mark.parametrize("point", [CrashPoint.BEFORE_BATCH, CrashPoint.BEFORE_COMMIT])
def test_crash_before_the_commit_leaves_nothing_and_lets_nothing_out(point: CrashPoint) -> None:
    pair = Pair()
    carried = pair.world.network.carried_count
    pair.one.crash_at = point
    pair.say(pair.one, "ciao")
    pair.pass_time(5)
    assert (pair.one.up, pair.answers, pair.texts(pair.one)) == (False, [None], [])
    assert pair.world.network.carried_count == carried
    assert pair.world.faults[point.value] == 1


@pytest.mark.parametrize("point", [CrashPoint.AFTER_COMMIT, CrashPoint.AMID_RELEASE])
def test_crash_after_the_commit_leaves_what_goes_on_in_the_next_life(point: CrashPoint) -> None:
    pair = Pair()
    pair.one.crash_at = point
    pair.say(pair.one, "ciao")
    pair.pass_time(5)
    assert (pair.answers, pair.texts(pair.one), pair.texts(pair.other)) == ([None], ["ciao"], [])
    pair.world.start(pair.one)
    pair.pass_time(20)
    assert pair.texts(pair.other) == ["ciao"]
    assert pair.messages(pair.one)[0].state is MessageState.ACKNOWLEDGED


def test_crash_amid_a_release_lets_out_so_much_and_no_more() -> None:
    pair = Pair()
    told: list[object] = []
    pair.world.checkers.append(lambda device, fact: told.append(type(fact)))
    pair.one.crash_at, pair.one.keeps = CrashPoint.AMID_RELEASE, 1
    pair.say(pair.one, "ciao")
    pair.pass_time(5)
    assert told == [ChatChanged]


def test_refused_commit_undoes_the_batch_and_refuses_its_commands_alone() -> None:
    pair = Pair()
    pair.one.crash_at = CrashPoint.REFUSED
    pair.say(pair.one, "lost")
    pair.pass_time(5)
    [answer] = pair.answers
    assert isinstance(answer, Refused)
    assert answer.by_store
    assert (pair.one.up, pair.texts(pair.one)) == (True, [])
    pair.say(pair.one, "kept")
    pair.pass_time(5)
    assert pair.texts(pair.other) == ["kept"]


def test_older_copy_brings_back_what_was_and_heals_with_the_next_words() -> None:
    pair = Pair()
    pair.say(pair.one, "before")
    pair.pass_time(5)
    copy = pair.one.store.copied()
    pair.say(pair.one, "after")
    pair.pass_time(5)
    pair.world.put_back(pair.one, copy)
    assert pair.texts(pair.one) == ["before"]
    pair.world.start(pair.one)
    pair.say(pair.other, "are you there?")
    pair.pass_time(60)
    pair.say(pair.one, "again")
    pair.pass_time(60)
    assert pair.texts(pair.one) == ["before", "are you there?", "again"]
    assert pair.texts(pair.other) == ["before", "after", "are you there?", "again"]


def test_shown_is_what_was_committed() -> None:
    pair = Pair()
    pair.say(pair.one, "ciao")
    pair.pass_time(5)
    shown = read_shown(pair.one)
    assert [message.text for message in shown.all_messages()] == ["ciao"]
    assert shown.messages_of(pair.chat_of(pair.other)) == []
    assert set(shown.chats) == {pair.chat_of(pair.one)}
    assert shown.groups == {}
