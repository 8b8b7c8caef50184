"""Row 12: a message of 400 bytes between two people, until its author knows that it arrived.

Two people in this process, each with a node and an encrypted database, over real TCP on one core. A
message counts with all that belongs to it on both sides: data sync, ratchet, author's signature,
envelope, proof of work, relaying, opening, and the acknowledgement on its way back; nothing leaves
before the commit that it depends on has reached the disk. Nobody's random wait counts.

Each of three conversations (`bench.conversations`) is done in the folder for temporary files, whose
disk is measured beside it, in turns with the peer if there is its program; then by two persons
alone, without sockets and envelopes. Commits are counted
by the lane, syncs by a file system under SQLite, in a run of its own.

The last figures are a relay's, in turns without a person, with one who is written to all the time
and whose database never syncs, and with one whose database does.

The peer is two processes of status-go's messenger on the same core. It retrieves every 200 ms and
synchronises every 300 ms, which decides how long it takes to answer: what can be compared is
processor time, and the time of many messages under way. Its syncs are those of the table of
benchmarks: 28 for a message.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple, Protocol

from bench.child import child
from bench.conversations import TALKS, People, Talk, under_way
from bench.counting_disk import CIPHERED_NAME, COUNTS, counting_disk
from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.lanes import two_lanes
from bench.load_driver import LoadDriver
from bench.messenger_peer import PEER, MessengerStopwatch, two_messengers
from bench.nodes import Node, in_turns
from bench.options import OURS, Options, driver_cores
from bench.people import Stopwatch, two_people
from bench.processor import pinned_to_tested_core
from sottovoce.runtime.loop import run as run_loop

ROW: Final = 12
NAME: Final = "chat_1to1"

_TARGET: Final = 10
# A tenth of what the table of benchmarks has of the peer.
_WALL_MS_MAX: Final = 0.78
_SYNCS_MAX: Final = 2.8

_COUNT: Final = 100
_BLOCK: Final = bytes(8192)  # two pages: what a small commit writes
# Envelopes relayed a second, and messages a second to the person at the relay.
_RATE: Final = 200
_TALK_RATE: Final = 20
_RELAYED_S: Final = 5
_RECOGNISED: Final = 0.95

# The peer waits for its clocks: more than ten messages a conversation would take minutes.
_PEER_WAITING_COUNT: Final = 10
_AT_THE_RELAY: Final[dict[str, dict[str, bool]]] = {
    "no person": {},
    f"a person hears {_TALK_RATE}/s, in memory": {"has_person": True, "is_durable": False},
    f"a person hears {_TALK_RATE}/s": {"has_person": True, "is_durable": True},
}


class MakePeople(Protocol):
    """Gives two people who have talked."""

    def __call__(self, place: Path, vfs: str = "") -> AbstractAsyncContextManager[People]:
        """Give them, with databases in a folder, on a file system of SQLite's."""
        ...


class _Case(NamedTuple):
    """Who talks, where their databases are, and how the table calls that."""

    make: MakePeople
    place: Path
    where: str = ""


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    with pinned_to_tested_core():
        disk = Path(tempfile.gettempdir())
        yield Figure(ROW, NAME, "8 kB written", "ms until synced", _sync_ms(disk))
        yield from _conversations(options, _Case(two_people, disk), options.peers.get(PEER))
        yield from _counted(options, _Case(two_people, disk))
        alone = _Case(two_lanes, disk, ", no network")
        yield from _conversations(options, alone)
        yield from _counted(options, alone)
    yield from _relayed(options)


def _conversations(options: Options, case: _Case, program: Path | None = None) -> Iterator[Figure]:
    """Time each conversation, in turns with the peer's if there is its program."""
    for name, talk in TALKS.items():
        count = options.scaled(_COUNT)
        ours: list[tuple[float, float]] = []
        theirs: list[tuple[float, float]] = []
        for _ in range(options.rounds):
            ours.append(run_loop(_timed(case.make, talk, count, case.place)))
            if program is not None:
                peer_count = count if talk is under_way else _PEER_WAITING_COUNT
                theirs.append(run_loop(_timed_of_peer(program, talk, peer_count)))
        for at, metric in ((0, "ms per message"), (1, "CPU ms per message")):
            yield Figure(
                ROW,
                NAME,
                f"400 B, {name}{case.where}",
                metric,
                median(each[at] for each in ours),
                {PEER: median(each[at] for each in theirs)} if theirs else {},
                ratio_target=_TARGET,
                bound=_WALL_MS_MAX if at == 0 else None,
            )


