"""Two people with real databases, whose nodes talk over real TCP, in this process.

Nothing is held back on purpose: the random wait of one's own envelopes is off. Everything else is
as people have it: sessions, data sync, sealing, proof of work, and a commit that reaches the disk
before anything leaves.
"""

import asyncio
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from bench.errors import BenchmarkError
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.sqlite.database import DatabaseSettings
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.app.person import OpenedStore, PersonSettings
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.records import MessageState
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import GossipSettings
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.sdk.client import Client
from sottovoce.sdk.events import EventSubscription, MessageReceived, MessageStateChanged
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.ready import Ready
from sottovoce.secure.facts import Secrecy

TEXT: Final = "x" * 400
TIMEOUT_S: Final = 120.0
PROMPT: Final = GossipSettings(own_delay_s_max=0.0)
PASSWORD: Final = DatabasePassword("of a benchmark")


class Counting(ABC):
    """Somebody who speaks to one other person, and counts what comes of it.

    Attributes:
        heard: How many messages of the other one they have.
        acknowledged: How many of theirs the other one has acknowledged.
        has_session: Whether the last message came on a session.
    """

    def __init__(self) -> None:
        self.heard = 0
        self.acknowledged = 0
        self.has_session = False
        self._changed = asyncio.Event()

    @property
    @abstractmethod
    def commits(self) -> int:
        """How many transactions were stored."""

    @abstractmethod
    async def say(self) -> None:
        """Say 400 bytes."""

    def note(
        self, *, heard: int = 0, acknowledged: int = 0, has_session: bool | None = None
    ) -> None:
        """Count what arrived."""
        self.heard += heard
        self.acknowledged += acknowledged
        if has_session is not None:
            self.has_session = has_session
        self._changed.set()

    async def until(self, *, heard: int = 0, acknowledged: int = 0) -> None:
        """Wait until so much has come.

        Raises:
            BenchmarkError: It has not.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while self.heard < heard or self.acknowledged < acknowledged:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchmarkError("a message between two people did not arrive") from None


class Person(Counting):
    """Somebody with a node.

    Attributes:
        messenger: What they can do.
        other: The other one.
    """

    def __init__(self, messenger: Messenger, other: PublicKey) -> None:
        super().__init__()
        self.messenger = messenger
        self.other = other

    @property
    @override
    def commits(self) -> int:
        return self.messenger.lane_statistics().commits

    @override
    async def say(self) -> None:
        # It is stored when this returns.
        await self.messenger.send(self.other, TEXT)

    async def follow(self, events: EventSubscription) -> None:
        """Count what arrives."""
        async for event in events:
            match event:
                case MessageReceived(message):
                    self.note(heard=1, has_session=message.secrecy is Secrecy.RATCHET)
                case MessageStateChanged(message) if message.state is MessageState.ACKNOWLEDGED:
                    self.note(acknowledged=1)
                case _:
                    pass


@asynccontextmanager
async def two_people(place: Path, vfs: str = "") -> AsyncIterator[tuple[Person, Person]]:
    """Give two people who know each other and have talked, so that their session turns.

    Args:
        place: Where a folder for their databases is made.
        vfs: SQLite's name of the file system to use; empty for its own.
    """
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        async with messenger(folder / "bruno", Client(gossip=PROMPT), vfs) as bruno:
            assert bruno.enode is not None
            client = Client(listen=None, gossip=PROMPT, peers=[bruno.enode])
            async with messenger(folder / "anna", client, vfs) as anna:
                people = Person(anna, bruno.public_key), Person(bruno, anna.public_key)
                following = [
                    asyncio.ensure_future(person.follow(await person.messenger.events()))
                    for person in people
                ]
                try:
                    link = await bruno.link(with_bundle=True)
                    await anna.add_contact(link)
                    await bruno.add_contact(anna.public_key)
                    await become_acquainted(people)
                    yield people
                finally:
                    for task in following:
                        task.cancel()
                    await asyncio.gather(*following, return_exceptions=True)


@asynccontextmanager
async def messenger(
    path: Path | None,
    client: Client,
    vfs: str = "",
    *,
    identity: PrivateKey | None = None,
    owned: bool = True,
) -> AsyncIterator[Messenger]:
    """Give a person with a fresh database.

    Args:
        path: The file of the database, or None to have one in memory, which never syncs.
        client: Their node.
        vfs: SQLite's name of the file system to use; empty for its own.
        identity: Who it is, or None for a fresh key.
        owned: Whether the node is still to be started, and stopped in the end.
    """
    key = identity or secp256k1.generate_private_key(SystemEntropy())
    person = PersonSettings(key, secp256k1.public_key(key).raw[:16].hex())

    async def prepare() -> Ready:
        if path is None:
            store: SqlitePersonStore = MemoryPersonStore()
        else:
            settings = DatabaseSettings(vfs=vfs)
            store = open_person_store(path, PASSWORD, create=True, settings=settings)
        return Ready(person, OpenedStore(store, store.open_history()), client, owned=owned)

    async with Messenger(prepare) as running:
        yield running


async def become_acquainted(people: tuple[Counting, Counting]) -> None:
    """Let two people talk until both sides of the ratchet have turned.

    Raises:
        BenchmarkError: They have no session.
    """
    anna, bruno = people
    for _ in range(3):
        for speaker, listener in ((anna, bruno), (bruno, anna)):
            heard, acknowledged = listener.heard, speaker.acknowledged
            await speaker.say()
            await listener.until(heard=heard + 1)
            await speaker.until(acknowledged=acknowledged + 1)
    if not (anna.has_session and bruno.has_session):
        raise BenchmarkError("the two have no session")


class Stopwatch:
    """Processor and wall time since it was made."""

    def __init__(self) -> None:
        self._cpu_s = time.process_time()
        self._wall_s = time.perf_counter()

    def ms_each(self, count: int) -> tuple[float, float]:
        """Return wall and processor milliseconds of each of several things."""
        wall_s = time.perf_counter() - self._wall_s
        cpu_s = time.process_time() - self._cpu_s
        return wall_s / count * 1000, cpu_s / count * 1000
