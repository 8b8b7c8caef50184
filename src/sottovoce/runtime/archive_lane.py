"""The archive's lane: a thread that stores and a thread that asks, beside the loop.

The relay is never held up by it: wishes are handed over and answered later, on the loop. How many
wait is bounded by whoever wishes. A call that fails is answered as failed, whatever it raised.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Final, assert_never

from sottovoce.base.errors import StorageError, UnstorableError
from sottovoce.mail.archive import Archive
from sottovoce.mail.carrying_out import clean, failure_of
from sottovoce.mail.server_events import (
    ArchiveAnswer,
    ArchiveWish,
    CleanArchive,
    Cleaned,
    PageFound,
    QueryArchive,
    StoreBatch,
    Stored,
)
from sottovoce.runtime.engine_thread import EngineThread

# A batch takes some 50 ms. Ten seconds are a disk's worst; after them what waits is given up, for
# whoever ends the program has waited long enough.
STOP_TIMEOUT_S: Final = 10.0
# An archive that is silent for so long is in trouble, whatever may still come of it.
SILENCE_S: Final = 10.0

_BUG: Final = "the archive failed in a way that was not foreseen; the log has it"

_log = logging.getLogger(__name__)


class ArchiveLane:
    """An engine, its two threads, and the wishes that they carry out.

    Args:
        archive: The engine; it is closed with the lane.
        answer: Told what became of each wish, on the loop's thread; it must not block.
        failures: Where calls are counted that raised what an engine may not raise.
    """

    def __init__(
        self,
        archive: Archive,
        answer: Callable[[ArchiveAnswer], None],
        failures: Counter[str] | None = None,
    ) -> None:
        self._archive = archive
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._storing = EngineThread("archive: store")
        self._asking = EngineThread("archive: query")
        self._tasks: dict[asyncio.Task[None], float] = {}
        self._stopping = False
        self._failures = Counter[str]() if failures is None else failures

    @property
    def trouble(self) -> str:
        """That the archive is silent, one sentence; empty if it is not."""
        since_s = min(self._tasks.values(), default=self._loop.time())
        if self._loop.time() - since_s < SILENCE_S:
            return ""
        # Always the same words: whoever tells a change tells it once.
        return f"the archive has not answered for {SILENCE_S:.0f} s; look at its disk or database"

    def submit(self, wish: ArchiveWish) -> None:
        """Let a wish be carried out; a lane that stops takes nothing but what has to be stored."""
        if self._stopping and not isinstance(wish, StoreBatch):
            return
        task = self._loop.create_task(self._carry_out(wish))
        self._tasks[task] = self._loop.time()
        task.add_done_callback(self._tasks.pop)

    async def stop(self) -> None:
        """Store what waits, for a bounded time, and close the engine; harmless when repeated."""
        if self._stopping:
            return
        self._stopping = True
        end_s = self._loop.time() + STOP_TIMEOUT_S
        while self._tasks and (left_s := end_s - self._loop.time()) > 0:
            # What is stored may be followed by more that has to be.
            await asyncio.wait(list(self._tasks), timeout=left_s)
        if self._tasks:
            _log.warning("the archive did not come to its end in time; it is left as it is")
            for task in list(self._tasks):
                task.cancel()
        else:
            await self._close()
        self._storing.end()
        self._asking.end()

    async def _close(self) -> None:
        try:
            await self._storing.run(self._archive.close)
        except StorageError as error:
            _log.warning("the archive could not be closed in order: %s", error)

    async def _carry_out(self, wish: ArchiveWish) -> None:
        try:
            answer = await self._answer_to(wish)
        except StorageError as error:
            answer = failure_of(wish, str(error), is_in_vain=isinstance(error, UnstorableError))
        except Exception:
            self._failures["archive"] += 1
            _log.exception("a call to the archive failed")
            answer = failure_of(wish, _BUG)  # It is not known whether it would fail again.
        self._answer(answer)

    async def _answer_to(self, wish: ArchiveWish) -> ArchiveAnswer:
        archive = self._archive
        match wish:
            case StoreBatch(envelopes):
                return Stored(await self._storing.run(lambda: archive.store(envelopes)))
            case QueryArchive(job, selection):
                return PageFound(job, await self._asking.run(lambda: archive.query(selection)))
            case CleanArchive():
                deleted = await self._storing.run(lambda: clean(archive, wish))
                return Cleaned(deleted, await self._asking.run(archive.size))
            case _:
                assert_never(wish)
