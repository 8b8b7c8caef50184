"""How simulated people get further devices, and see to it that all of theirs know one another.

The owner looks at each device now and then. A device that another one does not list is introduced
on itself; one that is listed and not enabled is enabled. So a device that went back to before it
was paired is paired again.
"""

from collections.abc import Callable
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.chat.commands import Command, EnableDevice, IntroduceDevice
from sottovoce.sim.people_device import SimulatedDevice, read_devices
from sottovoce.sim.people_world import Clock, PeopleWorld

# Status' clients know three devices of a person.
FURTHER_DEVICES_MAX: Final = 2
LOOK_EVERY_S: Final = 30.0
# Of worlds those in which somebody has several devices: they cost twice as much time.
FURTHER_SHARE: Final = 0.3


class PeoplePairing:
    """Gives people further devices.

    Args:
        world: Where they are.
        random: When and who is drawn from it.
        wrong_clock: Draws a clock of a new device.

    Attributes:
        ready: Devices that their owners use: the first ones, and those that were paired once.
    """

    def __init__(
        self, world: PeopleWorld, random: Random, wrong_clock: Callable[[], Clock]
    ) -> None:
        self.ready: Final[list[SimulatedDevice]] = []
        self._world: Final = world
        self._random: Final = random
        self._wrong_clock: Final = wrong_clock

    def plan(self, *, start_s: float, end_s: float, last_s: float) -> None:
        """Plan further devices of one person.

        Args:
            start_s: From when on there are some.
            end_s: Until when there are more.
            last_s: Until when their owner looks at them.
        """
        self.ready.extend(self._world.devices)
        if self._random.random() >= FURTHER_SHARE:
            return
        person = self._random.randrange(len(self._world.people))
        for _ in range(self._random.randint(1, FURTHER_DEVICES_MAX)):
            self._world.at(self._random.uniform(start_s, end_s), partial(self._add, person, last_s))

    def _add(self, person: int, last_s: float) -> None:
        device = self._world.add_device(person)
        self._world.clocks[device.who.number] = self._wrong_clock()
        self._world.actions["further device"] += 1
        self._world.start(device)
        self._look(device, last_s)

    def _look(self, device: SimulatedDevice, last_s: float) -> None:
        """Look at a device and at all others of its owner."""
        pairs = [
            (one, other)
            for one in self._world.devices_of(device.who.person)
            for other in self._world.devices_of(device.who.person)
            if one is not other
        ]
        missing = [pair for pair in pairs if not self._knows(*pair)]
        if not missing:
            self.ready.extend(
                {one.who.number: one for one, _ in pairs if one not in self.ready}.values()
            )
        if self._world.now_s < last_s:
            again_s = self._world.now_s + LOOK_EVERY_S
            self._world.at(again_s, partial(self._look, device, last_s))

    def _knows(self, one: SimulatedDevice, other: SimulatedDevice) -> bool:
        """Tell whether a device has another one enabled; else do what its owner would do."""
        name = other.who.installation_id
        found = {each.installation_id: each for each in read_devices(one)}.get(name)
        if found is not None and found.enabled:
            return True
        if found is None:
            self._ask(other, IntroduceDevice(name, "phone"))
        else:
            self._ask(one, EnableDevice(name))
        return False

    def _ask(self, device: SimulatedDevice, command: Command) -> None:
        if device.up:
            self._world.ask(device, command, lambda answer: None)
