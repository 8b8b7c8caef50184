"""Logging for the command line: quiet by default, debug on request, always on stderr."""

import logging


def configure_logging(*, verbose: bool) -> None:
    """Send the package's log to stderr, from warnings on, or all of it."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
