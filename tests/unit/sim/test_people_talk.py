"""Simulated people see to it that what they want to say is said, and said once."""

from random import Random

import pytest

from sottovoce.chat.commands import JoinPublicChat
from sottovoce.chat.records import ChatId
from sottovoce.sim.people_device import CrashPoint
from sottovoce.sim.people_talk import PeopleTalk
from unit.sim.people_scene import Pair


def talk_on(pair: Pair) -> PeopleTalk:
    return PeopleTalk(pair.world, Random(1))


@pytest.mark.parametrize("point", [None, *CrashPoint])
def test_whatever_happens_to_the_device_each_text_is_said_once(point: CrashPoint | None) -> None:
    pair = Pair()
    talk = talk_on(pair)
    pair.one.crash_at = point
    talk.plan_text(pair.world.now_s, pair.one, pair.chat_of(pair.one))
    pair.pass_time(2)
    pair.world.start(pair.one)
    pair.pass_time(30)
    assert pair.texts(pair.one) == pair.texts(pair.other) == ["text 1"]
    [said] = pair.world.log.said.values()
    assert said.message_id == pair.messages(pair.one)[0].id


def test_device_that_is_switched_off_is_tried_again() -> None:
    pair = Pair()
    talk = talk_on(pair)
    pair.world.crash(pair.one)
    talk.plan_text(pair.world.now_s, pair.one, pair.chat_of(pair.one))
    talk.insist(pair.one, JoinPublicChat("lobby"))
    pair.pass_time(5)
    pair.world.start(pair.one)
    pair.pass_time(20)
    assert pair.texts(pair.one) == ["text 1"]


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    pair = Pair()
    talk = talk_on(pair)
    talk.plan_text(pair.world.now_s, pair.one, ChatId("nowhere"))
    pair.pass_time(60)
    assert len(talk.refused) == 1
    assert pair.world.log.said == {}


def test_conversation_has_as_many_messages_as_it_says() -> None:
    pair = Pair()
    talk = talk_on(pair)
    speakers = [(device, pair.chat_of(device)) for device in (pair.one, pair.other)]
    count = talk.plan_conversation(pair.world.now_s, lambda: speakers)
    pair.pass_time(120)
    assert len(pair.texts(pair.one)) == len(pair.texts(pair.other)) == count
