"""A process ends at any point of any scenario, and nothing is lost, doubled, sealed twice or stuck.

The fast suite lets several processes end in each performance, at points a fixed number apart, and
begins at a few places. `SOTTOVOCE_POINTS=each` begins everywhere, so that every point has its turn.
`SOTTOVOCE_POINTS=all` takes every point alone, with both absences, and with a second end soon after
the first: while the process is coming back, or while the talk goes on.
"""

import os
from collections.abc import Iterator
from typing import Final

import pytest
from typing_extensions import override

from crash.scenarios import SCENARIOS, Scenario
from crash.stage import LATE_S, SOON_S, CrashPlan
from sottovoce.adapters.sqlite.sync_store import SqliteSyncStore
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_device import CrashPoint, SimulatedDevice

POINTS_VARIABLE: Final = "SOTTOVOCE_POINTS"
POINTS: Final = os.environ.get(POINTS_VARIABLE, "")
IS_EXHAUSTIVE: Final = POINTS == "all"

# A process that is coming back passes some twenty points.
PERIOD: Final = 29
BEGINNINGS: Final = PERIOD if POINTS == "each" else 2
CRASHES_MAX: Final = 13
# How soon the second end follows, in points.
SECOND_AFTER: Final = (1, 2, 5, 9, 14, 20)
# A store refuses each of so many commits: a person made anew has one or two of its own.
REFUSED_EVERY: Final = 5


def quick_plans() -> Iterator[CrashPlan]:
    """Many ends in each performance, begun at a few places, or at every one."""
    for beginning in range(BEGINNINGS):
        first = 1 + beginning * PERIOD // BEGINNINGS
        at = [first + number * PERIOD for number in range(CRASHES_MAX)]
        yield CrashPlan(at, absence_s=(SOON_S, LATE_S)[beginning % 2])


def exhaustive_plans(count: int) -> Iterator[CrashPlan]:
    """Every point alone and with a second one, for short and for long."""
    for point in range(1, count + 1):
        second = point + SECOND_AFTER[point % len(SECOND_AFTER)]
        for absence_s in (SOON_S, LATE_S):
            yield CrashPlan([point], absence_s=absence_s)
            yield CrashPlan([point, second], absence_s=absence_s)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_process_that_ends_anywhere_loses_and_doubles_nothing(scenario: Scenario) -> None:
    undisturbed = CrashPlan()
    scenario.perform(undisturbed)
    assert undisturbed.kinds == set(CrashPoint) - {CrashPoint.REFUSED}
    plans = exhaustive_plans(undisturbed.count) if IS_EXHAUSTIVE else quick_plans()
    crash_count = 0
    for plan in plans:
        scenario.perform(plan)
        crash_count += len(plan.crashed)
    assert crash_count >= (4 * undisturbed.count if IS_EXHAUSTIVE else 5 * BEGINNINGS)


class RefusingPlan(CrashPlan):
    """No process ends, but its store refuses some commits.

    Args:
        first: The number of the first one, over all devices.
        every: And then each of so many.
    """

    def __init__(self, first: int, every: int) -> None:
        super().__init__()
        self._first = first
        self._every = every

    @override
    def __repr__(self) -> str:
        return f"RefusingPlan({self._first}, {self._every})"

    @override
    def is_due(self, device: SimulatedDevice, point: CrashPoint) -> bool:
        if point is CrashPoint.BEFORE_COMMIT and not self.is_over:
            self.count += 1
            if self.count >= self._first and (self.count - self._first) % self._every == 0:
                device.crash_at = CrashPoint.REFUSED
                self.crashed.append((device.who.number, CrashPoint.REFUSED))
        return False


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_store_that_refuses_any_commit_loses_and_doubles_nothing(scenario: Scenario) -> None:
    for first in range(1, REFUSED_EVERY + 1, 1 if IS_EXHAUSTIVE else REFUSED_EVERY):
        plan = RefusingPlan(first, REFUSED_EVERY)
        scenario.perform(plan)
        assert len(plan.crashed) >= 3


# ---- the search finds what is wrong

PING_PONG: Final = next(each for each in SCENARIOS if each.name == "ping-pong")
MIDDLE: Final = range(48, 120, 3)


def found() -> str:
    """Let a process end at several points, each alone, until something does not hold."""
    for point in MIDDLE:
        try:
            PING_PONG.perform(CrashPlan([point]))
        except ViolationError as violation:
            return str(violation)
    return ""


def test_search_finds_a_process_that_lets_out_what_is_not_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run_batch(self: SimulatedDevice) -> None:
        batch = [self._inbox.popleft() for _ in range(len(self._inbox))]
        self.store.begin()
        self._release(self._handle(batch))
        if self.up and not self._crashes(CrashPoint.BEFORE_COMMIT):
            self.store.commit()

    monkeypatch.setattr(SimulatedDevice, "run_batch", run_batch)
    assert "used a key twice" in found()


def test_search_finds_what_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteSyncStore, "waiting", lambda _: ())
    assert "nothing came of it" in found()
