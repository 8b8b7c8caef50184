import asyncio
import errno
import io
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
from typing_extensions import override

from patience import run, until
from sottovoce.adapters.node_key_file import KEY_FILE_NAME, DataDirectory, DataDirectoryError
from sottovoce.adapters.peer_file import PEER_FILE_NAME
from sottovoce.app.accounts import WrongPasswordError, recover_account
from sottovoce.app.application import ApplicationSettings
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.cli import node_run as module
from sottovoce.cli.limit_options import LimitOptions
from sottovoce.cli.node_run import RunOptions, application_settings, run_node
from sottovoce.cli.output import CommandError
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.settings import Transport
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.sdk.client import Client
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.whisper import Whisper
from unit.identity.people import PHRASE, anna
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
    light=False,
    flush_delay_s=0.0,
    stats_every_s=None,
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
            [came], [gone] = listener.heard("connected"), listener.heard("disconnected")
            assert came["protocols"] == ["shh/6", "waku/1"]
            assert "protocols" not in gone
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


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_node_on_every_address_is_told_to_advertise_one(listener: Listener, host: str) -> None:
    run(run_until_ready(replace(OPTIONS, listen=f"{host}:0"), listener))
    assert "use --advertise HOST" in listener.talk


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (LimitOptions(packets=(0, 5, 0)), True),
        (LimitOptions(packets=(0, 5, 0), tolerance=1), False),
        (LimitOptions(packets=(0, 0, 5)), False),
    ],
    ids=["no tolerance", "tolerance", "topic"],
)
def test_limits_that_would_stop_nobody_are_told(
    listener: Listener, limits: LimitOptions, *, told: bool
) -> None:
    run(run_until_ready(replace(OPTIONS, limits=limits), listener))
    assert ("is counted and let in; --limit-tolerance N" in listener.talk) == told


@pytest.mark.parametrize(
    "options",
    [OPTIONS, replace(OPTIONS, listen="0.0.0.0:0", advertise="node.example")],
    ids=["loopback", "advertised"],
)
def test_node_that_peers_can_find_is_told_nothing(listener: Listener, options: RunOptions) -> None:
    run(run_until_ready(options, listener))
    assert "--advertise" not in listener.talk


@pytest.mark.parametrize("host", ["", "a b", "user@host", "host:1", "[::1", "a/b"])
def test_advertised_host_that_makes_no_enode_is_refused(host: str) -> None:
    with pytest.raises(CommandError, match=r"--advertise takes an IP .* peers are told"):
        run(run_node(replace(OPTIONS, advertise=host)))


def test_counters_are_printed_as_often_as_asked(listener: Listener) -> None:
    async def main() -> None:
        node = asyncio.ensure_future(run_node(replace(OPTIONS, stats_every_s=0.01)))
        await until(lambda: len(listener.heard("statistics")) >= 2)
        terminate()
        await node

    run(main())
    counters = listener.heard("statistics")[0]
    assert counters["peer_count"] == counters["failed_inputs"] == 0
    assert counters["relay"]["envelopes_pooled"] == 0
    assert set(counters["dropped"].values()) == {0}


def test_counters_for_people_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def has_counted() -> bool:
        said.append(capsys.readouterr().err)
        return "\nstatistics: {" in "".join(said)

    async def main() -> None:
        options = replace(OPTIONS, as_json=False, stats_every_s=0.01)
        node = asyncio.ensure_future(run_node(options))
        await until(has_counted)
        terminate()
        await node

    run(main())


def test_limits_on_envelopes_reach_the_relay(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ApplicationSettings] = []

    def build(*, settings: ApplicationSettings, peers: list[str]) -> Client:
        made.append(settings)
        return Client(settings=settings, peers=peers)

    monkeypatch.setattr(module, "Client", build)
    options = replace(OPTIONS, light=True, flush_delay_s=0.5, pool_mb=3, minimum_pow=0.2)
    run(run_until_ready(replace(options, transport=Transport.WAKU, bridges=False), listener))
    gossip = made[0].gossip
    assert (gossip.transport, gossip.bridges) == (Transport.WAKU, False)
    assert gossip.light
    assert gossip.flush_delay_s_max == 0.5
    assert gossip.pool_bytes_max == 3 * 1024 * 1024
    assert gossip.minimum_pow == 0.2


# ---- saved peers


