import asyncio
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from patience import PATIENCE_S, run, turns, until
from sottovoce.cli import devnet as module
from sottovoce.cli.devnet import CHANNEL, DevnetOptions, run_devnet
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import parse_enode
from sottovoce.runtime.tcp import ListenError
from sottovoce.sdk.channel import Channel
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import PostError
from sottovoce.sdk.messages import SentMessage
from unit.sdk.line import PROMPT, clients, enode_of

OPTIONS = DevnetOptions(relays=2, people=2, base_port=0, as_json=True)


class Reader:
    """Collects what the network prints while it is up."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = ""
        self.talk = ""

    def read(self) -> None:
        out, err = self._capsys.readouterr()
        self.out += out
        self.talk += err

    @property
    def events(self) -> list[dict[str, Any]]:
        self.read()
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    def has_said(self, words: str) -> bool:
        self.read()
        return words in self.talk

    def is_up(self) -> bool:
        return self.has_said("Stop with Ctrl-C.")


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody's own messages wait."""
    monkeypatch.setattr(module, "Client", partial(Client, gossip=PROMPT))


@pytest.fixture
def reader(capsys: pytest.CaptureFixture[str]) -> Reader:
    return Reader(capsys)


@asynccontextmanager
async def devnet(options: DevnetOptions, reader: Reader) -> AsyncIterator[None]:
    """Keep a network up for a while and stop it as a service manager does."""
    network = asyncio.ensure_future(run_devnet(options))
    await until(lambda: reader.is_up() or network.done())
    if network.done():
        await network
    yield
    os.kill(os.getpid(), signal.SIGTERM)
    await network
    reader.read()


