"""A line on the terminal that shows how far long work is; without a terminal there is none."""

import os
import sys
import time
from types import TracebackType
from typing import Final, Self, TextIO

from sottovoce.cli.output import printable

_BAR_CHARACTERS: Final = 20
_COLUMNS: Final = 80  # of a terminal that does not tell
# The eye follows no more, and a slow line would be flooded.
_PAUSE_S: Final = 0.1
_TO_LINE_END: Final = "\x1b[K"


class ProgressBar:
    """One line that is drawn anew and removed in the end; use it inside ``with``.

    Args:
        stream: Where it is drawn, or None for stderr.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self.is_shown = is_steerable(self._stream)
        self._drawn_s: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.clear()

    def show(self, done: float, text: str) -> None:
        """Draw how far it is, unless that was done a moment ago.

        Args:
            done: The part that is done, 0 to 1.
            text: What to say behind the bar.
        """
        now_s = time.monotonic()
        if not self.is_shown or (self._drawn_s is not None and now_s < self._drawn_s + _PAUSE_S):
            return
        self._drawn_s = now_s
        # Without the last column, where some terminals begin a new line.
        line = progress_line(done, text)[: columns(self._stream) - 1]
        self._write(f"\r{line}{_TO_LINE_END}")

    def clear(self) -> None:
        """Remove the line, so that something else can be said; harmless when there is none."""
        if self._drawn_s is not None:
            self._drawn_s = None
            self._write(f"\r{_TO_LINE_END}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def progress_line(done: float, text: str) -> str:
    """Return a bar, the part in percent, and a text made harmless."""
    part = min(max(done, 0.0), 1.0)
    full = int(part * _BAR_CHARACTERS)
    bar = "#" * full + "." * (_BAR_CHARACTERS - full)
    return f"[{bar}] {int(part * 100):3d}%  {printable(text)}"


def is_steerable(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal that can go back and clear what it shows."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO) -> int:
    """Return how wide a terminal is, in characters."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS
