"""What simulated people do beside talking."""

from random import Random

from sottovoce.sim.people_device import read_shown
from sottovoce.sim.people_habits import PeopleHabits
from unit.sim.people_scene import Pair


def test_people_read_mute_and_rename_themselves_on_devices_that_are_on() -> None:
    pair = Pair()
    pair.say(pair.one, "ciao")
    pair.pass_time(5)
    habits = PeopleHabits(pair.world, Random(3), lambda: [pair.other])
    habits.plan(start_s=30.0, end_s=100.0)
    pair.world.run_until(110.0)
    assert set(pair.world.actions) == {"MarkRead", "MuteChat", "SetProfile"}
    shown = read_shown(pair.other)
    assert [chat.unread_count for chat in shown.chats.values()] == [0]
    assert shown.profile.ens_name.endswith(".stateofus.eth")


def test_nothing_is_done_on_a_device_that_is_switched_off() -> None:
    pair = Pair()
    pair.world.crash(pair.other)
    habits = PeopleHabits(pair.world, Random(3), lambda: [pair.other])
    habits.plan(start_s=30.0, end_s=100.0)
    pair.world.run_until(110.0)
    assert sum(pair.world.actions.values()) == 0
