"""How simulated people pair devices: until each knows all others, whatever happens meanwhile."""

from random import Random

import pytest

from sottovoce.sim import people_pairing as module
from sottovoce.sim.people_device import SimulatedDevice, read_devices
from sottovoce.sim.people_pairing import PeoplePairing
from sottovoce.sim.people_world import Clock
from unit.sim.people_scene import Pair


def planned(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> PeoplePairing:
    monkeypatch.setattr(module, "FURTHER_SHARE", 1.0)
    monkeypatch.setattr(module, "FURTHER_DEVICES_MAX", 1)
    pairing = PeoplePairing(pair.world, Random(1), lambda: Clock(5.0))
    pairing.plan(start_s=20.0, end_s=30.0, last_s=1000.0)
    return pairing


def know_each_other(one: SimulatedDevice, other: SimulatedDevice) -> bool:
    names = [
        {each.installation_id for each in read_devices(device) if each.enabled}
        for device in (one, other)
    ]
    return names[0] == names[1] == {one.who.installation_id, other.who.installation_id}


def test_further_device_is_paired_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    pairing = planned(pair, monkeypatch)
    assert pairing.ready == pair.world.devices
    pair.world.run_until(120.0)
    assert len(pair.world.devices) == 3
    new = pair.world.devices[2]
    [old] = [it for it in pair.world.devices_of(new.who.person) if it is not new]
    assert know_each_other(old, new)
    assert pairing.ready == [pair.one, pair.other, new]
    assert pair.world.clocks[2] == Clock(5.0)


@pytest.mark.slow
def test_device_that_went_back_to_before_is_paired_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    copies = [device.store.copied() for device in (pair.one, pair.other)]
    planned(pair, monkeypatch)
    pair.world.run_until(120.0)
    new = pair.world.devices[2]
    [old] = [it for it in pair.world.devices_of(new.who.person) if it is not new]
    pair.world.put_back(old, copies[old.who.number])
    assert not know_each_other(old, new)
    pair.world.start(old)
    pair.world.run_until(300.0)
    assert know_each_other(old, new)


def test_world_without_further_devices_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    monkeypatch.setattr(module, "FURTHER_SHARE", 0.0)
    PeoplePairing(pair.world, Random(1), Clock).plan(start_s=20.0, end_s=21.0, last_s=30.0)
    pair.world.run_until(40.0)
    assert len(pair.world.devices) == 2
