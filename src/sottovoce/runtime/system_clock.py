"""The operating system's two clocks, read in one place."""

import time

from sottovoce.base.moment import Moment


def read_clock() -> Moment:
    """Return the present moment."""
    return Moment(monotonic_s=time.monotonic(), unix_s=time.time())
