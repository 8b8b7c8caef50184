"""``sottovoce demo``: people talk through a line of relays, with all that can happen to them.

The relays and a mailserver run in this process; Anna and Bruno, and later Carla and Anna's phone,
are processes of their own, each with an account and an encrypted database in a temporary directory.
All of them meet over real TCP on the loopback address. In the end all databases are read back:
every message must be there exactly once, and nothing with somebody who was removed before it was
said.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from sottovoce.app.accounts import create_account, recover_account
from sottovoce.cli.demo_away import play_away
from sottovoce.cli.demo_check import Kept, find_faults, find_unsure, read_back, read_copy
from sottovoce.cli.demo_devices import play_both_devices, play_pairing
from sottovoce.cli.demo_group import play_group
from sottovoce.cli.demo_line import RelayLine, relay_line
from sottovoce.cli.demo_mail import DemoMailserver
from sottovoce.cli.demo_people import Person
from sottovoce.cli.demo_person import PersonProcess
from sottovoce.cli.demo_play import (
    Stage,
    play_crash,
    play_in_private,
    play_in_public,
    play_keys,
    said_by,
    said_to,
    settle,
)
from sottovoce.cli.demo_transcript import Transcript
from sottovoce.cli.output import CommandError, ExitCode, Output
from sottovoce.gossip.settings import GossipSettings
from sottovoce.identity.keystore_kdf import LIGHT
from sottovoce.sdk.control_client import ControlClient

_PASSWORD_BYTES: Final = 16


async def run_demo(
    *, relay_count: int, as_json: bool, relay_settings: GossipSettings | None = None
) -> None:
    """Build the line, let people talk, and check what they have in the end.

    Args:
        relay_count: Relays between the two people.
        as_json: Print JSON lines.
        relay_settings: Settings of every relay.

    Raises:
        CommandError: A message is missing, twice or elsewhere, or a process failed.
    """
    started_s = time.monotonic()
    password = secrets.token_hex(_PASSWORD_BYTES)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sottovoce-demo-")))
        # Their own, for they are switched off before the end.
        relays = await stack.enter_async_context(AsyncExitStack())
        line = await relays.enter_async_context(relay_line(relay_count, relay_settings))
        mail = DemoMailserver(folder / "archive.db", relay_settings)
        stack.push_async_callback(mail.stop)
        await mail.start([line.middle])
        show = _Show(folder, password, Transcript(Output(as_json=as_json)))
        try:
            await show.play(line, _Machines(line, relays, mail))
        except CommandError as error:
            raise CommandError("; ".join((str(error), *line.drops())), error.code) from None
        faults = await show.check(started_s)
    if faults:
        raise CommandError("; ".join(faults), ExitCode.NOT_DELIVERED)


class _Machines:
    """What becomes of the machines when somebody is away.

    Args:
        line: The relays.
        relays: What ends them.
        mail: The mailserver.
    """

    def __init__(self, line: RelayLine, relays: AsyncExitStack, mail: DemoMailserver) -> None:
        self._line = line
        self._relays = relays
        self._mail = mail
        self.process: PersonProcess | None = None
        self.come_back: Callable[[], Awaitable[None]] | None = None

    @property
    def mailserver(self) -> str:
        return self._mail.enode

    async def switch_off(self) -> None:
        assert self.process is not None, "nobody is there"
        await self.process.stop()

    async def archived(self) -> int:
        return await self._mail.has_all_of(self._line.relays[0])

    async def leave_mailserver_alone(self) -> None:
        await self._relays.aclose()
        await self._mail.stop()
        await self._mail.start()

    async def switch_on(self) -> float:
        assert self.process is not None, "nobody is there"
        assert self.come_back is not None, "nobody is there"
        started_s = time.monotonic()
        self.process.dial(self._mail.enode)
        await self.process.start()
        await self.come_back()
        return started_s


class _Show:
    """The processes of people, and what is played with them.

    Args:
        folder: An empty directory.
        password: The password of all accounts.
        transcript: Where it is told.
    """

    def __init__(self, folder: Path, password: str, transcript: Transcript) -> None:
        self._folder = folder
        self._password = password
        self._transcript = transcript
        self._at_crash: Kept | None = None
        self._stage: Stage | None = None
        self._phrases: dict[str, str] = {}
        self._later: list[Person] = []

    async def play(self, line: RelayLine, machines: _Machines) -> None:
        """Play all scenes.

        Raises:
            CommandError: A process failed, or a message did not arrive.
        """
        async with AsyncExitStack() as stack:
            processes = [
                await stack.enter_async_context(self._process(name, enode))
                for name, enode in zip(("Anna", "Bruno"), line.ends, strict=True)
            ]
            left_port, right_port = await _together(processes)
            people = [await self._person(stack, each) for each in processes]
            self._transcript.network(len(line.relays), {each.name: each.pid for each in processes})
            hops = line.hops(left_port, right_port)
            self._stage = stage = Stage(people[0], people[1], hops, self._transcript, [])
            await play_in_public(stage)
            await play_keys(stage)
            await play_in_private(stage)
            more = await self._more_processes(stack, line.middle)

            async def restart() -> None:
                await self._restart(stack, processes[1], people[1])
                more.start()  # What the crash delayed leaves time for it.

            await play_crash(stage, lambda: self._kill(processes[1]), restart)
            await settle(stage)
            carla, phone = self._later = await self._more_people(stack, more)
            await play_pairing(stage, phone)
            group = await play_group(stage, carla)
            await play_both_devices(stage, phone, group)

            async def come_back() -> None:
                await people[1].come_back(await self._port(stack, processes[1]))

            machines.process, machines.come_back = processes[1], come_back
            await play_away(stage, phone, group, machines)

    async def _more_processes(self, stack: AsyncExitStack, enode: str) -> "_Starting":
        """Give Carla, and Anna's phone with an account that is made from her phrase."""
        phrase = self._phrases["Anna"]
        more = _Starting(
            [
                await stack.enter_async_context(self._process("Carla", enode)),
                await stack.enter_async_context(self._process("Anna's phone", enode, phrase)),
            ]
        )
        stack.push_async_callback(more.cancel)
        return more

    async def _more_people(self, stack: AsyncExitStack, more: "_Starting") -> list[Person]:
        await more.finished()
        self._transcript.joined_in({each.name: each.pid for each in more.processes})
        return [await self._person(stack, each) for each in more.processes]

    async def check(self, started_s: float) -> list[str]:
        """Read both databases back, tell what is in them, and return what is wrong.

        Args:
            started_s: When the demo began, in seconds of the monotonic clock.

        Raises:
            SottovoceError: A database cannot be read.
        """
        stage, at_crash = self._stage, self._at_crash
        assert stage is not None
        assert at_crash is not None
        people = (stage.anna, stage.bruno, *self._later)
        kept = {
            person.name: await asyncio.to_thread(
                read_back, self._folder / person.name, self._password
            )
            for person in people
        }
        said = said_to(stage, people)
        faults = [*find_faults(said, kept), *find_unsure(said_by(stage, people), kept)]
        faults += [
            f"{person.name} was told of a message twice"
            for person in people
            if any(count > 1 for count in person.heard.values())
        ]
        if not at_crash.sessions <= kept[stage.bruno.name].sessions:
            faults.append("the conversation went on in another session than before the crash")
        counts = {name: len(of_person.messages) for name, of_person in kept.items()}
        wall_s = time.monotonic() - started_s
        self._transcript.scene("The check", "All processes have ended; their databases are read.")
        said_counts = {name: len(messages) for name, messages in said.items()}
        self._transcript.check(counts, said_counts, faults, wall_s)
        return faults

    @asynccontextmanager
    async def _process(
        self, name: str, enode: str, phrase: str | None = None
    ) -> AsyncIterator[PersonProcess]:
        """Give a person whose process is not started yet, with the account of a phrase or a fresh.

        Args:
            name: Who it is.
            enode: The relay that the process dials.
            phrase: The account's recovery phrase; None for a fresh account.
        """
        data_dir = self._folder / name
        data_dir.mkdir(mode=0o700)
        # Not on a thread: one that an interrupt leaves behind would write where all is removed.
        if phrase is None:
            _, fresh = create_account(data_dir, name, self._password, cost=LIGHT)
            self._phrases[name] = fresh.text
        else:
            recover_account(data_dir, phrase, name, self._password, cost=LIGHT)
        process = PersonProcess(name, data_dir, self._password, enode)
        try:
            yield process
        except BaseException:
            await process.kill()
            raise
        await process.stop()

    async def _person(self, stack: AsyncExitStack, process: PersonProcess) -> Person:
        """Give who is in a running process, listening."""
        person = Person(process.name, await self._port(stack, process))
        await person.listen()
        stack.push_async_callback(person.stop_listening)
        return person

    async def _port(self, stack: AsyncExitStack, process: PersonProcess) -> ControlClient:
        return await stack.enter_async_context(ControlClient(process.data_dir))

    async def _kill(self, process: PersonProcess) -> None:
        await process.kill()
        self._at_crash = await asyncio.to_thread(read_copy, process.data_dir, self._password)
        self._transcript.killed(process.name, process.pid, self._at_crash)

    async def _restart(self, stack: AsyncExitStack, process: PersonProcess, person: Person) -> None:
        started_s = time.monotonic()
        await process.start()
        self._transcript.restarted(process.name, process.pid, time.monotonic() - started_s)
        await person.come_back(await self._port(stack, process))


class _Starting:
    """Processes that start while something else happens.

    Args:
        processes: Which.
    """

    def __init__(self, processes: list[PersonProcess]) -> None:
        self.processes = processes
        self._work: asyncio.Future[list[int]] | None = None

    def start(self) -> None:
        """Begin to start them."""
        self._work = asyncio.ensure_future(_together(self.processes))

    async def finished(self) -> None:
        """Wait until all are ready.

        Raises:
            CommandError: One did not get ready.
        """
        assert self._work is not None, "they were not started"
        await self._work

    async def cancel(self) -> None:
        """Start no more; harmless when all are ready."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)


async def _together(processes: list[PersonProcess]) -> list[int]:
    """Start processes at the same time; returns the port of each one's connection.

    Raises:
        CommandError: One did not get ready.
    """
    return list(await asyncio.gather(*(process.start() for process in processes)))
