"""Which event loop the program runs on: uvloop where it is installed, else asyncio's own.

uvloop (the extra `speed`) saves about a third of what a relay spends on sockets; nothing else
depends on it.
"""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from typing import Any, Final, TypeVar

ResultT = TypeVar("ResultT")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the loop, or None for asyncio's own choice."""
    if find_spec("uvloop") is None:
        return None
    import uvloop

    # The checks run without the extra, and know nothing of it.
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


# Python looks for garbage in cycles after every 700 new objects, and through all of them whenever a
# quarter is new. A pool is a hundred thousand objects that come and go and are in no cycle: with
# these thresholds the looking takes a quarter of the time, and the long pauses are rare.
GC_THRESHOLDS: Final = (10_000, 20, 100)


def run(main: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine to its end, as `asyncio.run` does, in a process that is ours alone."""
    gc.set_threshold(*GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)