def ports_of_its_own(monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the network stand on an address of loopback that no other run of the tests uses."""
    host = f"127.{os.getpid() >> 16 & 127 | 128}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    monkeypatch.setattr(module, "LOOPBACK", host)
    return host


# ---- what is printed


def test_relays_and_people_are_printed_with_their_keys(reader: Reader) -> None:
    async def main() -> None:
        async with devnet(OPTIONS, reader):
            pass

    run(main())
    assert [each["event"] for each in reader.events] == ["relay", "relay", "person", "person"]
    for number, relay in enumerate(reader.of("relay"), start=1):
        assert relay["number"] == number
        assert parse_enode(relay["enode"]).host == "127.0.0.1"
    for person in reader.of("person"):
        private_key = secp256k1.private_key(bytes.fromhex(person["private_key"]))
        assert person["public_key"] == "0x" + secp256k1.public_key(private_key).uncompressed.hex()
        assert person["channel"] == CHANNEL
    assert [person["name"] for person in reader.of("person")] == ["Anna", "Bruno"]
    assert reader.talk.endswith("stopped\n")


def test_everything_stands_there_for_people_to_paste(reader: Reader) -> None:
    async def main() -> None:
        async with devnet(replace(OPTIONS, as_json=False), reader):
            pass

    run(main())
    [first, second, *people] = reader.out.splitlines()
    assert first.startswith("relay 1  enode://")
    assert second.startswith("relay 2  enode://")
    assert [line.split()[0] for line in people] == ["Anna", "private", "Bruno", "private"]
    enode = first.split()[-1]
    commands = [
        shlex.split(line) for line in reader.talk.splitlines() if line.startswith("  sottovoce ")
    ]
    assert commands == [
        ["sottovoce", "listen", CHANNEL, "--peer", enode],
        ["sottovoce", "send", CHANNEL, "hello", "--peer", enode],
        ["sottovoce", "peer", "check", enode],
    ]
    assert f'sottovoce.Client(peers=["{enode}"])' in reader.talk
    assert "everybody knows them" in reader.talk


def test_keys_are_the_same_each_time_and_all_different(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = []
    for _ in range(2):
        reader = Reader(capsys)

        async def main(reader: Reader = reader) -> None:
            async with devnet(replace(OPTIONS, relays=3, people=3), reader):
                pass

        run(main())
        relays = [parse_enode(each["enode"]).public_key.raw.hex() for each in reader.of("relay")]
        seen.append([*relays, *(person["public_key"] for person in reader.of("person"))])
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 6


# ---- the network


@pytest.mark.parametrize(("relays", "links"), [(1, 0), (2, 1), (3, 3), (5, 5)])
def test_relays_are_connected_in_a_ring(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, relays: int, links: int
) -> None:
    made: list[Client] = []

    def build(**named: Any) -> Client:
        made.append(Client(**named))
        return made[-1]

    monkeypatch.setattr(module, "Client", build)

    async def main() -> None:
        async with devnet(replace(OPTIONS, relays=relays, people=0), reader):
            await until(lambda: sum(len(relay.peers) for relay in made) == 2 * links)
            assert {len(relay.peers) for relay in made} == {2 * links // relays}

    run(main())


def test_ports_follow_the_first_one(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    ports_of_its_own(monkeypatch)

    async def main() -> None:
        async with devnet(replace(OPTIONS, relays=3, people=0, base_port=30400), reader):
            pass

    run(main())
    ports = [parse_enode(relay["enode"]).tcp_port for relay in reader.of("relay")]
    assert ports == [30400, 30401, 30402]


def test_port_in_use_ends_it_and_frees_the_others(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = ports_of_its_own(monkeypatch)

    async def main() -> None:
        with socket.socket() as holder:
            holder.bind((host, 30401))
            holder.listen()
            with pytest.raises(ListenError, match="port 30401"):
                async with devnet(replace(OPTIONS, base_port=30400), reader):
                    pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


# ---- the people


def test_everybody_answers_a_stranger_once(reader: Reader) -> None:
    async def main() -> list[str]:
        async with devnet(OPTIONS, reader), Client(gossip=PROMPT, listen=None) as stranger:
            lobby = stranger.channel(CHANNEL)
            ear = await lobby.subscribe()
            await stranger.connect(reader.of("relay")[-1]["enode"])
            await lobby.send_text("hello")
            answers = [(await anext(ear)).text for _ in range(2)]
            # Whoever answered answers, would have left before the answer to this.
            await lobby.send_text("and now?")
            return [*answers, *[(await anext(ear)).text for _ in range(2)]]

    heard = run(main())
    assert sorted(heard[:2]) == ["Anna here. You said: hello", "Bruno here. You said: hello"]
    assert sorted(heard[2:]) == ["Anna here. You said: and now?", "Bruno here. You said: and now?"]
    assert reader.talk.count("Anna hears: hello\n") == 1
    assert "Anna hears: Bruno" not in reader.talk


def test_answer_of_another_program_is_not_answered(reader: Reader) -> None:
    async def main() -> str:
        options = replace(OPTIONS, relays=1, people=1)
        async with devnet(options, reader), Client(gossip=PROMPT, listen=None) as bot:
            lobby = bot.channel(CHANNEL)
            ear = await lobby.subscribe()
            await bot.connect(reader.of("relay")[0]["enode"])
            await lobby.send_text("You said: Anna here. You said: hello")
            await lobby.send_text("ciao")
            return (await anext(ear)).text

    assert run(main()) == "Anna here. You said: ciao"
    assert "Anna hears: You said: Anna here. You said: hello\n" in reader.talk


def test_long_text_is_quoted_in_part(reader: Reader) -> None:
    async def main() -> str:
        options = replace(OPTIONS, relays=1, people=1)
        async with devnet(options, reader), Client(gossip=PROMPT, listen=None) as stranger:
            lobby = stranger.channel(CHANNEL)
            ear = await lobby.subscribe()
            await stranger.connect(reader.of("relay")[0]["enode"])
            await lobby.send_text("x" * 1000)
            return (await anext(ear)).text

    assert run(main()) == "Anna here. You said: " + "x" * 200


def test_person_who_cannot_answer_says_so_and_goes_on(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Channel.send_text
    failed: list[str] = []

    async def fails_once(channel: Channel, text: str) -> SentMessage:
        if text.startswith("Anna") and not failed:
            failed.append(text)
            raise PostError("no proof of work in time")
        return await real(channel, text)

    async def main() -> str:
        options = replace(OPTIONS, relays=1, people=1)
        async with devnet(options, reader), Client(gossip=PROMPT, listen=None) as stranger:
            lobby = stranger.channel(CHANNEL)
            ear = await lobby.subscribe()
            await stranger.connect(reader.of("relay")[0]["enode"])
            monkeypatch.setattr(Channel, "send_text", fails_once)
            await lobby.send_text("one")
            await lobby.send_text("two")
            return (await anext(ear)).text

    assert run(main()) == "Anna here. You said: two"
    assert "Anna could not answer: no proof of work in time\n" in reader.talk


def test_hostile_text_is_cleaned(reader: Reader) -> None:
    async def main() -> None:
        options = replace(OPTIONS, relays=1, people=1)
        async with devnet(options, reader), clients(1) as [stranger]:
            await stranger.connect(reader.of("relay")[0]["enode"])
            await stranger.channel(CHANNEL).send_text("\x1b[2J\u202e")
            await until(lambda: reader.has_said("Anna hears: "))
            assert enode_of(stranger)

    run(main())
    assert "\x1b" not in reader.talk
    assert "\u202e" not in reader.talk


# ---- the end


def test_interrupt_takes_the_whole_network_down(reader: Reader) -> None:
    async def main() -> None:
        network = asyncio.ensure_future(run_devnet(OPTIONS))
        await until(reader.is_up)
        network.cancel()
        with pytest.raises(asyncio.CancelledError):
            await network
        await turns(2)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_process_stops_on_a_signal_with_its_code(number: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "sottovoce", "devnet", "--relays", "1", "--people", "1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as network:
        assert network.stdout is not None
        assert network.stdout.readline().startswith("relay 1  enode://")
        try:
            network.send_signal(number)
            _, err = network.communicate(timeout=PATIENCE_S)
        finally:
            network.kill()
        assert network.returncode == code
        assert "Traceback" not in err
