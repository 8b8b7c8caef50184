"""Row 8: how long an envelope takes through relays.

Workload: envelopes of 512 B, one at a time, 40/s with random phases, through 1, 2 and 4 relays.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.load_driver import LoadDriver
from bench.nodes import Node, in_turns, medians_at
from bench.options import OURS, Options

ROW: Final = 8
NAME: Final = "hop_latency"

_RATE: Final = 40
# What a relay may add: the median, and the slowest of a hundred.
_P50_MS_MAX: Final = 3.0
_P99_MS_MAX: Final = 6.0


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    for count in (1, 2, 4):
        work = partial(_latency_ms, 5 if options.quick else 30)
        runs = in_turns(options, work, count=count)
        for place, metric, bound in ((0, "p50", _P50_MS_MAX), (1, "p99", _P99_MS_MAX)):
            per_relay = {name: ms / count for name, ms in medians_at(runs, place).items()}
            yield Figure(
                ROW, NAME, f"{count} relay{'s' * (count > 1)}, 512 B, 40/s",
                f"{metric} ms per relay", per_relay.pop(OURS), per_relay,
                ratio_target=50.0, bound=bound,
            )  # fmt: skip


def _latency_ms(seconds: int, nodes: list[Node], driver: LoadDriver) -> tuple[float, float]:
    count = seconds * _RATE
    driver.connect([node.enode for node in nodes], sink_count=1, data_bytes=512, count=count)
    result = driver.send(count, bundle=1, rate=_RATE, random_phases=True)
    result.check_all(count)
    return result.latency_p50_ms, result.latency_p99_ms
