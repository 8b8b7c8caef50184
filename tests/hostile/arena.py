"""The arena: a victim, an honest pair that talks through it, and what both went through."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from hostile.victim import CHANNEL
from patience import until
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.settings import GossipSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.messages import ChannelMessage
from sottovoce.sdk.subscriptions import Subscription
from sottovoce.stack.routes import topic_of_name

TESTS: Final = Path(__file__).parent.parent
SOURCE: Final = TESTS.parent / "src"
# The honest two want nothing but their channel, so that a flood of envelopes does not drown the
# process of the test itself.
HONEST: Final = GossipSettings(
    own_delay_s_max=0.0, bloom=bloom_to_bytes(topic_bloom(topic_of_name(CHANNEL)))
)


# The clock of all that a process did, as Linux numbers it: the last bits of its clock's number.
_PROCESS_CLOCK: Final = 2


class Victim:
    """The process under attack."""

    def __init__(self, process: asyncio.subprocess.Process, enode: str) -> None:
        self.enode = enode
        self._process = process

    def worked_s(self) -> float:
        """Return the seconds of a core that it had so far, whatever else the machine did."""
        return time.clock_gettime(~self._process.pid << 3 | _PROCESS_CLOCK)

    async def counted(self) -> dict[str, Any]:
        """Ask it what it counted."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"?\n")
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


def note(text: str) -> None:
    """Print a figure for those who run the tests with ``-s``."""
    sys.stdout.write(text + "\n")


@asynccontextmanager
async def victim() -> AsyncIterator[Victim]:
    """Start a node in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hostile.victim"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(SOURCE), str(TESTS)))},
    )
    assert process.stdout is not None
    try:
        yield Victim(process, (await process.stdout.readline()).decode().strip())
    finally:
        process.kill()
        await process.communicate()


class HonestPair:
    """Two people who talk through the victim all the while.

    Attributes:
        spoken: How many messages were sent.
        delays_s: How long the victim worked until each was there that arrived, on this or others.
    """

    def __init__(self, speaker: Client, target: Victim) -> None:
        self._speaker = speaker
        self._target = target
        self._said_s: dict[str, float] = {}
        self.delays_s: list[float] = []
        self.lost_connections = 0

    @property
    def spoken(self) -> int:
        """How many messages were sent."""
        return len(self._said_s)

    async def say(self) -> None:
        """Send one message."""
        text = f"message {self.spoken}"
        self._said_s[text] = self._target.worked_s()
        await self._speaker.channel(CHANNEL).send_text(text)

    async def talk(self, pause_s: float, done: asyncio.Event) -> None:
        """Send one message after the other until something is done."""
        while not done.is_set():
            await self.say()
            try:
                async with asyncio.timeout(pause_s):
                    await done.wait()
            except TimeoutError:
                continue

    async def hear(self, ear: Subscription[ChannelMessage]) -> None:
        """Note what arrives until cancelled."""
        async for message in ear:
            said_s = self._said_s.get(message.text)
            if said_s is not None:
                self.delays_s.append(self._target.worked_s() - said_s)

    async def watch(self) -> None:
        """Note whether one of the two was ever cut off, until cancelled."""
        async for event in self._speaker.peer_events():
            self.lost_connections += event.kind == "disconnected"

    async def still_talks(self, counted: dict[str, Any]) -> None:
        """Check that the two were never cut off, and that what is said now arrives."""
        await self.say()
        await self.all_heard()
        assert self.lost_connections == 0
        assert counted["failed_inputs"] == 0

    async def all_heard(self) -> None:
        """Wait until everything that was said has arrived."""
        await until(lambda: len(self.delays_s) == self.spoken)


@asynccontextmanager
async def honest_pair(target: Victim) -> AsyncIterator[HonestPair]:
    """Give two people connected to the victim, one of them listening."""
    async with Client(listen=None, gossip=HONEST) as one, Client(listen=None, gossip=HONEST) as two:
        await one.connect(target.enode)
        await two.connect(target.enode)
        pair = HonestPair(one, target)
        ear = await two.channel(CHANNEL).subscribe()
        tasks = [asyncio.ensure_future(work) for work in (pair.hear(ear), pair.watch())]
        await pair.say()
        await pair.all_heard()
        try:
            yield pair
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
