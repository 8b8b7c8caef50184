"""Which record is due at which epoch.

It owns the order of time and nothing else; what a record is it does not know.

Spec: VAC 2 (MVDS), "Retransmission".
"""

import heapq
from typing import Generic, TypeVar

EntryT = TypeVar("EntryT")


class Agenda(Generic[EntryT]):
    """Entries by the epoch at which they are due; entries are compared by `==` and hashed.

    An epoch whose entries are all gone stays in the heap until its turn. There is one number for
    each epoch at most, so with a bounded schedule the heap is no longer than the longest gap.
    """

    def __init__(self) -> None:
        self._epoch_of: dict[EntryT, int] = {}
        self._due: dict[int, dict[EntryT, None]] = {}
        self._epochs: list[int] = []

    def __len__(self) -> int:
        return len(self._epoch_of)

    def put(self, entry: EntryT, epoch: int) -> None:
        """Write an entry down for an epoch, wherever it stood before."""
        self.drop(entry)
        if epoch not in self._due:
            self._due[epoch] = {}
            heapq.heappush(self._epochs, epoch)
        self._due[epoch][entry] = None
        self._epoch_of[entry] = epoch

    def drop(self, entry: EntryT) -> None:
        """Forget an entry, if it stands anywhere."""
        epoch = self._epoch_of.pop(entry, None)
        if epoch is not None:
            del self._due[epoch][entry]

    def take_due(self, epoch: int) -> list[EntryT]:
        """Return, and forget, what is due at an epoch or was before it."""
        taken: list[EntryT] = []
        while self._epochs and self._epochs[0] <= epoch:
            taken += self._due.pop(heapq.heappop(self._epochs))
        for entry in taken:
            del self._epoch_of[entry]
        return taken

    def next_epoch(self) -> int | None:
        """Return the first epoch at which something is due, or None."""
        while self._epochs and not self._due[self._epochs[0]]:
            del self._due[heapq.heappop(self._epochs)]
        return self._epochs[0] if self._epochs else None
