"""One running person: store, lane and reader, built from settings.

The node stands beside it and is somebody else's; the two know each other through `Owner` alone.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.sqlite.history import SqliteHistory
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import StorageError
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.stores import HistoryReader
from sottovoce.gossip.filters import Filter
from sottovoce.mail.settings import ClientSettings
from sottovoce.node.person import Person
from sottovoce.node.restored import start_anew
from sottovoce.runtime.person_lane import PersonLane
from sottovoce.runtime.person_ports import Owner
from sottovoce.runtime.system_clock import read_clock
from sottovoce.stack.settings import StackSettings

ReadT = TypeVar("ReadT")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DatabasePlace:
    """Where a person's messages are kept.

    Attributes:
        path: The file; it need not exist.
        password: What locks it.
    """

    path: Path
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """What one person is made of.

    Attributes:
        identity: Who it is.
        installation_id: The name of this device.
        database: Where messages are kept, or None to keep nothing.
        stack: Times and targets.
        mail: How history is fetched.
    """

    identity: PrivateKey = field(repr=False)
    installation_id: str
    database: DatabasePlace | None = None
    stack: StackSettings = field(default_factory=StackSettings)
    mail: ClientSettings = field(default_factory=ClientSettings)


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A person's store, and a second connection that reads its history."""

    store: SqlitePersonStore
    history: SqliteHistory

    def close(self) -> None:
        """Close both, when nobody runs the store.

        Raises:
            StorageError: The disk reports an error; what was committed is there.
        """
        self.history.close()
        self.store.close()


class RunningPerson:
    """A person that runs; `start_person` makes it.

    Attributes:
        lane: Its lane.
    """

    def __init__(self, lane: PersonLane, opened: OpenedStore) -> None:
        self.lane = lane
        self._opened = opened
        self._reading = ThreadPoolExecutor(1, "sottovoce-history")

    async def read(self, how: Callable[[HistoryReader], ReadT]) -> ReadT:
        """Read what was committed, on a thread.

        Raises:
            StorageError: It cannot be read.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, how, self._opened.history)

    async def stop(self) -> None:
        """Store what waits and close the store."""
        await self._close_history()
        await self.lane.stop()

    async def abandon(self) -> None:
        """Stop where it stands, as a crash would."""
        await self._close_history()
        await self.lane.abandon()

    async def _close_history(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reading, self._opened.history.close)
        self._reading.shutdown(wait=False)


def open_store(settings: PersonSettings, entropy: Entropy) -> OpenedStore:
    """Open a person's store; this takes a tenth of a second and more.

    Where an older copy has taken its place, nothing more is sent on the sessions in it.

    Args:
        settings: Who it is, and where messages are kept.
        entropy: Where keys are drawn from.

    Raises:
        StorageError: It is damaged, locked with another password, or in use.
        LocalProtocolError: A stored record is damaged.
    """
    database = settings.database
    if database is None:
        store: SqlitePersonStore = MemoryPersonStore()
    else:
        store = open_person_store(
            database.path,
            DatabasePassword(database.password),
            create=not database.path.exists(),
        )
    try:
        _note_opening(settings, store, entropy)
        return OpenedStore(store, store.open_history())
    except BaseException:
        store.close()
        raise


def _note_opening(settings: PersonSettings, store: SqlitePersonStore, entropy: Entropy) -> None:
    """Leave a mark of this opening, and start anew where the last mark does not fit.

    Raises:
        StorageError: What has to start anew cannot be written.
        LocalProtocolError: A stored record is damaged.
    """
    store.begin()
    was_restored = store.openings.was_restored()
    if was_restored:
        _log.warning("an older copy of the messages has taken their place; sessions start anew")
        start_anew(settings.identity, settings.installation_id, store, entropy, read_clock())
    try:
        store.openings.note()
        store.commit()
    except StorageError:
        if was_restored:
            raise
        # On a full disk there is still much to read. The last mark fits, or sessions start anew
        # next time, which harms nobody.
        store.rollback()


def start_person(
    settings: PersonSettings,
    opened: OpenedStore,
    entropy: Entropy,
    owner: Owner,
    *,
    first_number: int,
) -> RunningPerson:
    """Run a person on the running loop.

    Args:
        settings: Who it is.
        opened: What it keeps.
        entropy: Where keys and delays are drawn from.
        owner: Whom it serves.
        first_number: The first number of its range.
    """

    def make(now: Moment, *, installed: Mapping[int, Filter], first_number: int) -> Person:
        return Person(
            settings.identity,
            settings.installation_id,
            opened.store,
            entropy,
            now,
            settings.stack,
            mail=settings.mail,
            installed=installed,
            first_number=first_number,
        )

    lane = PersonLane(opened.store, make, owner, first_number=first_number)
    lane.start()
    return RunningPerson(lane, opened)
