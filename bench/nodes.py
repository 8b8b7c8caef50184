"""Nodes under test: ours and the peers', each a process of its own on the tested core."""

import contextlib
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

from bench.child import Child, child
from bench.errors import BenchmarkError
from bench.load_driver import LoadDriver, load_driver
from bench.node_commands import NodeSetup, command
from bench.options import OURS, Options, tested_core
from sottovoce.crypto import secp256k1
from sottovoce.runtime.system_entropy import SystemEntropy

_START_TIMEOUT_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.05
# Nodes in a line find each other in less; the Go nodes dial every few seconds.
_CONNECT_S: Final = 4.0

MeasuredT = TypeVar("MeasuredT")


class Node:
    """A running node under test.

    Attributes:
        enode: Where it listens.
        rpc_port: Where ``statusd`` answers questions.
    """

    def __init__(self, process: Child, setup: NodeSetup) -> None:
        self._process = process
        self.enode = setup.enode
        self.rpc_port = setup.rpc_port

    def cpu_s(self) -> float:
        """Return the processor time that it has taken, user and system."""
        return self._process.cpu_s()

    def rss_bytes(self) -> int:
        """Return how much memory it has now."""
        return self._process.rss_bytes()

    def statistics(self) -> dict[str, Any]:
        """Return our own node's counters; the peers' nodes have no such thing."""
        return self._process.ask({})


def in_turns(
    options: Options,
    work: Callable[[list[Node], LoadDriver], MeasuredT],
    *,
    count: int = 1,
    **settings: float | str,
) -> dict[str, list[MeasuredT]]:
    """Do the same work with fresh nodes of each kind, in turns so that all meet the same noise.

    Args:
        options: Whom to measure, and how often.
        work: Told the nodes, each connected to the one before, and a load driver.
        count: How many nodes.
        settings: Settings of our own nodes, by their names in `bench.node_under_test`.

    Returns:
        The results of each kind's rounds, ours first; a peer that always failed is left out.

    Raises:
        BenchmarkError: Our own node failed.
    """
    results: dict[str, list[MeasuredT]] = {name: [] for name in options.nodes}
    for _ in range(options.node_rounds):
        for name, program in options.nodes.items():
            try:
                with (
                    line_of_nodes(name, program, count, **settings) as nodes,
                    load_driver() as driver,
                ):
                    results[name].append(work(nodes, driver))
            except BenchmarkError as error:
                if name == OURS:
                    raise
                # A peer that loses envelopes under a load is a finding, not the end of the row.
                print(f"  {name} failed: {error}", file=sys.stderr, flush=True)
    return {name: made for name, made in results.items() if made}


def medians(results: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each kind's rounds."""
    return {name: median(values) for name, values in results.items()}


def medians_at(results: Mapping[str, Sequence[Sequence[float]]], place: int) -> dict[str, float]:
    """Return the median of one of several figures of each kind's rounds."""
    return {name: median(part[place] for part in parts) for name, parts in results.items()}


@contextlib.contextmanager
def line_of_nodes(
    name: str, program: Path | None, count: int = 1, **settings: float | str
) -> Iterator[list[Node]]:
    """Give nodes of one kind, each connected to the one before.

    Args:
        name: `OURS`, ``wnode`` or ``statusd``.
        program: The peer's program.
        count: How many.
        settings: Settings of our own nodes, by their names in `bench.node_under_test`.
    """
    with contextlib.ExitStack() as stack:
        nodes: list[Node] = []
        for _ in range(count):
            before = nodes[-1].enode if nodes else None
            nodes.append(stack.enter_context(one_node(name, program, before, **settings)))
        if count > 1:
            time.sleep(_CONNECT_S)
        yield nodes


@contextlib.contextmanager
def one_node(
    name: str, program: Path | None, before: str | None = None, **settings: float | str
) -> Iterator[Node]:
    """Give one node of a kind, which connects to the enode `before` if that is given."""
    with tempfile.TemporaryDirectory() as folder:
        key = secp256k1.generate_private_key(SystemEntropy()).raw.hex()
        setup = NodeSetup(program, _free_port(), _free_port(), key, before, Path(folder), settings)
        with _running(name, setup) as node:
            yield node


@contextlib.contextmanager
def _running(name: str, setup: NodeSetup) -> Iterator[Node]:
    with (
        (setup.folder / "log").open("w", encoding="utf-8") as errors,
        child(command(name, setup), tested_core(), errors=errors) as process,
    ):
        _wait_until_it_listens(name, setup, process)
        yield Node(process, setup)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_until_it_listens(name: str, setup: NodeSetup, process: Child) -> None:
    end_s = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end_s and process.is_running:
        try:
            socket.create_connection(("127.0.0.1", setup.port), timeout=1).close()
        except OSError:
            time.sleep(_LOOK_EVERY_S)
        else:
            return
    log = (setup.folder / "log").read_text(encoding="utf-8")
    raise BenchmarkError(f"{name} does not listen on port {setup.port}: {log[-500:]}")
