"""Row 8, of a mailserver: what an archive that stands still does to relaying.

Workload: envelopes of 512 B at 2000/s for 10 s through one relay that archives them; with an engine
that works, and with one that does nothing meanwhile and has a buffer for half of them.
"""

from collections.abc import Iterator
from statistics import median
from typing import Final

from bench.figures import Figure
from bench.load_driver import LoadDriver, load_driver
from bench.nodes import Node, line_of_nodes
from bench.options import OURS, Options

ROW: Final = 8
NAME: Final = "archive_halt"

_RATE: Final = 2000
_SECONDS: Final = 10
_COUNT: Final = _RATE * _SECONDS
_BUFFER_ENVELOPES: Final = _COUNT // 2
_BUNDLE: Final = 5
# A relay whose archive hangs may be half as prompt as one whose archive works.
_RATIO_MAX: Final = 2.0
_ROUNDS_MIN: Final = 3  # a single p99 says little
_WORKLOAD: Final = f"512 B, {_RATE}/s, engine halted {_SECONDS} s"


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    rounds = max(_ROUNDS_MIN, options.node_rounds)
    # In turns, so that both meet the same noise.
    pairs = [(_measured(0.0), _measured(2.0 * _SECONDS)) for _ in range(rounds)]
    working_ms = median(p99_ms for (p99_ms, _), _ in pairs)
    halted_ms = median(p99_ms for _, (p99_ms, _) in pairs)
    dropped = min(dropped for _, (_, dropped) in pairs)
    yield Figure(ROW, NAME, f"512 B, {_RATE}/s, engine works", "p99 ms", working_ms)
    yield Figure(ROW, NAME, _WORKLOAD, "p99 ms", halted_ms)
    ratio = halted_ms / working_ms
    yield Figure(ROW, NAME, _WORKLOAD, "p99 against working", ratio, bound=_RATIO_MAX)
    yield Figure(
        ROW, NAME, _WORKLOAD, f"counted of {_COUNT - _BUFFER_ENVELOPES} lost",
        dropped, higher_is_better=True, bound=_COUNT - _BUFFER_ENVELOPES,
    )  # fmt: skip


def _measured(halted_s: float) -> tuple[float, float]:
    """Return the p99 of the relay, ms, and how many envelopes it counted as not archived."""
    with (
        line_of_nodes(
            OURS, None, archive_halted_s=halted_s, archive_buffer=_BUFFER_ENVELOPES
        ) as nodes,
        load_driver() as driver,
    ):
        return _relayed(nodes, driver)


def _relayed(nodes: list[Node], driver: LoadDriver) -> tuple[float, float]:
    [node] = nodes
    driver.connect([node.enode], sink_count=1, data_bytes=512, count=_COUNT)
    result = driver.send(_COUNT, bundle=_BUNDLE, rate=_RATE)
    result.check_all(_COUNT)
    return result.latency_p99_ms, float(node.statistics()["mail"]["dropped"])
