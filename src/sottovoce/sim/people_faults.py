"""What goes wrong with people's devices and the network between them, drawn from a seed."""

from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.sim.people_device import CrashPoint, DeviceStore, SimulatedDevice
from sottovoce.sim.people_network import Weather
from sottovoce.sim.people_world import Clock, PeopleWorld

CLOCK_ERROR_S_MAX: Final = 120.0
WEATHER: Final = Weather(loss=0.15, late=0.05, twice=0.05)
# A device that is put back, or cut off, late in the storm has to be back before its end.
PLANNED_BEFORE_END_S: Final = 300.0
PUT_BACK_BEFORE_END_S: Final = 60.0

CRASHES: Final = 8
CUTS: Final = 5
CLOCK_STEPS: Final = 2
OLDER_COPIES: Final = 1

PROCESS_ENDS: Final = tuple(point for point in CrashPoint if point is not CrashPoint.REFUSED)
FAULTS: Final = (
    "loss",
    "late",
    "duplicate",
    "off line",
    "clock error",
    "clock step",
    "restart",
    "older copy",
    *(point.value for point in CrashPoint),
)


class PeopleFaults:
    """Plans faults for a stretch of time.

    Args:
        world: What they happen to.
        random: Where they are drawn from.
        start_s: When they begin.
        end_s: When all of them are over; clocks stay wrong.
        last_s: Until when clocks keep within their bounds.
    """

    def __init__(
        self, world: PeopleWorld, random: Random, *, start_s: float, end_s: float, last_s: float
    ) -> None:
        self._world: Final = world
        self._random: Final = random
        self._start_s: Final = start_s
        self._end_s: Final = end_s
        self._last_s: Final = last_s
        world.on_crash = self._restart_later

    def counts(self) -> dict[str, int]:
        """Return how often each kind of fault fired, those that never did included."""
        counted = dict.fromkeys(FAULTS, 0)
        counted.update(self._world.faults)
        counted.update(self._world.network.faults)
        return counted

    def plan(self) -> None:
        """Plan all of them."""
        self._world.at(self._start_s, self._begin)
        self._world.at(self._end_s, self._end)
        plan = (
            (self._arm_crash, CRASHES),
            (self._cut_off, CUTS),
            (self._step_clock, CLOCK_STEPS),
            (self._take_copy, OLDER_COPIES),
        )
        for fault, count in plan:
            for _ in range(count):
                latest_s = self._end_s - PLANNED_BEFORE_END_S
                self._world.at(self._random.uniform(self._start_s, latest_s), fault)

    def wrong_clock(self) -> Clock:
        """Draw a clock that stays within its bounds until the end."""
        self._world.faults["clock error"] += 1
        first_s, last_s = (
            self._random.uniform(-CLOCK_ERROR_S_MAX, CLOCK_ERROR_S_MAX) for _ in range(2)
        )
        return Clock(first_s, (last_s - first_s) / self._last_s)

    def _begin(self) -> None:
        self._world.network.weather = WEATHER

    def _end(self) -> None:
        self._world.network.weather = Weather()
        for device in self._world.devices:
            device.crash_at = None
            self._world.start(device)
            self._world.go_online(device)

    def _pick(self) -> SimulatedDevice:
        return self._random.choice(self._world.devices)

    def _arm_crash(self) -> None:
        unarmed = [device for device in self._world.devices if device.crash_at is None]
        if unarmed:
            device = self._random.choice(unarmed)
            device.crash_at = self._random.choice(tuple(CrashPoint))
            device.keeps = self._random.randint(0, 3)

    def _restart_later(self, device: SimulatedDevice) -> None:
        pause_s = self._random.choice((0.1, 5.0, 100.0)) * self._random.random()
        self._world.at(self._world.now_s + pause_s, partial(self._restart, device))

    def _restart(self, device: SimulatedDevice) -> None:
        if not device.up:
            self._world.faults["restart"] += 1
            self._world.start(device)

    def _cut_off(self) -> None:
        device = self._pick()
        self._world.faults["off line"] += 1
        self._world.go_offline(device)
        pause_s = self._random.choice((5.0, 60.0, 600.0)) * self._random.random()
        back_s = self._world.now_s + pause_s
        self._world.at(back_s, partial(self._world.go_online, device))

    def _take_copy(self) -> None:
        """Copy what a device has, to be put in the place of what it has later on."""
        device = self._pick()
        copy = device.store.copied()
        latest_s = self._end_s - PUT_BACK_BEFORE_END_S
        moment_s = self._random.uniform(self._world.now_s, latest_s)
        self._world.at(moment_s, partial(self._put_back, device, copy))

    def _put_back(self, device: SimulatedDevice, copy: DeviceStore) -> None:
        self._world.faults["older copy"] += 1
        self._world.put_back(device, copy)
        self._restart_later(device)

    def _step_clock(self) -> None:
        device = self._pick()
        self._world.faults["clock step"] += 1
        self._world.clocks[device.who.number] = self.wrong_clock()
