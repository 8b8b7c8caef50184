"""How a command that runs until it is stopped learns that it is."""

import asyncio
import signal
from collections.abc import Coroutine
from types import TracebackType
from typing import Self


class Termination:
    """Notices SIGTERM from the moment it is entered, so that none is lost while things start.

    An interrupt from the keyboard cancels the waiting task instead.
    """

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._asked.set)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)

    async def wait(self) -> None:
        """Return when SIGTERM has come."""
        await self._asked.wait()


async def first_of(*works: Coroutine[None, None, None]) -> None:
    """Run several things until one of them ends; what it raised is raised here."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
