"""Logging for the command line: quiet by default, debug on request, always on stderr."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


def configure_logging(*, verbose: bool) -> None:
    """Send the package's log to stderr, from warnings on, or all of it."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


@contextmanager
def without_log(name: str) -> Iterator[None]:
    """Keep a log to itself for a time, for what it says is told to people in another way."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)
