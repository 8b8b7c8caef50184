"""How times, spans and sizes of history are written, and how people write a span."""

import re
from typing import Final

from sottovoce.cli.output import CommandError, ExitCode

_UNITS: Final = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_WRITTEN_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_SPAN: Final = re.compile(r"(\d{1,9}) ?(s|m|min|h|d)\Z")
# More often, a connection is cheaper than a cycle; more seldom, servers have forgotten.
SPAN_S_MIN: Final = 10
SPAN_S_MAX: Final = 30 * 86_400
_THOUSAND: Final = 1000


def parse_span(text: str) -> int:
    """Read a span as people write it, as 90s, 30m, 6h or 1d; returns seconds.

    Raises:
        CommandError: It is none, or too short or too long.
    """
    match = _SPAN.match(text.strip().lower())
    if match is None:
        raise CommandError(
            f"--every takes a number with its unit (90s, 30m, 6h or 1d), not {text!r}",
            ExitCode.USAGE,
        )
    span_s = int(match[1]) * _WRITTEN_UNITS[match[2]]
    if not SPAN_S_MIN <= span_s <= SPAN_S_MAX:
        raise CommandError(
            f"--every takes from {duration_text(SPAN_S_MIN)} to {duration_text(SPAN_S_MAX)}, not "
            f"{text.strip()}: more often costs more than it brings, and servers keep no longer",
            ExitCode.USAGE,
        )
    return span_s


def duration_text(seconds: float) -> str:
    """Return a span as people read it, in its largest unit: 45 s, 12 min, 3.5 h, 2.0 d."""
    for unit, size_s in _UNITS:
        if seconds >= size_s:
            count = seconds / size_s
            return f"{count:.0f} {unit}" if unit in ("s", "min") else f"{count:.1f} {unit}"
    return "0 s"


def ago_text(seconds: float) -> str:
    """Return how long ago something was."""
    return "just now" if seconds < 1 else f"{duration_text(seconds)} ago"


def size_text(size_bytes: int) -> str:
    """Return a number of bytes as people read it: 900 B, 12.3 kB, 4.5 MB."""
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < _THOUSAND:
            break
        size, unit = size / _THOUSAND, larger
    return f"{size_bytes} B" if unit == "B" else f"{size:.1f} {unit}"


def count_text(count: int, noun: str) -> str:
    """Return how many there are of something: 1 page, 3 pages."""
    return f"{count} {noun}{'s' * (count != 1)}"
