"""People on a network in memory, and crashes of one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from typing_extensions import override

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.app.person import OpenedStore, PersonSettings
from sottovoce.base.secret import PrivateKey
from sottovoce.sdk.client import Client
from sottovoce.sdk.events import MessengerEvent
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.ready import Ready
from sottovoce.sdk.subscriptions import Subscription
from sottovoce.sdk.testing import MemoryNetwork


class Killed(BaseException):
    """The process is gone, as far as the lane is concerned."""


class LastingStore(MemoryPersonStore):
    """Outlives the crashes of who uses it, which happen around a given commit.

    Attributes:
        crash_at: Crash at the commit of this number, or never.
        before: Whether the crash comes before that commit, or after it.
        commit_count: Commits so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.crash_at: int | None = None
        self.before = False
        self.commit_count = 0

    @override
    def commit(self) -> None:
        self.commit_count += 1
        dies = self.commit_count == self.crash_at
        if dies and self.before:
            self.rollback()  # What a dead process had not committed is nowhere.
            raise Killed
        super().commit()
        if dies:
            raise Killed

    @override
    def close(self) -> None:
        self.rollback()

    def throw_away(self) -> None:
        super().close()


def messenger_on(
    store: LastingStore, client: Client, identity: PrivateKey, installation_id: str
) -> Messenger:
    """Make a messenger on a store that outlives it, with a node that does, too."""

    async def prepare() -> Ready:
        settings = PersonSettings(identity, installation_id)
        return Ready(settings, OpenedStore(store, store.open_history()), client, owned=False)

    return Messenger(prepare)


@asynccontextmanager
async def friends(network: MemoryNetwork) -> AsyncIterator[tuple[Messenger, Messenger]]:
    """Two people who are connected and have each other as contacts."""
    async with network.messenger() as anna, network.messenger() as bruno:
        await anna.connect(bruno.enode or "")
        await anna.add_contact(bruno.public_key, nickname="Bruno")
        await bruno.add_contact(anna.public_key, nickname="Anna")
        await asyncio.sleep(5)
        yield anna, bruno


async def heard(events: Subscription[MessengerEvent], kind: type[MessengerEvent]) -> MessengerEvent:
    """Return the next event of a kind."""
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError("the messenger was closed")
