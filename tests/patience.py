"""Waiting for the event loop without sleeping: each turn of the loop looks once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

ResultT = TypeVar("ResultT")

# Nothing here waits for so long unless something is broken.
PATIENCE_S: Final = 20.0


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine to its end, on a loop of its own; fail if it hangs."""

    async def main() -> ResultT:
        async with asyncio.timeout(PATIENCE_S):
            return await work

    return asyncio.run(main())


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