def test_saved_peers_are_connected(listener: Listener, tmp_path: Path) -> None:
    async def main() -> None:
        async with clients(2) as row:
            (tmp_path / PEER_FILE_NAME).write_text("".join(f"{enode_of(each)}\n" for each in row))
            node = asyncio.ensure_future(run_node(replace(OPTIONS, data_dir=tmp_path)))
            await until(lambda: len(listener.heard("connected")) == 2)
            terminate()
            await node

    run(main())


@pytest.mark.parametrize("trusted", [True, False])
def test_saved_peer_is_trusted_if_its_line_says_so(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    trusts: list[str] = []
    monkeypatch.setattr(Whisper, "trust", lambda _, enode: trusts.append(enode))

    async def main() -> str:
        async with clients(1) as [peer]:
            line = f"{enode_of(peer)} trusted" if trusted else enode_of(peer)
            (tmp_path / PEER_FILE_NAME).write_text(line)
            await run_until_ready(replace(OPTIONS, data_dir=tmp_path), listener)
            return enode_of(peer)

    enode = run(main())
    assert trusts == ([enode] if trusted else [])


def test_bad_line_of_the_saved_peers_is_named(tmp_path: Path) -> None:
    (tmp_path / PEER_FILE_NAME).write_text("# mine\nenode://00\n")
    with pytest.raises(LocalProtocolError, match=r"peers\.txt line 2: "):
        run(run_node(replace(OPTIONS, data_dir=tmp_path)))
    DataDirectory(tmp_path).close()


def test_node_whose_news_cannot_be_written_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        @override
        def write(self, text: str) -> int:
            if "connected" in text:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(text)

    async def main() -> None:
        async with clients(1) as [peer]:
            await run_node(replace(OPTIONS, peers=(enode_of(peer),)))

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(OSError, match="No space left"):
        run(main())


# ---- as a process


# Other work on the machine may make a process slow; one that hangs is ended.
PATIENCE_S = 60


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
        out, err = node.communicate(timeout=PATIENCE_S)
        assert node.returncode == code
        assert out == ""
        assert "Traceback" not in err


@pytest.mark.slow
def test_second_process_with_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    with process("--data-dir", str(tmp_path)) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with process("--data-dir", str(tmp_path)) as second:
            out, err = second.communicate(timeout=PATIENCE_S)
            assert (second.returncode, out) == (2, "")
            assert "in use by another node" in err
            assert len(err.splitlines()) == 1


# ---- as somebody


def with_account(directory: Path, password: str) -> RunOptions:
    """Make Anna's account, and the options of a node that runs as her."""
    cost = ScryptCost(n=2, r=1, p=1)
    entry, _ = recover_account(directory, PHRASE, "Anna", "correct horse", cost=cost)
    return replace(OPTIONS, data_dir=directory, account=entry.key_uid, password=password)


@pytest.mark.slow
def test_node_with_an_account_is_somebody_who_can_be_asked(
    listener: Listener, tmp_path: Path
) -> None:
    async def main() -> PublicKey:
        node = asyncio.ensure_future(run_node(with_account(tmp_path, "correct horse")))
        await until(lambda: listener.heard("account") or node.done())
        async with ControlClient(tmp_path) as person:
            key = person.public_key
        terminate()
        await node
        return key

    assert run(main()) == anna().chat().public
    [said] = listener.heard("account")
    assert said["public_key"] == anna().chat().hex_key
    DataDirectory(tmp_path).close()


def test_wrong_password_ends_the_node_before_it_says_that_it_is_ready(
    listener: Listener, tmp_path: Path
) -> None:
    options = with_account(tmp_path, "wrong horse")
    with pytest.raises(WrongPasswordError):
        run(run_until_ready(options, listener))
    assert listener.heard("ready") == []
    assert "wrong horse" not in repr(options)
    DataDirectory(tmp_path).close()


def test_limits_reach_the_relay_and_exempt_addresses_the_node() -> None:
    limits = LimitOptions((4, 3, 2), (0, 1 << 20, 9), 7, frozenset({"192.0.2.1"}))
    settings = application_settings(replace(OPTIONS, limits=limits), None)
    assert settings.gossip.rate_limits == (4, 3, 2)
    assert settings.gossip.byte_limits == (0, 1 << 20, 9)
    assert settings.gossip.limit_tolerance == 7
    assert settings.node.exempt_addresses == {"192.0.2.1"}
