"""Epochs as stretches of the monotonic clock.

The reference counts its epochs in a table that it writes three times a second. The default
schedule needs only differences, so ours begin anew with each start and cost nothing while nothing
waits.

Spec: VAC 2 (MVDS), "Flow" (epochs); their length is that of status-go protocol/messenger.go.
"""

import math
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.sync.settings import EPOCH_S

# A deadline computed from an epoch must lie in that epoch again, whatever floating point made of
# it; a thousandth of an epoch is far above its error and far below what anybody notices.
_TOLERANCE_EPOCHS: Final = 0.001


class Rhythm:
    """The numbers of epochs; time that seems to go back stands still here."""

    def __init__(self, start: Moment, first_epoch: int) -> None:
        """Begin an epoch.

        Args:
            start: When it begins.
            first_epoch: Its number; only the reference's schedule cares.
        """
        self._start_s: Final = start.monotonic_s
        self._first_epoch: Final = first_epoch
        self._latest_s = start.monotonic_s

    def epoch(self, now: Moment) -> int:
        """Return the number of the epoch at a moment."""
        self._latest_s = max(self._latest_s, now.monotonic_s)
        passed = (self._latest_s - self._start_s) / EPOCH_S
        return self._first_epoch + math.floor(passed + _TOLERANCE_EPOCHS)

    def deadline_s(self, epoch: int) -> float:
        """Return the monotonic second at which an epoch begins, or the latest if it began."""
        begins_s = self._start_s + (epoch - self._first_epoch) * EPOCH_S
        return max(begins_s, self._latest_s)
