"""An archive in memory whose `store` stands still for a while, as on a disk that hangs."""

import time
from collections.abc import Sequence

from typing_extensions import override

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.gossip.envelope import Envelope


class HaltingArchive(MemoryArchive):
    """It does nothing for some seconds from the first batch on, then as much as is wanted.

    Args:
        halted_s: How long it stands still; 0 for not at all.
    """

    def __init__(self, halted_s: float) -> None:
        super().__init__()
        self._left_s = halted_s

    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        wait_s, self._left_s = self._left_s, 0.0
        time.sleep(wait_s)
        return super().store(batch)
