"""What simulated people do with groups."""

from random import Random

from sottovoce.sim.people_device import read_groups
from sottovoce.sim.people_groups import PeopleGroups
from sottovoce.sim.people_talk import PeopleTalk
from unit.sim.people_scene import Pair


def test_groups_are_made_and_joined_and_whoever_joined_speaks() -> None:
    pair = Pair()
    talk = PeopleTalk(pair.world, Random(1))
    groups = PeopleGroups(pair.world, Random(1), talk)
    assert groups.speakers() == []
    groups.plan(start_s=20.0, change_s=30.0, end_s=200.0)
    pair.world.run_until(150.0)
    speakers = groups.speakers()
    assert speakers
    groups.say_last_words()
    pair.world.run_until(250.0)
    assert len(pair.world.log.said) >= len(speakers)
    assert [it.chat_id for it in read_groups(pair.one)] == [
        it.chat_id for it in read_groups(pair.other)
    ]
    assert sum(pair.world.actions.values()) > 4


def test_group_is_made_although_the_process_ends_before_it_answers() -> None:
    pair = Pair()
    groups = PeopleGroups(pair.world, Random(1), PeopleTalk(pair.world, Random(1)))
    groups.plan(start_s=20.0, change_s=21.0, end_s=21.0)
    for device in (pair.one, pair.other):
        pair.world.crash(device)
    pair.pass_time(5)
    for device in (pair.one, pair.other):
        pair.world.start(device)
    pair.pass_time(60)
    names = sorted(group.name for group in read_groups(pair.one))
    assert len(set(names)) == len(names) == 2
