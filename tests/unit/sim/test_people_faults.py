"""Faults among people: every kind fires, and all are over when they should be."""

from functools import partial
from random import Random

import pytest

from sottovoce.sim.people_faults import CLOCK_ERROR_S_MAX, FAULTS, PeopleFaults
from sottovoce.sim.people_world import EPOCH_UNIX_S
from unit.sim.people_scene import Pair


def plan(pair: Pair, *, last_s: float = 1000.0) -> PeopleFaults:
    faults = PeopleFaults(pair.world, Random(1), start_s=20.0, end_s=500.0, last_s=last_s)
    faults.plan()
    return faults


def test_faults_that_did_not_fire_are_counted_as_none() -> None:
    assert set(plan(Pair()).counts()) == set(FAULTS)
    assert set(plan(Pair()).counts().values()) == {0}


@pytest.mark.slow
def test_when_all_is_over_everybody_is_there_and_nothing_is_lost() -> None:
    pair = Pair()
    faults = plan(pair)
    for number in range(20):
        pair.world.at(25.0 + 20 * number, partial(pair.say, pair.one, f"{number}"))
    pair.world.run_until(510.0)
    counts = faults.counts()
    assert counts["older copy"] == 1
    assert counts["restart"] >= 1
    assert counts["off line"] == 5
    weather = pair.world.network.weather
    assert (weather.loss, weather.late, weather.twice) == (0, 0, 0)
    for device in (pair.one, pair.other):
        assert device.up
        assert device.box.online
        assert device.crash_at is None


def test_clocks_stay_within_their_bounds() -> None:
    pair = Pair()
    faults = plan(pair)
    for _ in range(100):
        pair.world.clocks[0] = faults.wrong_clock()
        for at_s in (0.0, 1000.0):
            pair.world.now_s = at_s
            error_s = pair.world.moment(0).unix_s - EPOCH_UNIX_S - at_s
            assert abs(error_s) <= CLOCK_ERROR_S_MAX + 0.001
