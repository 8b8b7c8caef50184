"""How a command that runs until it is stopped learns that it is."""

import asyncio
import signal
from collections.abc import Coroutine


async def until_terminated() -> None:
    """Wait for SIGTERM. An interrupt from the keyboard cancels the waiting task instead."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        await stop.wait()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


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
