"""A small pool of processes for proof of work, started at first need.

A search is cut into chunks of nonces. The chunks of one search run side by side on all idle
processes, and the lowest nonce wins, so the result is the same however many processes there are.
Between two chunks a search can be cancelled and its time be over.

The processes are plain subprocesses that speak lines over pipes: unlike `multiprocessing` they
never import the program's main module again, so that a bot of a dozen lines needs no guard.
"""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from typing import Final

# About 60 ms of search: short enough to cancel, long enough that the pipes cost nothing.
CHUNK_NONCES: Final = 50_000
# One processor stays free for the event loop.
PROCESSES_MAX: Final = max(1, min(4, (os.cpu_count() or 1) - 1))

# A chunk whose process was killed is done again by another one, so often in all.
_ATTEMPTS: Final = 3
_NONCE_END: Final = 1 << 64
_MODULE: Final = "sottovoce.runtime.mining_process"
_log = logging.getLogger(__name__)


class MiningWorkers:
    """Processes that search nonces; `close` ends them."""

    def __init__(self, processes_max: int = PROCESSES_MAX) -> None:
        self._processes_max = processes_max
        self._idle: deque[Process] = deque()
        self._all: set[Process] = set()
        self._freed = asyncio.Condition()
        self._errands: set[asyncio.Task[int | None]] = set()

    @property
    def process_count(self) -> int:
        """How many processes run."""
        return len(self._all)

    async def search(self, prefix: bytes, bits: int, work_time_s: float) -> int | None:
        """Find the lowest nonce whose hash has `bits` leading zero bits.

        Args:
            prefix: RLP of the envelope without its nonce.
            bits: Leading zero bits wanted.
            work_time_s: Seconds after which the search ends.

        Returns:
            The nonce, or None if the time was over first. Cancelling the call stops the search.

        Raises:
            OSError: No process could be started, or one after the other was killed.
        """
        loop = asyncio.get_running_loop()
        end_s = loop.time() + work_time_s
        chunks: deque[asyncio.Task[int | None]] = deque()
        first = 0
        while first < _NONCE_END:
            while len(chunks) < self._processes_max:
                chunks.append(self._send_errand(prefix, bits, first))
                first += CHUNK_NONCES
            try:
                async with asyncio.timeout_at(end_s):
                    # An errand goes on when its search is given up: it must give back its process.
                    nonce = await asyncio.shield(chunks.popleft())
            except TimeoutError:
                return None
            if nonce is not None:
                return nonce
        return None

    async def close(self) -> None:
        """End the processes."""
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        for process in self._all:
            await _end(process)
        self._all.clear()
        self._idle.clear()

    def _send_errand(self, prefix: bytes, bits: int, first: int) -> asyncio.Task[int | None]:
        errand = asyncio.ensure_future(self._run_chunk(prefix, bits, first))
        self._errands.add(errand)
        errand.add_done_callback(self._errand_done)
        return errand

    def _errand_done(self, errand: asyncio.Task[int | None]) -> None:
        self._errands.discard(errand)
        if not errand.cancelled() and errand.exception() is not None:
            _log.error("a proof-of-work process failed", exc_info=errand.exception())

    async def _run_chunk(self, prefix: bytes, bits: int, first: int) -> int | None:
        request = f"{first} {CHUNK_NONCES} {bits} {prefix.hex()}\n".encode()
        for _ in range(_ATTEMPTS):
            process = await self._take_process()
            answer = await _ask(process, request)
            if answer:
                await self._give_back(process)
                return None if answer == b"-" else int(answer)
            await self._give_up(process)
        raise ConnectionError("proof-of-work processes end in the middle of a search")

    async def _take_process(self) -> Process:
        async with self._freed:
            while True:
                while self._idle:
                    process = self._idle.popleft()
                    if process.returncode is None:
                        return process
                    self._all.discard(process)
                if len(self._all) < self._processes_max:
                    return await self._start_process()
                await self._freed.wait()

    async def _start_process(self) -> Process:
        # Not from the working directory (-P), where a file may bear the name of a module; and in
        # a session of its own, so that Ctrl-C is the program's to handle.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", _MODULE, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self._all.add(process)
        return process

    async def _give_back(self, process: Process) -> None:
        async with self._freed:
            self._idle.append(process)
            self._freed.notify()

    async def _give_up(self, process: Process) -> None:
        async with self._freed:
            self._all.discard(process)
            self._freed.notify()
        await _end(process)


async def _ask(process: Process, request: bytes) -> bytes:
    """Send one request and return the answer; empty if the process is gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(request)
        await process.stdin.drain()
        return (await process.stdout.readline()).strip()
    except (OSError, RuntimeError):  # uvloop says the second of a pipe that is closed
        return b""


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
