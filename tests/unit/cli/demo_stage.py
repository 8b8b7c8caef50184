"""The people of the demo in this process, and nobody is killed.

They are on real nodes with real databases, or on a network in memory, on virtual time.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sottovoce.app.accounts import create_account
from sottovoce.base.secret import PrivateKey
from sottovoce.cli.demo_line import relay_line
from sottovoce.cli.demo_people import Person
from sottovoce.cli.demo_play import Stage
from sottovoce.cli.demo_transcript import Transcript
from sottovoce.cli.output import Output
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.sdk.client import Client
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA as ANNA
from unit.cli.person_records import BRUNO
from unit.sdk.line import PROMPT

PASSWORD = "open, please"
CHEAP = ScryptCost(2, 1, 1)


class Actor:
    """One person's node and messenger, which can go and come back."""

    def __init__(self, data_dir: Path, enode: str) -> None:
        self.data_dir = data_dir
        self._enode = enode
        self._stack = AsyncExitStack()

    async def come(self) -> tuple[Messenger, int]:
        """Start node and messenger; returns it and the port of its connection."""
        client = await self._stack.enter_async_context(Client(gossip=PROMPT))
        messenger = Messenger.open(self.data_dir, password=PASSWORD, client=client)
        await self._stack.enter_async_context(messenger)
        # Not before somebody listens to what the relay hands over.
        await client.connect(self._enode)
        [stream] = client.statistics().streams
        return messenger, stream.local_port

    async def go(self) -> None:
        """Stop both."""
        await self._stack.aclose()


@asynccontextmanager
async def stage(folder: Path, relay_count: int = 1) -> AsyncIterator[tuple[Stage, list[Actor]]]:
    """Give Anna and Bruno at the ends of a line of relays."""
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(relay_line(relay_count, PROMPT))
        people, actors, ports = [], [], []
        for name, enode in zip(("Anna", "Bruno"), line.ends, strict=True):
            (folder / name).mkdir(mode=0o700)
            create_account(folder / name, name, PASSWORD, cost=CHEAP)
            actor = Actor(folder / name, enode)
            stack.push_async_callback(actor.go)
            messenger, port = await actor.come()
            person = Person(name, messenger)
            await person.listen()
            stack.push_async_callback(person.stop_listening)
            people.append(person)
            actors.append(actor)
            ports.append(port)
        transcript = Transcript(Output(as_json=True))
        yield Stage(people[0], people[1], line.hops(*ports), transcript, []), actors


@asynccontextmanager
async def cast_of(
    network: MemoryNetwork, third: str, identity: PrivateKey | None = None
) -> AsyncIterator[tuple[Stage, Person]]:
    """Give Anna and Bruno, who are contacts, and a third person, all connected to Anna."""
    async with AsyncExitStack() as stack:
        people: list[Person] = []
        hub: str | None = None
        for name, key in (("Anna", ANNA.private), ("Bruno", BRUNO.private), (third, identity)):
            # Whom all are connected to is a full node: the others hear each other through it.
            client = network.client() if hub else network.relay()
            messenger = await stack.enter_async_context(
                Messenger.in_memory(key, client=client, is_owned=True)
            )
            if hub is None:
                hub = messenger.enode
            else:
                await messenger.connect(hub)
            people.append(Person(name, messenger))
            await people[-1].listen()
            stack.push_async_callback(people[-1].stop_listening)
        anna, bruno, other = people
        await anna.port.add_contact(bruno.port.public_key, nickname="Bruno")
        await bruno.port.add_contact(anna.port.public_key, nickname="Anna")
        yield Stage(anna, bruno, (), Transcript(Output(as_json=True)), []), other
