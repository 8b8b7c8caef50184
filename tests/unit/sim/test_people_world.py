"""The world of people: one heap, clocks that go wrong, and the same run from the same seed."""

import pytest

from sottovoce.sim import people_world as module
from sottovoce.sim.people_world import EPOCH_UNIX_S, Clock, PeopleWorld
from unit.sim.people_scene import Pair


def talk(seed: int) -> str:
    pair = Pair(seed)
    pair.say(pair.one, "ciao")
    pair.pass_time(3)
    return pair.world.trace_hash


def test_same_seed_gives_the_same_trace_and_another_one_another() -> None:
    assert talk(1) == talk(1) != talk(2)


def test_wall_clock_goes_wrong_and_the_monotonic_one_does_not() -> None:
    pair = Pair()
    before = pair.world.moment(1)
    pair.world.clocks[1] = Clock(ahead_s=100.0, drift=-0.5)
    pair.pass_time(80)
    after = pair.world.moment(1)
    assert after.monotonic_s == before.monotonic_s + 80
    assert after.unix_s == pytest.approx(EPOCH_UNIX_S + 100 + 100 - 50)


def test_device_without_network_gets_what_waits_when_it_is_back() -> None:
    pair = Pair()
    pair.world.go_offline(pair.other)
    pair.say(pair.one, "ciao")
    pair.pass_time(100)
    assert pair.texts(pair.other) == []
    pair.world.go_online(pair.other)
    pair.pass_time(200)
    assert pair.texts(pair.other) == ["ciao"]


def test_messages_that_a_copy_does_not_have_are_noted() -> None:
    pair = Pair()
    copy = pair.one.store.copied()
    pair.say(pair.one, "gone")
    pair.pass_time(5)
    [gone] = pair.messages(pair.one)
    pair.world.put_back(pair.one, copy)
    assert pair.world.log.of(0).forgotten == {gone.id}
    assert pair.world.message_ids(pair.one) == frozenset()


def test_whoever_asks_a_process_that_ends_hears_of_no_answer() -> None:
    pair = Pair()
    pair.say(pair.one, "ciao")
    pair.world.crash(pair.one)
    assert pair.answers == [None]


def test_switching_on_twice_is_once() -> None:
    pair = Pair()
    life = pair.one.life
    pair.world.start(pair.one)
    assert pair.one.life == life
    pair.world.crash(pair.one)
    pair.world.go_online(pair.one)
    pair.world.go_offline(pair.one)
    pair.world.start(pair.one)
    assert pair.one.life == life + 1


def test_devices_of_a_person_are_found() -> None:
    world = PeopleWorld(1)
    person, other = world.add_person(), world.add_person()
    devices = [world.add_device(whose) for whose in (person, other, person)]
    assert world.devices_of(person) == [devices[0], devices[2]]
    assert devices[0].who.key == devices[2].who.key != devices[1].who.key
    world.close()


def test_world_that_finds_no_rest_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS_MAX", 3)
    with pytest.raises(RuntimeError, match="seed 1: more than 3 events"):
        Pair()
