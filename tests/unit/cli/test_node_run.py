import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patience import run, until
from sottovoce.adapters.node_key_file import KEY_FILE_NAME, DataDirectory, DataDirectoryError
from sottovoce.cli.node_run import RunOptions, run_node
from sottovoce.devp2p.enode import parse_enode
from unit.sdk.line import clients, enode_of

OPTIONS = RunOptions(
    listen="127.0.0.1:0",
    advertise=None,
    peers=(),
    trusted=(),
    data_dir=None,
    minimum_pow=0.001,
    peers_max=50,
    pool_mb=64,
    as_json=True,
    verbose=False,
)


class Listener:
    """Collects what a node prints while it runs."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.events: list[dict[str, Any]] = []
        self.talk = ""

    def heard(self, event: str) -> list[dict[str, Any]]:
        out, err = self._capsys.readouterr()
        self.events += map(json.loads, out.splitlines())
        self.talk += err
        return [each for each in self.events if each["event"] == event]


def terminate() -> None:
    """Send ourselves what a service manager sends; a node must be there to take it."""
    assert callable(signal.getsignal(signal.SIGTERM))
    os.kill(os.getpid(), signal.SIGTERM)


async def run_until_ready(options: RunOptions, listener: Listener) -> str:
    """Run a node until it is ready, and stop it as a service manager does."""
    node = asyncio.ensure_future(run_node(options))
    before = len(listener.heard("ready"))
    await until(lambda: len(listener.heard("ready")) > before or node.done())
    if node.done():
        await node
    terminate()
    await node
    return str(listener.heard("ready")[-1]["enode"])


@pytest.fixture
def listener(capsys: pytest.CaptureFixture[str]) -> Listener:
    return Listener(capsys)


def test_node_prints_its_enode_and_stops_when_it_is_told(listener: Listener) -> None:
    enode = parse_enode(run(run_until_ready(OPTIONS, listener)))
    assert enode.host == "127.0.0.1"
    assert enode.tcp_port > 0
    assert listener.heard("ready")
    assert listener.talk.endswith("stopped\n")


def test_node_prints_one_plain_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> str:
        node = asyncio.ensure_future(run_node(replace(OPTIONS, as_json=False)))
        said = ""
        while "\n" not in said:
            await until(lambda: True)
            said += capsys.readouterr().out
            await asyncio.wait([node], timeout=0)
        terminate()
        await node
        return said

    parse_enode(run(main()).strip())


def test_data_directory_keeps_the_enode(listener: Listener, tmp_path: Path) -> None:
    options = replace(OPTIONS, data_dir=tmp_path / "data")
    first, second = (run(run_until_ready(options, listener)) for _ in range(2))
    assert parse_enode(first).public_key == parse_enode(second).public_key
    assert (tmp_path / "data" / KEY_FILE_NAME).stat().st_mode & 0o077 == 0


def test_data_directory_in_use_is_refused(listener: Listener, tmp_path: Path) -> None:
    holder = DataDirectory(tmp_path)
    try:
        with pytest.raises(DataDirectoryError, match="in use by another node"):
            run(run_until_ready(replace(OPTIONS, data_dir=tmp_path), listener))
    finally:
        holder.close()


def test_data_directory_is_let_go_when_the_port_is_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with clients(1) as [holder]:
            place = enode_of(holder).rpartition("@")[2]
            with pytest.raises(Exception, match="address already in use"):
                await run_node(replace(OPTIONS, listen=place, data_dir=tmp_path))

    run(main())
    DataDirectory(tmp_path).close()


def test_advertised_host_is_printed(listener: Listener) -> None:
    enode = run(run_until_ready(replace(OPTIONS, advertise="node.example"), listener))
    assert parse_enode(enode).host == "node.example"


def test_peers_that_come_and_go_are_told(listener: Listener) -> None:
    async def main() -> None:
        async with clients(1) as [peer]:
            options = replace(OPTIONS, peers=(enode_of(peer),))
            node = asyncio.ensure_future(run_node(options))
            await until(lambda: listener.heard("connected"))
            await peer.close()
            await until(lambda: listener.heard("disconnected"))
            terminate()
            await node
            [gone] = listener.heard("disconnected")
            assert gone["detail"] == "the peer ended it: quitting"
            assert gone["peer"] in enode_of(peer)

    run(main())


def test_trusted_peer_is_connected(listener: Listener) -> None:
    async def main() -> None:
        async with clients(1) as [peer]:
            node = asyncio.ensure_future(run_node(replace(OPTIONS, trusted=(enode_of(peer),))))
            await until(lambda: listener.heard("connected"))
            terminate()
            await node

    run(main())


# ---- as a process


@contextmanager
def process(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``sottovoce node run`` as a process of its own."""
    command = [sys.executable, "-m", "sottovoce", "node", "run", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as node:
        try:
            yield node
        finally:
            node.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_process_stops_on_a_signal_with_its_code(number: signal.Signals, code: int) -> None:
    with process() as node:
        assert node.stdout is not None
        parse_enode(node.stdout.readline().strip())
        node.send_signal(number)
        out, err = node.communicate(timeout=10)
        assert node.returncode == code
        assert out == ""
        assert "Traceback" not in err


@pytest.mark.slow
def test_second_process_with_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    with process("--data-dir", str(tmp_path)) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with process("--data-dir", str(tmp_path)) as second:
            out, err = second.communicate(timeout=10)
            assert (second.returncode, out) == (2, "")
            assert "in use by another node" in err
            assert len(err.splitlines()) == 1
