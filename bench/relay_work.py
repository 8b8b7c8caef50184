"""Row 6, counted: what relaying takes without sockets, from one source to two sinks in memory.

Workload: envelopes of 512 B (1 and 4 kB in the full form) in packets of 1, 10 and 100, on Whisper,
on Waku, and from the one to the other; what a leaf takes that announces a bloom filter or topics
and relays nothing; envelopes that come twice.

Instructions are counted where valgrind is installed. They repeat within a few thousandths whatever
else the machine does, so that a change of half a percent can be seen; they are no time, for
instructions differ in theirs.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from shutil import which
from statistics import median
from typing import Any, Final

from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from bench.relay_scene import Workload
from sottovoce.gossip.settings import Interest

ROW: Final = 6
NAME: Final = "relay_work"

_COUNT: Final = 600
# Processor time is read off larger work; what comes twice must not tire out the relay's patience.
_TIMED_COUNT: Final = 4_000
_BUNDLES: Final = (1, 10, 100)
_TOOL: Final = "valgrind"


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    works = _workloads(options, _TIMED_COUNT)
    rounds = [_scene(works, forks=False) for _ in range(options.rounds)]
    for number, work in enumerate(works):
        cpu_us = median(told[number]["cpu_us"] for told in rounds)
        yield Figure(ROW, NAME, _named(work), "CPU us per envelope", cpu_us)
    if which(_TOOL) is None:
        return
    works = _workloads(options, _COUNT)
    for work, instructions in zip(works, _instructions(works), strict=True):
        yield Figure(ROW, NAME, _named(work), "instructions per envelope", instructions)


def _workloads(options: Options, count: int) -> list[Workload]:
    sizes = (512,) if options.quick else (512, 1024, 4096)
    relayed = [
        Workload(world, size, bundle, count)
        for world in ("Whisper", "Waku", "bridged")
        for size in sizes
        for bundle in _BUNDLES
    ]
    leaves = [
        Workload(world, 512, bundle, count, interest.value)
        for world, interest in (("Whisper", Interest.BLOOM), ("Waku", Interest.TOPICS))
        for bundle in _BUNDLES
    ]
    known = [Workload("Whisper", 512, bundle, count, copies=2) for bundle in _BUNDLES]
    return relayed + leaves + known


def _named(work: Workload) -> str:
    name = f"{work.data_bytes} B, packets of {work.bundle}, {work.world}"
    if work.interest != Interest.EVERYTHING.value:
        name += f", a leaf by {work.interest}"
    return name + (", each twice" if work.copies > 1 else "")


def _scene(works: Sequence[Workload], *, forks: bool, tool: Sequence[str] = ()) -> list[Any]:
    chosen = json.dumps({"workloads": [asdict(work) for work in works], "forks": forks})
    done = subprocess.run(
        [*tool, sys.executable, "-m", "bench.relay_scene", chosen],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError("the relay in memory failed; it says above why")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _instructions(works: Sequence[Workload]) -> list[float]:
    """Return instructions per envelope."""
    with tempfile.TemporaryDirectory(prefix="sottovoce-bench-") as folder:
        tool = [
            *(_TOOL, "--quiet", "--tool=cachegrind", "--cache-sim=no"),
            f"--cachegrind-out-file={folder}/%p",
        ]
        told = _scene(works, forks=True, tool=tool)
        counted = []
        for work, line in zip(works, told, strict=True):
            before, after = (_total(Path(folder, str(number))) for number in line["processes"])
            counted.append((after - before) / work.count)
        return counted


def _total(path: Path) -> int:
    """Read how many instructions one process took."""
    summary = next(line for line in path.read_text().splitlines() if line.startswith("summary:"))
    return int(summary.split()[1])
