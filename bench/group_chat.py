"""Beside row 12: a message of 400 bytes in a group, until its author knows that everybody has it.

Every member gets an envelope of their own, with the whole history of the group, and answers with an
acknowledgement. Time is that of all members together, in one process on one core: what they do on
machines of their own costs each of them a small part of it. The author's database is on a disk.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from bench.figures import Figure
from bench.group_lanes import group_of
from bench.options import Options
from bench.people import Stopwatch
from bench.processor import pinned_to_tested_core
from sottovoce.runtime.loop import run as run_loop

ROW: Final = 12
NAME: Final = "group_chat"

_MEMBERS: Final = (3, 20, 100)
# Deliveries for each size: many members need few messages for a figure that stands.
_DELIVERIES: Final = 200


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    with pinned_to_tested_core():
        for members in _MEMBERS:
            count = max(2, options.scaled(_DELIVERIES) // members)
            workload = f"400 B in a group of {members}, no network"
            made = [run_loop(_timed(members, count)) for _ in range(options.rounds)]
            for at, metric in enumerate(
                ("ms per message", "CPU ms per message", "envelopes per message")
            ):
                value = median(each[at] for each in made)
                yield Figure(ROW, NAME, workload, metric, value)
                if metric == "CPU ms per message":
                    yield Figure(ROW, NAME, workload, "CPU ms per reader", value / (members - 1))


async def _timed(members: int, count: int) -> tuple[float, float, float]:
    """Return wall and processor milliseconds, and envelopes, per message."""
    async with group_of(members, Path(tempfile.gettempdir())) as room:
        envelopes, watch = room.envelopes, Stopwatch()
        for _ in range(count):
            await room.say()
        wall_ms, cpu_ms = watch.ms_each(count)
        return wall_ms, cpu_ms, (room.envelopes - envelopes) / count
