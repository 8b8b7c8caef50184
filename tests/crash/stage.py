"""A small world of people in which a process ends at a chosen point, and comes back.

Points are counted as they are come to: before each batch, before and after its commit, and between
any two of its effects. What a process let out before it ended has left, whatever became of the
process: an envelope is with the relay at once.
"""

from collections.abc import Callable, Sequence
from typing import Final

from typing_extensions import override

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.node import inputs
from sottovoce.node.person_events import PersonOutput
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_checkers import KeysOnce, ToldOnce
from sottovoce.sim.people_device import CrashPoint, DeviceStore, SimulatedDevice
from sottovoce.sim.people_world import PeopleWorld
from sottovoce.stack.settings import TTL_S

# Who comes back so soon finds in the relays' pools whatever passed meanwhile.
SOON_S: Final = 0.1
# By then every envelope of that time has expired.
LATE_S: Final = 60.0

# How closely time is watched: at first in twentieths of a second, later less.
STEP_S: Final = 0.05
STEP_GROWTH: Final = 1.2


class CrashPlan:
    """At which points a process ends.

    Args:
        at: Their numbers, counted from 1 over all devices, in ascending order.
        absence_s: Seconds until the process is back.

    Attributes:
        count: How many points there were so far.
        is_over: Whether no more processes end, and no more points are counted.
        kinds: Which kinds of points there were.
        crashed: Where processes ended: the device's number and the point.
    """

    def __init__(self, at: Sequence[int] = (), *, absence_s: float = SOON_S) -> None:
        self.absence_s: Final = absence_s
        self.count = 0
        self.is_over = False
        self.kinds: set[CrashPoint] = set()
        self.crashed: list[tuple[int, CrashPoint]] = []
        self._at: Final = frozenset(at)

    @override
    def __repr__(self) -> str:
        return f"CrashPlan({sorted(self._at)}, absence_s={self.absence_s:g})"

    def is_due(self, device: SimulatedDevice, point: CrashPoint) -> bool:
        """Count a point; returns whether the process ends there."""
        if self.is_over:
            return False
        self.count += 1
        self.kinds.add(point)
        if self.count not in self._at:
            return False
        self.crashed.append((device.who.number, point))
        return True

    def were_away(self) -> frozenset[int]:
        """Return the devices that were away for longer than an envelope lives."""
        if self.absence_s <= TTL_S:
            return frozenset()
        return frozenset(device for device, _ in self.crashed)


class Stage(PeopleWorld):
    """A world that ends processes as planned.

    Args:
        plan: Where they end.
        people_count: How many people there are, with a device each.
        make_store: Makes an empty store.

    Attributes:
        plan: Where they end.
    """

    def __init__(
        self,
        plan: CrashPlan,
        people_count: int,
        make_store: Callable[[], DeviceStore] = MemoryPersonStore,
    ) -> None:
        self._is_leaving = False
        self._off: set[int] = set()
        super().__init__(1, make_store)
        self.plan: Final = plan
        self.network.watchers.append(KeysOnce(self.seed))
        self.checkers.append(ToldOnce(self.seed, self.log))
        self.on_crash = self._bring_back
        for _ in range(people_count):
            self.start(self.add_device(self.add_person()))

    @override
    def add_device(self, person: int) -> SimulatedDevice:
        device = super().add_device(person)

        def doom(point: CrashPoint, released: int) -> bool:
            if point is CrashPoint.AMID_RELEASE and not released:
                return False  # That is the point after the commit.
            return self.plan.is_due(device, point)

        device.doom = doom
        return device

    @override
    def perform(self, device: SimulatedDevice, output: PersonOutput) -> None:
        if isinstance(output, inputs.PostMessage):
            self._is_leaving = True
        super().perform(device, output)

    @override
    def at(self, time_s: float, action: Callable[[], None]) -> None:
        if self._is_leaving:
            self._is_leaving = False
            action()
        else:
            super().at(time_s, action)

    def pass_until(self, condition: Callable[[], object], *, within_s: float) -> None:
        """Let time pass until something holds.

        Raises:
            ViolationError: It does not hold within that time.
        """
        end_s = self.now_s + within_s
        step_s = STEP_S
        while not condition():
            if self.now_s >= end_s:
                raise ViolationError(f"nothing came of it within {within_s:g} seconds")
            self.run_until(self.now_s + step_s)
            step_s *= STEP_GROWTH

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.run_until(self.now_s + seconds)

    def switch_off(self, device: SimulatedDevice) -> None:
        """End a process that does not come back by itself."""
        self._off.add(device.who.number)
        if device.up:
            self.crash(device)

    def switch_on(self, device: SimulatedDevice) -> None:
        """Begin a process, unless it runs."""
        self._off.discard(device.who.number)
        self.start(device)

    def _bring_back(self, device: SimulatedDevice) -> None:
        def start() -> None:
            if device.who.number not in self._off:
                self.start(device)

        self.at(self.now_s + self.plan.absence_s, start)
