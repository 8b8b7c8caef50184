import asyncio
from collections.abc import Callable

from sottovoce.runtime.alarm import Alarm
from sottovoce.sdk.virtual_loop import VirtualLoop
from sottovoce.sim.world import World


def seen(act: Callable[[Alarm], None]) -> tuple[bool, bool, bool]:
    """Return of an alarm whether it rang, will ring and woke somebody, 2 s after it was set."""

    async def main() -> tuple[bool, bool, bool]:
        wake = asyncio.Event()
        alarm = Alarm(asyncio.get_running_loop(), wake)
        act(alarm)
        await asyncio.sleep(2)
        return alarm.has_rung, alarm.is_set, wake.is_set()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(World(1))) as runner:
        return runner.run(main())


def test_alarm_rings_once_and_wakes() -> None:
    assert seen(lambda alarm: alarm.set(1)) == (True, False, True)


def test_alarm_does_not_ring_before_its_time() -> None:
    assert seen(lambda alarm: alarm.set(3)) == (False, True, False)


def test_alarm_that_is_cleared_does_not_ring() -> None:
    def act(alarm: Alarm) -> None:
        alarm.set(1)
        alarm.clear()
        alarm.clear()

    assert seen(act) == (False, False, False)


def test_alarm_that_is_set_again_rings_at_the_later_time_alone() -> None:
    def act(alarm: Alarm) -> None:
        alarm.set(1)
        alarm.set(3)

    assert seen(act) == (False, True, False)
