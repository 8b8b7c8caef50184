"""An asyncio event loop on the time of a simulated world.

When no callback is ready, the loop does not wait: it lets the world take its next step, or jumps
to the moment of its own next timer, whichever comes first. So an hour of waiting costs nothing,
and the same test sees the same order of things on every run. Work for threads is done at once, on
the loop's own thread, for the same reason.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, TypeVar

from typing_extensions import TypeVarTuple, override

from sottovoce.sim.world import World

ResultT = TypeVar("ResultT")
ArgumentTs = TypeVarTuple("ArgumentTs")

# A test that waits longer than this waits for something that never comes.
VIRTUAL_S_MAX: Final = 24 * 3600.0


class StuckError(RuntimeError):
    """A coroutine waits for something that can never happen in the world."""


class _WorldSelector(selectors.SelectSelector):
    """Asks the world to go on where another selector would wait."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        world = self._world
        end_s = None if timeout is None else world.now_s + timeout
        next_s = world.next_event_s()
        if next_s is None and end_s is None:
            raise StuckError("the test waits, but nothing can happen any more in its network")
        if next_s is not None and (end_s is None or next_s <= end_s):
            world.run_until(next_s)
        elif end_s is not None:
            world.run_until(end_s)
        if world.now_s > VIRTUAL_S_MAX:
            raise StuckError(f"the test waits for more than {VIRTUAL_S_MAX:g} virtual seconds")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `time` is the world's."""

    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__(_WorldSelector(world))

    @override
    def time(self) -> float:
        return self._world.now_s

    @override
    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*ArgumentTs], ResultT],
        *args: *ArgumentTs,
    ) -> asyncio.Future[ResultT]:
        done: asyncio.Future[ResultT] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done
