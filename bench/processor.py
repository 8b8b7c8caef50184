"""Where a measurement runs, and how much of the processor it took."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bench.options import tested_core

_MICROSECONDS: Final = 1e6


@contextmanager
def pinned_to_tested_core() -> Iterator[None]:
    """Keep this process, and whatever it starts meanwhile, on the tested core."""
    gc.collect()  # What earlier benchmarks left is not ours to clean up.
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, tested_core())
    try:
        yield
    finally:
        os.sched_setaffinity(0, everywhere)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that some work takes."""
    started_s = time.process_time()
    work()
    return time.process_time() - started_s


def microseconds_each(operation: Callable[[], object], count: int) -> float:
    """Return the CPU time of one operation that is done `count` times, in microseconds."""

    def repeat() -> None:
        for _ in range(count):
            operation()

    return cpu_seconds(repeat) / count * _MICROSECONDS
