"""Keeps what a node used of a day's budget on the disk, while it runs and when it stops."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.adapters.spent_file import write_spent
from sottovoce.node.budget import Spent

# A crash forgets so much of what was used, at the most; a disk is written to no more often.
KEEP_EVERY_S: Final = 60.0

_log = logging.getLogger(__name__)


class SpentKeeper:
    """Writes what was used every minute, if it changed.

    Args:
        directory: The data directory, which the caller holds.
        look: Returns what is used by now.
    """

    def __init__(self, directory: Path, look: Callable[[], Spent | None]) -> None:
        self._directory = directory
        self._look = look
        self._kept: Spent | None = None
        self._task = asyncio.ensure_future(self._keep_on())

    async def stop(self) -> None:
        """Write it once more and end."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._keep()

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            await self._keep()

    async def _keep(self) -> None:
        spent = self._look()
        if spent is None or spent == self._kept:
            return
        try:
            await asyncio.to_thread(write_spent, self._directory, spent)
        except DataDirectoryError as error:
            _log.warning("what was used of the day's budget is not kept: %s", error)
        else:
            self._kept = spent
