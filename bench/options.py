"""What whoever runs the benchmarks chose."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Final, Protocol, Self

from bench.figures import Figure

_FULL_FACTOR: Final = 10  # then every round of a workload takes seconds

OURS: Final = "sottovoce"
# The peers' programs that are nodes; `primitives` and `messenger` are none.
NODE_PEERS: Final = frozenset({"wnode", "statusd"})


@dataclass(frozen=True, slots=True)
class Options:
    """The choices.

    Attributes:
        quick: Small workloads, all of them in minutes.
        peers: Programs to compare with, by name: `wnode`, `statusd`, `primitives`, `messenger`.
        wanted_node_rounds: How often measurements with whole nodes are repeated; None for as
            often as the form does it.
        postgres: The address of an empty PostgreSQL database; without one it is not measured.
    """

    quick: bool = True
    peers: Mapping[str, Path] = field(default_factory=dict)
    wanted_node_rounds: int | None = None
    postgres: str = ""

    @property
    def nodes(self) -> dict[str, Path | None]:
        """The nodes to measure: ours, and the peers that were given."""
        return {OURS: None} | {
            name: path for name, path in self.peers.items() if name in NODE_PEERS
        }

    @property
    def of_waku(self) -> Self:
        """The same choices without the peers that speak no Waku."""
        peers = {name: path for name, path in self.peers.items() if name != "wnode"}
        return replace(self, peers=peers)

    @property
    def node_rounds(self) -> int:
        """How often each measurement with whole nodes is repeated; the median counts."""
        if self.wanted_node_rounds is not None:
            return self.wanted_node_rounds
        return 1 if self.quick else 3

    @property
    def rounds(self) -> int:
        """How often each measurement is repeated; the median counts."""
        return 3 if self.quick else 5

    def scaled(self, count: int) -> int:
        """Return how often something is done in each round, of how often the quick form does it."""
        return count if self.quick else _FULL_FACTOR * count


class Benchmark(Protocol):
    """A module of this package with one benchmark."""

    ROW: int
    NAME: str

    def run(self, options: Options) -> Iterator[Figure]:
        """Measure, and yield each figure as soon as it is known."""
        ...


def interleaved(rounds: int, measured: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Return the median of each measurement, made in turns so that all meet the same noise."""
    results: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, measure in measured.items():
            results[name].append(measure())
    return {name: median(values) for name, values in results.items()}


def tested_core() -> set[int]:
    """Return the core that the node under test has for itself."""
    return {min(os.sched_getaffinity(0))}


def driver_cores() -> set[int]:
    """Return the cores of the load drivers: the others, or the same if there is only one."""
    every = os.sched_getaffinity(0)
    return every - tested_core() or every
