"""The loop on virtual time: it jumps instead of waiting, and says when nothing can happen."""

import asyncio

import pytest

from sottovoce.sdk.virtual_loop import VIRTUAL_S_MAX, StuckError, VirtualLoop
from sottovoce.sim.world import World


def test_sleep_moves_the_clock_of_the_world_and_nothing_else() -> None:
    world = World(1)

    async def doze() -> float:
        await asyncio.sleep(1234.5)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(world)) as runner:
        assert runner.run(doze()) == pytest.approx(1234.5)
    assert world.now_s == pytest.approx(1234.5)


def test_timers_fire_in_the_order_of_their_moments() -> None:
    world, seen = World(1), []

    async def note(pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        seen.append(pause_s)

    async def all_of_them() -> None:
        await asyncio.gather(note(30.0), note(10.0), note(20.0))

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(world)) as runner:
        runner.run(all_of_them())
    assert seen == [10.0, 20.0, 30.0]


def test_actions_of_the_world_happen_while_a_coroutine_waits() -> None:
    world, seen = World(1), []
    world.at(5.0, lambda: seen.append(world.now_s))

    async def doze() -> None:
        await asyncio.sleep(10.0)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(world)) as runner:
        runner.run(doze())
    assert seen == [5.0]


def test_work_for_threads_is_done_at_once_with_its_result_or_its_error() -> None:
    world = World(1)

    async def ask() -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return await asyncio.to_thread(lambda: 42)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(world)) as runner:
        assert runner.run(ask()) == 42
    assert world.now_s == 0.0


def test_waiting_for_what_never_comes_is_said() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with (
        asyncio.Runner(loop_factory=lambda: VirtualLoop(World(1))) as runner,
        pytest.raises(StuckError, match="nothing can happen"),
    ):
        runner.run(wait())


def test_waiting_for_more_than_a_day_is_said() -> None:
    async def wait() -> None:
        await asyncio.sleep(VIRTUAL_S_MAX + 10.0)

    with (
        asyncio.Runner(loop_factory=lambda: VirtualLoop(World(1))) as runner,
        pytest.raises(StuckError, match="virtual seconds"),
    ):
        runner.run(wait())
