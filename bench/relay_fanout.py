"""Row 7: what a copy costs when one source feeds many sinks.

Workload: envelopes of 1 kB at 1500/s, in packets of 50, to 10 and to 20 sinks.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.load_driver import LoadDriver
from bench.nodes import Node, in_turns, medians
from bench.options import OURS, Options

ROW: Final = 7
NAME: Final = "relay_fanout"

_DATA_BYTES: Final = 1024
_RATE: Final = 1500
# As many as in the smaller packets of row 6; a Go node at this rate sends packets of 450.
_BUNDLE: Final = 50


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    for sink_count in (10, 20):
        work = partial(_cpu_us_per_copy, sink_count, 3 if options.quick else 20)
        cpu_us = medians(in_turns(options, work))
        yield Figure(
            ROW, NAME, f"1 kB, 1500/s, {sink_count} sinks", "CPU us per copy",
            cpu_us.pop(OURS), cpu_us, ratio_target=2.0,
        )  # fmt: skip


def _cpu_us_per_copy(sink_count: int, seconds: int, nodes: list[Node], driver: LoadDriver) -> float:
    [node] = nodes
    count = seconds * _RATE
    driver.connect([node.enode], sink_count=sink_count, data_bytes=_DATA_BYTES, count=count)
    before_s = node.cpu_s()
    driver.send(count, bundle=_BUNDLE, rate=_RATE).check_all(count)
    return (node.cpu_s() - before_s) / (count * sink_count) * 1e6
