"""Row 9: what a full pool costs while nothing happens.

Workload: 50,000 pooled envelopes of 512 B with 21 peers, and 100,000 with 2. All are loaded, and
everybody has them, before the processor time of ten quiet seconds is read.
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.load_driver import LoadDriver
from bench.nodes import Node, in_turns, medians_at
from bench.options import OURS, Options

ROW: Final = 9
NAME: Final = "pool_idle"

_DATA_BYTES: Final = 512
# Long enough for the whole benchmark; the Go nodes take it without objection.
_TTL_S: Final = 120
# The Go nodes lose a peer that is sent 16 MiB at once, so that they are loaded slowly.
_LOAD_RATE: Final = 8_000
_BUNDLE: Final = 100
# The relays' last writes, and what the Go nodes do every 300 ms for a while.
_SETTLE_S: Final = 2.0
_CPU_PERCENT_MAX: Final = 1.0
_BYTES_MAX: Final = 900.0


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    for count, peer_count in ((50_000, 21), (100_000, 2)):
        work = partial(_idle, count, peer_count, 5.0 if options.quick else 10.0)
        runs = in_turns(options, work)
        for place, metric, bound in (
            (0, "CPU % while idle", _CPU_PERCENT_MAX),
            (1, "bytes per pooled envelope", _BYTES_MAX),
            (2, "RSS MB", None),
        ):
            figures = medians_at(runs, place)
            yield Figure(
                ROW, NAME, f"{count:,} envelopes of 512 B, {peer_count} peers", metric,
                figures.pop(OURS), figures, bound=bound,
            )  # fmt: skip


def _idle(
    count: int, peer_count: int, idle_s: float, nodes: list[Node], driver: LoadDriver
) -> tuple[float, float, float]:
    [node] = nodes
    # The source is a peer as well.
    driver.connect(
        [node.enode],
        sink_count=peer_count - 1,
        data_bytes=_DATA_BYTES,
        count=count,
        ttl_s=_TTL_S,
    )
    before_bytes = node.rss_bytes()
    driver.send(count, bundle=_BUNDLE, rate=_LOAD_RATE).check_all(count)
    time.sleep(_SETTLE_S)
    after_bytes = node.rss_bytes()
    before_s = node.cpu_s()
    time.sleep(idle_s)
    cpu_percent = (node.cpu_s() - before_s) / idle_s * 100
    return cpu_percent, (after_bytes - before_bytes) / count, after_bytes / 1e6
