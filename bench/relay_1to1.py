"""Row 6: what relaying costs, from one source to one sink, at full speed.

Workload: envelopes of 512 B and 1 kB, TTL 60, proof of work near 0, in packets of 50 and of 500;
and those of 1 kB in packets of 50 on Waku, where ``wnode`` has no part.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.load_driver import LoadDriver
from bench.nodes import Node, in_turns, medians_at
from bench.options import OURS, Options

ROW: Final = 6
NAME: Final = "relay_1to1"

# What may be on its way: the Go nodes put all of it into one packet, and 16 MiB is a frame's most.
_WINDOW_BYTES: Final = 8_000_000


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    # The system counts processor time in steps of 10 ms: less work would be read too coarsely.
    count = 60_000
    for data_bytes in (512, 1024):
        for bundle in (50, 500):
            runs = in_turns(options, partial(_relay, data_bytes, bundle, count))
            yield from _figures(f"{data_bytes} B, bundles of {bundle}", runs)
    work = partial(_relay, 1024, 50, count, waku=True)
    yield from _figures("1024 B, bundles of 50, Waku", in_turns(options.of_waku, work, waku=True))


def _figures(workload: str, runs: dict[str, list[tuple[float, float]]]) -> Iterator[Figure]:
    cpu_us = medians_at(runs, 0)
    rates = medians_at(runs, 1)
    yield Figure(
        ROW, NAME, workload, "CPU us per envelope", cpu_us.pop(OURS), cpu_us, ratio_target=1.8
    )
    yield Figure(ROW, NAME, workload, "envelopes/s", rates.pop(OURS), rates, higher_is_better=True)


def _relay(
    data_bytes: int,
    bundle: int,
    count: int,
    nodes: list[Node],
    driver: LoadDriver,
    *,
    waku: bool = False,
) -> tuple[float, float]:
    """Return CPU microseconds per envelope and envelopes a second."""
    [node] = nodes
    driver.connect([node.enode], sink_count=1, data_bytes=data_bytes, count=count, waku=waku)
    before_s = node.cpu_s()
    result = driver.send(count, bundle=bundle, window=_WINDOW_BYTES // data_bytes)
    result.check_all(count)
    return (node.cpu_s() - before_s) / count * 1e6, count / result.wall_s
