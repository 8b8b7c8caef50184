"""The peer of row 12: two processes of a program around status-go's `Messenger`.

It reads one JSON object per line and answers with one per line, and tells without being asked what
was received. What it has to understand stands in `docs/reference/benchmarks.md`. It never tells
that a message was acknowledged, so that one counts as such as soon as the other side has it.
"""

import asyncio
import json
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from bench.child import cpu_s_of, prepare
from bench.errors import BenchmarkError
from bench.options import tested_core
from bench.people import TEXT, TIMEOUT_S, Counting

PEER: Final = "messenger"  # the name for `--peer`, and of the column in the table

_LINE_BYTES_MAX: Final = 1024 * 1024
# It retrieves every 200 ms and synchronises every 300 ms, whether or not there is anything.
_IDLE_S: Final = 2.0
# Until the last acknowledgements have gone their way.
_SETTLE_S: Final = 1.5


class MessengerPeer(Counting):
    """One of the two.

    Attributes:
        other: The other one.
        ready: What it said about itself when it had started.
    """

    def __init__(self, process: Process, ready: dict[str, Any]) -> None:
        super().__init__()
        self.ready: Final = ready
        self.other = self
        self._process = process
        self._asked = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    @property
    @override
    def commits(self) -> int:
        raise BenchmarkError(f"{PEER} does not count its commits")

    @property
    def cpu_s(self) -> float:
        """The processor time that it has taken, user and system."""
        return cpu_s_of(self._process.pid)

    @override
    async def say(self) -> None:
        await self.ask("send", to=self.other.ready["public_key"], text=TEXT)

    async def ask(self, command: str, **arguments: object) -> dict[str, Any]:
        """Have a command carried out.

        Raises:
            BenchmarkError: It refuses, or gives no answer.
        """
        assert self._process.stdin is not None
        self._asked += 1
        number = self._asked
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        question = {"cmd": command, "id": number, **arguments}
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                result = await answer
        except TimeoutError:
            raise BenchmarkError(f"{PEER} gives no answer to {command}") from None
        if not result["ok"]:
            raise BenchmarkError(f"{PEER} refuses {command}: {result['error']}")
        return dict(result["result"] or {})

    async def follow(self) -> None:
        """Take what it tells."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if told["event"] == "reply":
                self._answers.pop(told["id"]).set_result(told)
            elif told["event"] == "message" and told["from"] != self.ready["public_key"]:
                self.note(heard=1)
                self.other.note(acknowledged=1)


@asynccontextmanager
async def two_messengers(program: Path) -> AsyncIterator[tuple[MessengerPeer, MessengerPeer]]:
    """Give two that are connected and have talked, with databases in the temporary folder.

    Raises:
        BenchmarkError: They do not start, or do not find each other.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bruno = await stack.enter_async_context(_one(program, folder / "bruno"))
        enode = bruno.ready["enode"]
        anna = await stack.enter_async_context(_one(program, folder / "anna", "-peer", enode))
        anna.other, bruno.other = bruno, anna
        await asyncio.sleep(_SETTLE_S)  # Their topics have to be known to each other.
        if not (await anna.ask("peers"))["peers"]:
            raise BenchmarkError(f"two of {PEER} did not connect")
        for speaker in (anna, bruno):
            await speaker.say()
            await speaker.until(acknowledged=1)
        await asyncio.sleep(_SETTLE_S)
        yield anna, bruno


class MessengerStopwatch:
    """Processor and wall time of the two, less what they take while nobody speaks."""

    def __init__(self, people: tuple[MessengerPeer, MessengerPeer], idle: float) -> None:
        self._people = people
        self._idle = idle
        self._loop = asyncio.get_running_loop()
        self._cpu_s, self._wall_s = self._cpu_now_s(), self._loop.time()

    @classmethod
    async def started(cls, people: tuple[MessengerPeer, MessengerPeer]) -> "MessengerStopwatch":
        """See what they take while nobody speaks, and start."""
        idle = cls(people, 0.0)
        await asyncio.sleep(_IDLE_S)
        return cls(people, (idle._cpu_now_s() - idle._cpu_s) / _IDLE_S)

    async def ms_each(self, count: int) -> tuple[float, float]:
        """Return wall and processor milliseconds of each message, acknowledgements included."""
        wall_s = self._loop.time() - self._wall_s
        await asyncio.sleep(_SETTLE_S)
        idle_s = self._idle * (self._loop.time() - self._wall_s)
        cpu_s = max(0.0, self._cpu_now_s() - self._cpu_s - idle_s)
        return wall_s / count * 1000, cpu_s / count * 1000

    def _cpu_now_s(self) -> float:
        return sum(person.cpu_s for person in self._people)


@asynccontextmanager
async def _one(program: Path, database: Path, *arguments: str) -> AsyncIterator[MessengerPeer]:
    """Run one on the tested core.

    Raises:
        BenchmarkError: It does not start.
    """
    process = await asyncio.create_subprocess_exec(
        program,
        *("-transport", "whisper", "-datasync=true", "-db", str(database), *arguments),
        stdin=PIPE,
        stdout=PIPE,
        limit=_LINE_BYTES_MAX,
        preexec_fn=partial(prepare, tested_core()),
    )
    assert process.stdout is not None
    try:
        ready = json.loads(await process.stdout.readline() or b"{}")
        if ready.get("event") != "ready":
            raise BenchmarkError(f"{PEER} does not start")
        peer = MessengerPeer(process, ready)
        following = asyncio.ensure_future(peer.follow())
        try:
            yield peer
        finally:
            following.cancel()
    finally:
        with suppress(ProcessLookupError):
            process.kill()  # Its database is thrown away.
        await process.wait()
