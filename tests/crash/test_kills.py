"""`kill -9` of two people and of the relay between them, while both say things.

What was answered is on the disk, so a person who comes back has it, and it arrives, once. Nothing
has to be repaired, and whoever lives on notices nothing but a pause. `SOTTOVOCE_KILLS` says how
many are killed; every twentieth time a new talk begins. With `-s` the test says how soon the
processes were back.
"""

import asyncio
import os
import random
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest

from hostile.arena import note
from patience import turns, until
from sottovoce.app.accounts import create_account
from sottovoce.app.application import LOOPBACK
from sottovoce.base.errors import SottovoceError
from sottovoce.chat.records import Message, MessageState
from sottovoce.cli.demo_person import PersonProcess
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.errors import NotDeliveredError
from sottovoce.sdk.messenger_port import MessengerPort
from unit.cli.demo_stage import CHEAP, PASSWORD

KILLS: Final = int(os.environ.get("SOTTOVOCE_KILLS", "2"))
KILLS_OF_A_TALK: Final = 20
# Somebody is killed after so many answers at the most, and then somewhere in the next wish, which
# takes some hundred turns of the loop.
ANSWERS_MAX: Final = 20
TURNS_MAX: Final = 300
# Far beyond what anything takes here, even on a busy machine: what hangs shall fail.
KILL_PATIENCE_S: Final = 30.0
# How long one message is waited for before both start their programs anew, and all of it.
ROUND_S: Final = 20.0
ARRIVAL_PATIENCE_S: Final = 660.0
PEOPLE: Final = ("Anna", "Bruno")


class RelayProcess:
    """A relay that comes back with its key, at its port."""

    def __init__(self, data_dir: Path) -> None:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            self._listen = f"{LOOPBACK}:{probe.getsockname()[1]}"
        self._data_dir = data_dir
        self._process: Process | None = None

    async def start(self) -> str:
        """Start it; returns its enode."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sottovoce", "node", "run"),
            *("--listen", self._listen, "--data-dir", str(self._data_dir)),
            stdout=PIPE,
            stderr=DEVNULL,
        )
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Talk:
    """Anna and Bruno, each in a process of their own, who talk through a relay in a third one.

    Attributes:
        answered: What somebody said and got an answer for.
        back_s: How many seconds each process took to come back.
        rest_s: How many seconds after the last kill everything had arrived.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.answered: set[str] = set()
        self.back_s: dict[str, list[float]] = {"person": [], "relay": []}
        self.rest_s = 0.0
        self._folder = folder
        self._random = random.Random(seed)
        self._count = 0
        self._relay = RelayProcess(folder / "relay")
        self._people: list[PersonProcess] = []

    async def run(self, kills: int) -> None:
        """Kill one after the other, and look at what is there in the end."""
        enode = await self._relay.start()
        try:
            for name in PEOPLE:
                (self._folder / name).mkdir(parents=True, mode=0o700)
                create_account(self._folder / name, name, PASSWORD, cost=CHEAP)
                person = PersonProcess(name, self._folder / name, PASSWORD, enode)
                self._people.append(person)
                await person.start()
            async with self._both() as (anna, bruno):
                await anna.add_contact(bruno.public_key)
                await bruno.add_contact(anna.public_key)
                await self._say(anna, bruno)
            for number in range(kills):
                async with asyncio.timeout(KILL_PATIENCE_S):
                    await self._kill_and_bring_back(number)
            async with asyncio.timeout(ARRIVAL_PATIENCE_S):
                await self._check()
        finally:
            for person in self._people:
                await person.kill()
            await self._relay.kill()

    @asynccontextmanager
    async def _both(self) -> AsyncIterator[tuple[ControlClient, ControlClient]]:
        anna, bruno = (ControlClient(self._folder / name) for name in PEOPLE)
        async with anna, bruno:
            yield anna, bruno

    async def _kill_and_bring_back(self, number: int) -> None:
        who = "relay" if number % 2 else "person"
        person = self._people[number // 2 % len(PEOPLE)]
        victim = self._relay if number % 2 else person
        await self._say_until_killed(victim.kill)
        started_s = time.monotonic()
        await victim.start()
        self.back_s[who].append(time.monotonic() - started_s)

    async def _say(self, anna: ControlClient, bruno: ControlClient) -> None:
        self._count += 1
        for name, author, reader in zip(PEOPLE, (anna, bruno), (bruno, anna), strict=True):
            text = f"{name} {self._count}"
            await author.send(reader.public_key, text)
            self.answered.add(text)

    async def _say_until_killed(self, kill: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let both say things, and kill somebody meanwhile."""

        async def say(anna: ControlClient, bruno: ControlClient) -> None:
            while True:
                await self._say(anna, bruno)

        async with self._both() as both:
            enough = self._count + self._random.randrange(1, ANSWERS_MAX)
            saying = asyncio.ensure_future(say(*both))
            await until(lambda: self._count >= enough or saying.done())
            await turns(self._random.randrange(TURNS_MAX))
            await kill()
            await turns(self._random.randrange(TURNS_MAX))
            saying.cancel()
            with suppress(SottovoceError, asyncio.CancelledError):
                await saying

    async def _check(self) -> None:
        started_s = time.monotonic()
        while not await self._all_arrives():
            # What had bad luck often is repeated after minutes; who starts anew tries at once.
            for person in self._people:
                await person.stop()
                await person.start()
        self.rest_s = time.monotonic() - started_s
        async with self._both() as (anna, bruno):
            of_anna, of_bruno = await said(anna, bruno), await said(bruno, anna)
        texts = {message.text for message in of_anna}
        assert len(texts) == len(of_anna)
        assert texts >= self.answered
        assert [message.id for message in of_anna] == [message.id for message in of_bruno]

    async def _all_arrives(self) -> bool:
        """Wait a while until everything that was said is acknowledged; False if it is not."""
        async with self._both() as (anna, bruno):
            await self._say(anna, bruno)
            for author, other in ((anna, bruno), (bruno, anna)):
                try:
                    await own_arrive(author, other)
                except NotDeliveredError:
                    return False
        return True


async def said(reader: MessengerPort, other: MessengerPort) -> list[Message]:
    """Return a whole talk, the newest first."""
    messages: list[Message] = []
    while page := await reader.history(other.public_key, before=messages[-1] if messages else None):
        messages += page
    return messages


async def own_arrive(author: MessengerPort, other: MessengerPort) -> None:
    """Wait until everything that somebody said is acknowledged.

    Raises:
        NotDeliveredError: It is not, for some time.
    """
    for message in await said(author, other):
        if message.own:
            await author.wait_for_state(message, MessageState.ACKNOWLEDGED, timeout_s=ROUND_S)


@pytest.mark.slow
def test_whoever_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    back_s: dict[str, list[float]] = {"person": [], "relay": []}
    for first in range(0, KILLS, KILLS_OF_A_TALK):
        talk = Talk(tmp_path / str(first), first)
        asyncio.run(talk.run(min(KILLS_OF_A_TALK, KILLS - first)))
        for who, times_s in talk.back_s.items():
            back_s[who] += times_s
        note(f"talk {first // KILLS_OF_A_TALK}: everything had arrived {talk.rest_s:.0f} s later")
    for who, times_s in back_s.items():
        note(
            f"{who}: {len(times_s)} kills, back after {median(times_s):.2f} s in the median "
            f"and {max(times_s):.2f} s at the most"
        )
