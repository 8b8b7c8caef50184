"""Who waits for ever is known by the time it takes: somebody else has to look at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

# It is noticed so much later than it should be, of the patience, that something takes too long.
_GLANCES: Final = 4


class Watch:
    """A thread that looks now and then how long one piece of work has been going on.

    Starting and ending a piece of work costs next to nothing, which a timer for each would not.

    Args:
        patience_s: How long a piece may take.
        cut: Called by the thread when one takes longer, once.

    Attributes:
        has_cut: Whether it was called.
    """

    def __init__(self, patience_s: float, cut: Callable[[], None]) -> None:
        self.has_cut = False
        self._patience_s = patience_s
        self._cut = cut
        self._piece = 0
        self._is_busy = False
        self._is_over: Final = Event()
        Thread(target=self._look, name="sottovoce-watch", daemon=True).start()

    @contextmanager
    def piece(self) -> Iterator[None]:
        """Do one piece of work inside."""
        self._piece += 1
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    def end(self) -> None:
        """Look no more."""
        self._is_over.set()

    def _look(self) -> None:
        seen, glances = 0, 0
        while not self._is_over.wait(self._patience_s / _GLANCES):
            piece = self._piece
            glances = glances + 1 if self._is_busy and piece == seen else 0
            seen = piece
            if glances >= _GLANCES:
                self.has_cut = True
                self._cut()
                return
