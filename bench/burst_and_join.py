"""Row 10: whether everything arrives when much comes at once.

Workload: 6000 envelopes of 1 kB a second through two relays at their own limits, and a peer that
joins a relay whose pool holds 26 MB. Both also from a relay of ours to each of the peers' nodes: a
Go node hangs up on a packet above 1 MiB, and on whoever sends too fast. What is sent comes on
Whisper; a ``statusd`` that speaks Waku gets it over the bridge that our relay is.
"""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

from bench.figures import Figure
from bench.load_driver import LoadDriver, LoadResult, load_driver
from bench.nodes import Node, in_turns, one_node
from bench.options import OURS, Options
from sottovoce.gossip.envelope import FIELDS_BYTES

ROW: Final = 10
NAME: Final = "burst_and_join"

_DATA_BYTES: Final = 1024
# For nine seconds at most: 64 MB, which is what a pool holds.
_RATE: Final = 6_000
_BUNDLE: Final = 60
_POOL_BYTES: Final = 26_000_000
# The Go nodes put all that came in 300 ms into one packet, and hang up on one above 1 MiB: loaded
# at this rate they stay below, so that what is measured is the newcomer.
_LOAD_RATE: Final = 2_000
_PATIENCE_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.1
# Three of the Go nodes' rounds: who does not like what came has hung up by then.
_AFTERWARDS_S: Final = 1.0
_SOURCE_AND_PEER: Final = 2


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    burst = in_turns(options, partial(_burst, 3 if options.quick else 9), count=2)
    yield from _figures("6000/s x 1 kB through two relays", burst)
    yield from _figures("a peer joins a 26 MB pool", in_turns(options, _join))
    for name, program in options.nodes.items():
        if program is not None:
            towards = partial(_burst_towards, name, program, 3 if options.quick else 9)
            yield from _figures(f"6000/s x 1 kB from ours to {name}", {OURS: [towards()]})
            joined = [_joined_by(name, program)]
            yield from _figures(f"{name} joins our 26 MB pool", {OURS: joined})
        if name == "statusd" and program is not None:
            seconds = 3 if options.quick else 9
            bridged = [_burst_towards(name, program, seconds, waku=True)]
            yield from _figures("6000/s x 1 kB from ours to statusd on Waku", {OURS: bridged})
            joined = [_joined_by(name, program, waku=True)]
            yield from _figures("statusd on Waku joins our 26 MB pool", {OURS: joined})


def _figures(workload: str, runs: dict[str, list[tuple[float, float]]]) -> Iterator[Figure]:
    # Here the worst round counts: one envelope that is lost once is lost.
    delivered = {name: min(part[0] for part in parts) for name, parts in runs.items()}
    disconnects = {name: max(part[1] for part in parts) for name, parts in runs.items()}
    yield Figure(
        ROW, NAME, workload, "delivered %", delivered.pop(OURS), delivered,
        higher_is_better=True, bound=100.0,
    )  # fmt: skip
    yield Figure(ROW, NAME, workload, "disconnects", disconnects.pop(OURS), disconnects, bound=0.0)


def _burst(seconds: int, nodes: list[Node], driver: LoadDriver) -> tuple[float, float]:
    count = seconds * _RATE
    driver.connect(
        [node.enode for node in nodes], sink_count=1, data_bytes=_DATA_BYTES, count=count
    )
    return _outcome(driver.send(count, bundle=_BUNDLE, rate=_RATE), count)


def _join(nodes: list[Node], driver: LoadDriver) -> tuple[float, float]:
    [node] = nodes
    count = _POOL_BYTES // _DATA_BYTES
    driver.connect([node.enode], sink_count=0, data_bytes=_DATA_BYTES, count=count, ttl_s=120)
    driver.send(count, bundle=_BUNDLE, rate=_LOAD_RATE)
    return _outcome(driver.join(node.enode, count), count)


def _outcome(result: LoadResult, count: int) -> tuple[float, float]:
    return min(result.received) / count * 100, float(len(result.disconnects))


def _burst_towards(
    name: str, program: Path, seconds: int, *, waku: bool = False
) -> tuple[float, float]:
    """Send through our node to a peer's node that is connected to it."""
    count = seconds * _RATE
    with (
        one_node(OURS, None) as ours,
        one_node(name, program, ours.enode, waku=waku) as peer,
        load_driver() as driver,
    ):
        _wait_for_peers(ours, 1)
        driver.connect([ours.enode], sink_count=0, data_bytes=_DATA_BYTES, count=count)
        driver.send(count, bundle=_BUNDLE, rate=_RATE)
        return _handed_over(ours, None if waku else peer, name, count)


def _joined_by(name: str, program: Path, *, waku: bool = False) -> tuple[float, float]:
    """Fill our node's pool, and let a peer's node connect to it."""
    count = _POOL_BYTES // _DATA_BYTES
    with one_node(OURS, None) as ours, load_driver() as driver:
        driver.connect([ours.enode], sink_count=0, data_bytes=_DATA_BYTES, count=count, ttl_s=120)
        driver.send(count, bundle=_BUNDLE, rate=_LOAD_RATE)
        with one_node(name, program, ours.enode, waku=waku) as peer:
            _wait_for_peers(ours, 2)
            return _handed_over(ours, None if waku else peer, name, count)


def _wait_for_peers(node: Node, count: int) -> None:
    _wait_until(lambda: node.statistics()["peer_count"] >= count)


def _handed_over(ours: Node, peer: Node | None, name: str, count: int) -> tuple[float, float]:
    """Return how much a peer's node took, in percent, and whether it hung up.

    `statusd` says itself how large its pool of Whisper is; of `wnode`, and on Waku, our own node's
    count has to do, with the connection still there afterwards.
    """
    _wait_until(lambda: _sent(ours) >= count)
    time.sleep(_AFTERWARDS_S)
    has_left = float(ours.statistics()["peer_count"] < _SOURCE_AND_PEER)
    asked = peer is not None and name == "statusd"
    taken = _pool_bytes(peer) / (_DATA_BYTES + FIELDS_BYTES) if peer and asked else _sent(ours)
    return taken / count * 100, has_left


def _sent(node: Node) -> int:
    return int(node.statistics()["relay"]["envelopes_sent"])


def _pool_bytes(statusd: Node) -> int:
    """Ask for the size of the pool, which counts 20 bytes beside the data of each envelope."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "shh_info", "params": []}
    request = Request(
        f"http://127.0.0.1:{statusd.rpc_port}/",
        json.dumps(question).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310 - our own address
        return int(json.load(answer)["result"]["memory"])


def _wait_until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + _PATIENCE_S
    while not holds() and time.monotonic() < end_s:
        time.sleep(_LOOK_EVERY_S)
