"""A timer of the loop that wakes somebody, and says that it did until it is looked at."""

import asyncio
from typing import Final


class Alarm:
    """One timer, which rings once each time that it is set.

    Args:
        loop: The running loop.
        wake: What is set when it rings.

    Attributes:
        has_rung: Whether it rang since it was set or cleared last.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        self._loop: Final = loop
        self._wake: Final = wake
        self._handle: asyncio.TimerHandle | None = None
        self.has_rung = False

    @property
    def is_set(self) -> bool:
        """Whether it is going to ring."""
        return self._handle is not None

    def set(self, delay_s: float) -> None:
        """Let it ring after so many seconds, and not at any other time."""
        self.clear()
        self._handle = self._loop.call_later(delay_s, self._ring)

    def clear(self) -> None:
        """Let it not ring, and forget that it did."""
        self.has_rung = False
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _ring(self) -> None:
        self._handle = None
        self.has_rung = True
        self._wake.set()
