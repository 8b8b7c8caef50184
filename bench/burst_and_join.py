"""Row 10: whether everything arrives when much comes at once.

Workload: 6000 envelopes of 1 kB a second through two relays at their own limits, and a peer that
joins a relay whose pool holds 26 MB.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.load_driver import LoadDriver, LoadResult
from bench.nodes import Node, in_turns, medians_at
from bench.options import OURS, Options

ROW: Final = 10
NAME: Final = "burst_and_join"

_DATA_BYTES: Final = 1024
_RATE: Final = 6_000
_BUNDLE: Final = 60
_POOL_BYTES: Final = 26_000_000
# The Go nodes put all that came in 300 ms into one packet, and hang up on one above 1 MiB: loaded
# at this rate they stay below, so that what is measured is the newcomer.
_LOAD_RATE: Final = 2_000


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    burst = in_turns(options, partial(_burst, 3 if options.quick else 20), count=2)
    yield from _figures("6000/s x 1 kB through two relays", burst)
    yield from _figures("a peer joins a 26 MB pool", in_turns(options, _join))


def _figures(workload: str, runs: dict[str, list[tuple[float, float]]]) -> Iterator[Figure]:
    delivered = medians_at(runs, 0)
    disconnects = medians_at(runs, 1)
    yield Figure(
        ROW, NAME, workload, "delivered %", delivered.pop(OURS), delivered,
        higher_is_better=True, bound=100.0,
    )  # fmt: skip
    yield Figure(ROW, NAME, workload, "disconnects", disconnects.pop(OURS), disconnects, bound=0.0)


def _burst(seconds: int, nodes: list[Node], driver: LoadDriver) -> tuple[float, float]:
    count = seconds * _RATE
    driver.connect(
        [node.enode for node in nodes], sink_count=1, data_bytes=_DATA_BYTES, count=count
    )
    return _outcome(driver.send(count, bundle=_BUNDLE, rate=_RATE), count)


def _join(nodes: list[Node], driver: LoadDriver) -> tuple[float, float]:
    [node] = nodes
    count = _POOL_BYTES // _DATA_BYTES
    driver.connect([node.enode], sink_count=0, data_bytes=_DATA_BYTES, count=count, ttl_s=120)
    driver.send(count, bundle=_BUNDLE, rate=_LOAD_RATE)
    return _outcome(driver.join(node.enode, count), count)


def _outcome(result: LoadResult, count: int) -> tuple[float, float]:
    return min(result.received) / count * 100, float(len(result.disconnects))
