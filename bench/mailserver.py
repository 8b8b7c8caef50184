"""Row 11 over the wire: a day of history out of a month, and archiving beside relaying.

The same end asks every server over real sockets: one day for 1, 10 and 100 of a thousand topics,
page after page until there is no more. The Go server is filled through its own sync, which checks
nothing; ours finds its archive on the disk. The relay's figures are those of row 6, once with every
envelope archived durably and once without an archive.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Final
from urllib.request import Request, urlopen

from bench.archived import DAYS, ENVELOPE_BYTES, TOPICS, Month, topic_of
from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.history_end import Fetched, FillingEnd, HistoryEnd
from bench.load_driver import LoadDriver
from bench.nodes import Node, in_turns, medians_at, one_node
from bench.options import OURS, Options
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.devp2p.enode import Enode
from sottovoce.mail.archive import Archive
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.stack.topics import key_of_name

ROW: Final = 11
NAME: Final = "mailserver"

_POSTGRES: Final = "sottovoce, PostgreSQL"
_STATUSD: Final = "statusd"
# How many topics are asked for, and how many times faster than the Go server that is to be.
_TARGETS: Final = {1: 10.0, 10: 8.0, 100: 5.0}
_SEED: Final = 11
_FILLED_PER_PACKET: Final = 1000
_FILL_TIMEOUT_S: Final = 300.0
_LOOK_EVERY_S: Final = 1.0
_MS: Final = 1e3
_RELAYED: Final = 60_000
_BUNDLE: Final = 50
_WINDOW: Final = 16_000


@dataclass(frozen=True, slots=True)
class _Question:
    """One day of some topics."""

    first_unix_s: int
    last_unix_s: int
    topics: frozenset[Topic]


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    for count in (100_000,) if options.quick else (100_000, 1_000_000):
        yield from _days(options, Month(count))
    yield from _relaying(options)


# ---- history


def _days(options: Options, month: Month) -> Iterator[Figure]:
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="sottovoce-bench-") as folder:
        path = Path(folder) / "archive.db"
        _fill(SqliteArchive(path), month)
        servers = {OURS: stack.enter_context(one_node(OURS, None, archive=str(path)))}
        if options.postgres:
            _fill(PostgresArchive(options.postgres), month)
            stack.callback(_empty, options.postgres)
            served = one_node(OURS, None, archive=options.postgres)
            servers[_POSTGRES] = stack.enter_context(served)
        peer = options.peers.get(_STATUSD)
        if peer is not None:
            servers[_STATUSD] = stack.enter_context(one_node(_STATUSD, peer, serves_mail=1))
            asyncio.run(_fill_peer(servers[_STATUSD], month))
        rounds = 15 if options.quick else 30
        fetched = asyncio.run(_ask_in_turns(servers, month, rounds))
    yield from _figures(month, fetched)


def _fill(archive: Archive, month: Month) -> None:
    try:
        for batch in month.batches():
            archive.store(batch)
    finally:
        archive.close()


def _empty(conninfo: str) -> None:
    archive = PostgresArchive(conninfo)
    try:
        archive.trim(envelopes_max=0, bytes_max=None)
    finally:
        archive.close()


async def _fill_peer(server: Node, month: Month) -> None:
    filling = FillingEnd(server.enode)
    await filling.end.connect()
    _call(server, "shh_markTrustedPeer", str(Enode(filling.end.public_key, "127.0.0.1", 30303)))
    packets = (
        [envelope.raw for envelope in batch[start : start + _FILLED_PER_PACKET]]
        for batch in month.batches()
        for start in range(0, len(batch), _FILLED_PER_PACKET)
    )
    await filling.fill(packets)
    await _wait_until_filled(server, month)
    filling.end.close()


async def _wait_until_filled(server: Node, month: Month) -> None:
    """Wait until the server has the last envelope.

    Raises:
        BenchmarkError: It does not come to that.
    """
    *_, batch = month.batches()
    last = batch[-1]
    sent = last.sent_unix_s
    end = await _connected(server)
    end_s = time.monotonic() + _FILL_TIMEOUT_S
    while not (await end.fetch(sent, sent, frozenset({last.topic}))).wanted:
        if time.monotonic() > end_s:
            raise BenchmarkError("the Go server did not take what it was filled with")
        await asyncio.sleep(_LOOK_EVERY_S)
    end.close()


async def _connected(server: Node) -> HistoryEnd:
    end = HistoryEnd(server.enode, _password_key())
    await end.connect()
    return end


async def _ask_in_turns(
    servers: Mapping[str, Node], month: Month, rounds: int
) -> dict[int, dict[str, list[Fetched]]]:
    """Ask every server the same, by turns so that all meet the same noise.

    Raises:
        BenchmarkError: Two servers do not give the same.
    """
    ends = {name: await _connected(server) for name, server in servers.items()}
    random = Random(_SEED)  # noqa: S311 -- the same questions each time
    found: dict[int, dict[str, list[Fetched]]] = {}
    for topic_count in _TARGETS:
        found[topic_count] = {name: [] for name in ends}
        for number in range(rounds):
            question = _question(month, number % DAYS, topic_count, random)
            for name, end in ends.items():
                asked = (question.first_unix_s, question.last_unix_s, question.topics)
                found[topic_count][name].append(await end.fetch(*asked))
            if len({part[-1].wanted for part in found[topic_count].values()}) != 1:
                raise BenchmarkError("the servers do not give the same envelopes")
    for end in ends.values():
        end.close()
    return found


def _question(month: Month, day: int, topic_count: int, random: Random) -> _Question:
    numbers = random.sample(range(TOPICS), topic_count)
    return _Question(*month.day_unix_s(day), frozenset(topic_of(number) for number in numbers))


def _figures(month: Month, fetched: dict[int, dict[str, list[Fetched]]]) -> Iterator[Figure]:
    for topic_count, by_server in fetched.items():
        walls_ms = {
            name: median(part.wall_s for part in parts) * _MS for name, parts in by_server.items()
        }
        sent = {
            name: sum(part.bytes for part in parts) / sum(part.wanted_bytes for part in parts)
            for name, parts in by_server.items()
        }
        theirs = {name: walls_ms[name] for name in walls_ms if name == _STATUSD}
        topics = "1 topic" if topic_count == 1 else f"{topic_count} topics"
        for name, engine in ((OURS, "SQLite"), (_POSTGRES, "PostgreSQL")):
            if name not in walls_ms:
                continue
            workload = f"{engine}, a day of {topics} of {month.count:,} x {ENVELOPE_BYTES} B"
            yield Figure(
                ROW, NAME, workload, "ms over the wire", walls_ms[name], theirs,
                ratio_target=_TARGETS[topic_count],
            )  # fmt: skip
            over = {peer: sent[peer] for peer in theirs}
            yield Figure(
                ROW, NAME, workload, "bytes sent / exact bytes", sent[name], over, bound=1.0
            )


# ---- archiving beside relaying


def _relaying(options: Options) -> Iterator[Figure]:
    alone = Options(options.quick, {}, options.wanted_node_rounds)
    for workload, archives in (("without an archive", 0.0), ("with a durable archive", 1.0)):
        runs = in_turns(alone, partial(_relay, bool(archives)), archives=archives)
        for place, metric in ((0, "relayed envelopes/s"), (1, "CPU us per envelope")):
            figure = medians_at(runs, place)[OURS]
            better = place == 0
            yield Figure(ROW, NAME, workload, metric, figure, higher_is_better=better)
        if archives:
            kept = min(part[2] for part in runs[OURS]) * 100
            yield Figure(
                ROW, NAME, workload, "% of them archived", kept, higher_is_better=True, bound=100.0
            )


def _relay(is_archiving: bool, nodes: list[Node], driver: LoadDriver) -> tuple[float, float, float]:
    """Return envelopes a second, CPU microseconds for each, and the share that was archived."""
    [node] = nodes
    driver.connect([node.enode], sink_count=1, data_bytes=ENVELOPE_BYTES, count=_RELAYED)
    before_s = node.cpu_s()
    result = driver.send(_RELAYED, bundle=_BUNDLE, window=_WINDOW)
    result.check_all(_RELAYED)
    archived = _settled(node) if is_archiving else 0
    spent_s = node.cpu_s() - before_s
    return _RELAYED / result.wall_s, spent_s / _RELAYED * 1e6, archived / _RELAYED


def _settled(node: Node) -> int:
    """Return how many envelopes are in the archive when nothing waits for it any more."""
    while node.statistics()["archive_waits"]:
        time.sleep(_LOOK_EVERY_S / 10)
    return int(node.statistics()["archived"])


# ---- the Go server


def _call(server: Node, method: str, *arguments: str) -> None:
    """Tell the Go server something.

    Raises:
        BenchmarkError: It refused.
    """
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": arguments}
    request = Request(
        f"http://127.0.0.1:{server.rpc_port}/",
        json.dumps(question).encode(),
        {"content-type": "application/json"},
    )
    with urlopen(request, timeout=10) as reply:  # noqa: S310 -- as above
        answer = json.load(reply)
    if "error" in answer:
        raise BenchmarkError(f"{method} was refused: {answer['error']}")


def _password_key() -> SymmetricKey:
    return key_of_name(DEFAULT_PASSWORD)
