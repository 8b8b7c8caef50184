"""Waiting for the event loop without sleeping: each turn of the loop looks once.

Who gives up after some seconds is not waited for: what has to happen before is awaited, however
long it takes on a busy machine, and then `pass_time` puts the clock of the loop on.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from typing_extensions import override

ResultT = TypeVar("ResultT")

# Nothing here waits for so long unless something is broken.
PATIENCE_S: Final = 20.0


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose clock can be put on."""

    ahead_s = 0.0
    patience: asyncio.Timeout

    @override
    def time(self) -> float:
        return super().time() + self.ahead_s


def run(work: Coroutine[Any, Any, ResultT], patience_s: float = PATIENCE_S) -> ResultT:
    """Run a coroutine to its end, on a loop of its own; fail if it hangs."""

    async def main() -> ResultT:
        async with asyncio.timeout(patience_s) as _running_loop().patience:
            return await work

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main())


def pass_time(seconds: float) -> None:
    """Let so much time pass at once for all that waits on the loop, but for `run` itself."""
    loop = _running_loop()
    loop.ahead_s += seconds
    end_s = loop.patience.when()
    assert end_s is not None
    loop.patience.reschedule(end_s + seconds)


def _running_loop() -> _Loop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, _Loop), "this is for what `run` runs"
    return loop


async def until(condition: Callable[[], object]) -> None:
    """Return once the condition holds; other work of the loop goes on meanwhile."""
    while not condition():
        await turns(1)


async def turns(count: int) -> None:
    """Let the loop go round."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn
