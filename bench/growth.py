"""How cost grows: processor time, latency and memory over peers, pool, filters and envelope size.

`python -m bench.growth [--full] [--json FILE] [FAMILY ...]`. Each point has a node of its own, in
a process on a core of its own, and real sockets; everything that is not varied is small. What the
figures mean is said in `docs/reference/growth.md`.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import machine
from bench.curves import FAMILIES, Curve, Growth, Point, lines, middle
from bench.errors import BenchmarkError
from bench.load_driver import LoadDriver, load_driver
from bench.nodes import Node, line_of_nodes
from bench.options import OURS

_DATA_BYTES: Final = 512
# A pool that keeps whatever is sent to it, so that nothing is evicted unless that is measured.
_POOL_BYTES_MAX: Final = 500_000_000
# A large envelope is worth little, whatever its nonce; none is refused for that here.
_MINIMUM_POW: Final = 1e-9
# Longer than a point takes, and still one byte, as in nearly every envelope of the network.
_TTL_S: Final = 120

_BUNDLE: Final = 50
_PACKET_BYTES: Final = 250_000
# What is on its way at once: sockets take it, so that no queue grows that nobody measures.
_WINDOW_BYTES: Final = 256_000
_PRELOAD_COUNT: Final = 10_000
_PRELOAD_BUNDLE: Final = 400
_LATENCY_RATE: Final = 40
_PACED_QUICK_S: Final = 3
_PACED_FULL_S: Final = 4

# How much is measured, in guessed processor time of the node. It counts in steps of 10 ms.
_QUICK_US: Final = 400_000
_FULL_US: Final = 600_000
_COUNT_MIN: Final = 50
_COUNT_MAX: Final = 20_000
# Guesses at what an envelope costs, only to choose how many are sent.
_ENVELOPE_US: Final = 15.0
_ALONE_US: Final = 400.0
_COPY_US: Final = 4.0
_COPY_ALONE_US: Final = 40.0
_BYTE_US: Final = 0.02
_TRIAL_US: Final = 5.0
_TOPIC_COUNT: Final = 64

_ROUNDS_FULL: Final = 3
_QUIET_S: Final = 0.1
_QUIET_TICKS_S: Final = 0.015
_QUIET_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Workload:
    """What is done for one point.

    Attributes:
        family: What is varied.
        curve: Which line of its plot the point is on.
        size: Where on it.
        sink_count: Peers that want everything.
        idle_count: Peers that want nothing.
        echo_count: Peers that want nothing and send what the source sends, as in a dense network.
        data_bytes: Bytes of data of an envelope.
        pool_count: Envelopes that are pooled before.
        settings: Settings of the node, by their names in `bench.node_under_test`.
    """

    family: str
    curve: str
    size: int
    sink_count: int = 1
    idle_count: int = 0
    echo_count: int = 0
    data_bytes: int = _DATA_BYTES
    pool_count: int = 0
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def bundle(self) -> int:
        """How many envelopes share a packet."""
        return max(1, min(_BUNDLE, _PACKET_BYTES // self.data_bytes))

    @property
    def window(self) -> int:
        """How many may be on their way at once."""
        return max(self.bundle, _WINDOW_BYTES // self.data_bytes)

    def bundled_count(self, budget_us: float) -> int:
        """Return how many envelopes in bundles to send for so much processor time, about."""
        own_us = _ENVELOPE_US + _COPY_US * (self.sink_count + self.echo_count)
        return _within(budget_us / (own_us + self._opening_us + self._bytes_us), self.bundle)

    def alone_count(self, budget_us: float) -> int:
        """Return how many single envelopes to send for so much processor time, about."""
        own_us = _ALONE_US + _COPY_ALONE_US * (self.sink_count + self.echo_count)
        return _within(budget_us / (own_us + self._opening_us + self._bytes_us), 1)

    @property
    def _opening_us(self) -> float:
        return self.settings.get("listener_count", 1) * _TRIAL_US / _TOPIC_COUNT

    @property
    def _bytes_us(self) -> float:
        return _BYTE_US * self.data_bytes


def _within(wanted: float, multiple: int) -> int:
    count = min(max(int(wanted), _COUNT_MIN), _COUNT_MAX)
    return max(count // multiple, 1) * multiple


def workloads(*, full: bool) -> list[Workload]:
    """Return the points of all curves; the quick form has the same ends and fewer between."""
    peers = (1, 2, 5, 10, 20, 50, 100) if full else (1, 10, 100)
    pool = (1_000, 10_000, 20_000, 50_000, 100_000, 200_000) if full else (1_000, 20_000, 200_000)
    filters = (1, 10, 100, 1_000, 3_000, 10_000) if full else (1, 100, 1_000, 10_000)
    # A packet has at most 1 MiB: the last is nearly the largest envelope there can be.
    between = (300, 3_000, 30_000, 300_000) if full else ()
    sizes = sorted((100, 1_000, 10_000, 100_000, 1_000_000, *between))
    return [
        *(Workload("peers", "all want everything", n, n) for n in peers),
        *(Workload("peers", "one wants, the others idle", n, 1, n - 1) for n in peers),
        *(Workload("peers", "all send the same, one wants", n, 1, 0, n - 1) for n in peers),
        *(Workload("pool", "one peer", n, pool_count=n) for n in pool),
        *(
            Workload("filters", "each its own topic", n, settings={"filter_count": n})
            for n in filters
        ),
        *(
            Workload(
                "filters", "all one topic", n, settings={"filter_count": n, "listener_count": n}
            )
            for n in filters
        ),
        *(Workload("size", "one peer", n, data_bytes=n) for n in sizes),
    ]


def measure(work: Workload, *, full: bool) -> Point:
    """Measure one point.

    Raises:
        BenchmarkError: Something was lost, so that the figures would mean nothing.
    """
    settings = {"pool_bytes_max": _POOL_BYTES_MAX, "minimum_pow": _MINIMUM_POW, **work.settings}
    try:
        with line_of_nodes(OURS, None, 1, **settings) as [node], load_driver() as driver:
            node.statistics()  # It answers when it is ready: ten thousand filters take a while.
            return _measure(work, node, driver, full=full)
    except BenchmarkError as error:
        raise BenchmarkError(f"{work.family}, {work.curve}, {work.size}: {error}") from error


def _measure(work: Workload, node: Node, driver: LoadDriver, *, full: bool) -> Point:
    budget_us = _FULL_US if full else _QUICK_US
    bundled, alone = work.bundled_count(budget_us), work.alone_count(budget_us)
    paced = _LATENCY_RATE * (_PACED_FULL_S if full else _PACED_QUICK_S)
    driver.connect(
        [node.enode], sink_count=work.sink_count, idle_count=work.idle_count,
        echo_count=work.echo_count, ttl_s=_TTL_S,
        data_bytes=work.data_bytes, count=work.pool_count + bundled + alone + paced,
    )  # fmt: skip
    sent = 0
    while sent < work.pool_count:
        part = min(_PRELOAD_COUNT, work.pool_count - sent)
        driver.send(part, bundle=_PRELOAD_BUNDLE, window=part)
        sent += part
    start_s = _quiet_cpu_s(node)
    driver.send(bundled, bundle=work.bundle, window=work.window)
    bundled_s = _quiet_cpu_s(node)
    driver.send(alone, bundle=1, window=1)
    alone_s = _quiet_cpu_s(node)
    result = driver.send(paced, bundle=1, rate=_LATENCY_RATE, random_phases=True)
    result.check_all(sent + bundled + alone + paced)
    return Point(
        size=work.size,
        cpu_bundled_us=(bundled_s - start_s) / bundled * 1e6,
        cpu_alone_us=(alone_s - bundled_s) / alone * 1e6,
        latency_p50_ms=result.latency_p50_ms,
        latency_p99_ms=result.latency_p99_ms,
        rss_mb=node.rss_bytes() / 1e6,
        pooled_mb=node.statistics()["relay"]["pool_bytes"] / 1e6,
    )


def _quiet_cpu_s(node: Node) -> float:
    """Return a node's processor time once it does nothing more; filters open after relaying."""
    end_s = time.monotonic() + _QUIET_TIMEOUT_S
    now_s = node.cpu_s()
    while True:
        time.sleep(_QUIET_S)
        before_s, now_s = now_s, node.cpu_s()
        if now_s - before_s < _QUIET_TICKS_S or time.monotonic() > end_s:
            return now_s


def run(works: Sequence[Workload], *, full: bool, rounds: int) -> tuple[Curve, ...]:
    """Measure the points, in turns so that a noisy minute does not meet one curve alone."""
    keys = {(work.family, work.curve, work.size): work for work in works}
    measured: dict[tuple[str, str, int], list[Point]] = {key: [] for key in keys}
    for _ in range(rounds):
        for key, work in keys.items():
            print(", ".join(map(str, key)), file=sys.stderr, flush=True)
            measured[key].append(measure(work, full=full))
    points = {key: middle(parts) for key, parts in measured.items()}
    names = dict.fromkeys((family, curve) for family, curve, _ in points)
    return tuple(
        Curve(
            family, name, tuple(point for key, point in points.items() if key[:2] == (family, name))
        )
        for family, name in names
    )


def main(arguments: Iterable[str]) -> int:
    """Measure what was asked for, print it, and keep it; the exit code is 1 if it failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--full", action="store_true", help="every point of every curve")
    parser.add_argument(
        "--rounds", type=int, default=0, help="how often each point (quick: 1, full: 3)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep the figures")
    chosen = parser.parse_args(list(arguments))
    unknown = set(chosen.families) - set(FAMILIES)
    if unknown:
        parser.error(
            f"no such family: {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}"
        )
    if chosen.rounds < 0:
        parser.error("rounds are a number from 1 up")
    if chosen.json is not None and not chosen.json.absolute().parent.is_dir():
        parser.error(f"there is no folder {chosen.json.absolute().parent}")
    works = [
        work
        for work in workloads(full=chosen.full)
        if not chosen.families or work.family in chosen.families
    ]
    rounds = chosen.rounds or (_ROUNDS_FULL if chosen.full else 1)
    try:
        curves = run(works, full=chosen.full, rounds=rounds)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines(curves)))
    if chosen.json is not None:
        form = "full" if chosen.full else "quick"
        Growth(machine.describe(), form, rounds, curves).write(chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
