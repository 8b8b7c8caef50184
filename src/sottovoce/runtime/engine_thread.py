"""A thread that carries out one blocking call after the other, and holds up nobody's end.

The executors of the standard library are waited for when the program ends; a call to a disk that
never answers would keep it alive for ever. This thread dies with the program.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class EngineThread:
    """One thread and the calls that wait for it.

    Args:
        name: What the thread is called, for people who look at the process.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        Thread(target=self._run, name=name, daemon=True).start()

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Let the thread carry out a call, behind all that wait; it may raise what it likes."""
        done: Future[T] = Future()

        def call() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                done.set_result(work())
            except Exception as error:
                done.set_exception(error)

        self._calls.put(call)
        return asyncio.wrap_future(done)

    def end(self) -> None:
        """Let the thread end behind all that waits."""
        self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