def _counted(options: Options, case: _Case) -> Iterator[Figure]:
    for name, talk in TALKS.items():
        workload = f"400 B, {name}{case.where}"
        commits, syncs, percent = run_loop(_counting(case, talk, options.scaled(_COUNT)))
        yield Figure(ROW, NAME, workload, "commits per message", commits)
        yield Figure(ROW, NAME, workload, "syncs per message", syncs, bound=_SYNCS_MAX)
        yield Figure(ROW, NAME, workload, "% of the time syncing", percent)


def _relayed(options: Options) -> Iterator[Figure]:
    """Time the way through our node, in turns without a person and with two kinds of them."""
    ours_once = replace(options, peers={}, wanted_node_rounds=1)
    count = options.scaled(_RELAYED_S * _RATE)
    latencies: dict[str, list[tuple[float, float]]] = {who: [] for who in _AT_THE_RELAY}
    for _ in range(options.rounds):
        for who, settings in _AT_THE_RELAY.items():
            work = partial(_latency_ms, count, is_busy=bool(settings))
            latencies[who] += in_turns(ours_once, work, **settings)[OURS]
    for who, made in latencies.items():
        for at, metric in ((0, "p50 ms"), (1, "p99 ms")):
            workload = f"relaying 512 B, {_RATE}/s, {who}"
            yield Figure(ROW, NAME, workload, metric, median(each[at] for each in made))


async def _timed(make: MakePeople, talk: Talk, count: int, place: Path) -> tuple[float, float]:
    """Return wall and processor milliseconds per message."""
    async with make(place) as people:
        watch = Stopwatch()
        await talk(people, count)
        return watch.ms_each(count)


async def _timed_of_peer(program: Path, talk: Talk, count: int) -> tuple[float, float]:
    """Return wall and processor milliseconds per message of the peer."""
    async with two_messengers(program) as people:
        watch = await MessengerStopwatch.started(people)
        await talk(people, count)
        return await watch.ms_each(count)


async def _counting(case: _Case, talk: Talk, count: int) -> tuple[float, float, float]:
    """Return commits and syncs per message, and how much of the time syncing took."""
    counting_disk()
    async with case.make(case.place, CIPHERED_NAME) as people:
        commits, syncs, syncs_s = _commits(people), COUNTS.syncs, COUNTS.syncs_s
        started_s = time.perf_counter()
        await talk(people, count)
        share = (COUNTS.syncs_s - syncs_s) / (time.perf_counter() - started_s)
        made = _commits(people) - commits, COUNTS.syncs - syncs
        return made[0] / count, made[1] / count, 100 * share


def _commits(people: People) -> int:
    return sum(person.commits for person in people)


def _latency_ms(
    count: int, nodes: list[Node], driver: LoadDriver, *, is_busy: bool
) -> tuple[float, float]:
    """Return median and p99 of the way through a node, while its person is written to or not.

    Raises:
        BenchmarkError: Too little came through, or the person was not written to.
    """
    [node] = nodes
    driver.connect([node.enode], sink_count=1, data_bytes=512, count=count)
    if not is_busy:
        return _through(driver, count)
    command = [sys.executable, "-m", "bench.talker", node.enode, str(_TALK_RATE)]
    with child(command, driver_cores()) as talker:
        before = talker.ask({})["acknowledged"]
        latencies = _through(driver, count)
        said = talker.ask({})["acknowledged"] - before
    if said < count / _RATE * _TALK_RATE / 2:
        raise BenchmarkError(f"the person acknowledged {said} messages only")
    return latencies


def _through(driver: LoadDriver, count: int) -> tuple[float, float]:
    result = driver.send(count, bundle=1, rate=_RATE, random_phases=True)
    # The person's own envelopes come to the sink as well; where one shares a packet with one of
    # the load's, that one is not recognised.
    if result.disconnects or min(result.received) < _RECOGNISED * count:
        raise BenchmarkError(f"of {count} envelopes the sink received {result.received}")
    return result.latency_p50_ms, result.latency_p99_ms


def _sync_ms(place: Path) -> float:
    """Return how long a small write takes until it is on the disk, the median of many."""
    times = []
    with tempfile.TemporaryFile(dir=place) as file:
        for _ in range(100):
            file.write(_BLOCK)
            file.flush()
            started_s = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started_s) * 1000)
    return median(times)
