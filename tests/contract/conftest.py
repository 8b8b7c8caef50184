"""Each store of each kind, under one name."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.sqlite.database import DatabaseSettings
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.chat.feed_memory import MemoryFeedStore
from sottovoce.chat.feed_stores import FeedStore
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.stores import ChatStore, HistoryReader
from sottovoce.mail.memory_store import MemoryMailStore
from sottovoce.mail.stores import MailStore
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.stores import SecureStore
from sottovoce.stack.memory_store import MemoryStackStore
from sottovoce.stack.stores import StackStore
from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.stores import SyncStore

PASSWORD = DatabasePassword("correct horse")
# Deriving keys as slowly as in life would take most of the suite's time.
QUICK = DatabaseSettings(kdf_iterations=2)


class Fed(NamedTuple):
    """What feeds keep, beside the chats that they are about."""

    store: FeedStore
    chats: ChatStore


class Kept(NamedTuple):
    """What is written, and the one who reads it once `commit` was called."""

    store: ChatStore
    history: HistoryReader
    person: SqlitePersonStore | None

    def commit(self) -> None:
        if self.person is not None:
            self.person.commit()
            self.person.begin()


@pytest.fixture(params=["dictionaries", "sqlite"])
def begun(request: pytest.FixtureRequest) -> Iterator[SqlitePersonStore | None]:
    """A person's store in a transaction, or None where dictionaries are to be used."""
    if request.param == "dictionaries":
        yield None
        return
    store = MemoryPersonStore()
    store.begin()
    yield store
    store.commit()
    store.close()


@pytest.fixture
def secure_store(begun: SqlitePersonStore | None) -> SecureStore:
    return MemoryStore() if begun is None else begun.below_chat.secure


@pytest.fixture
def sync_store(begun: SqlitePersonStore | None) -> SyncStore:
    return MemorySyncStore() if begun is None else begun.below_chat.sync


@pytest.fixture
def stack_store(begun: SqlitePersonStore | None) -> StackStore:
    return MemoryStackStore() if begun is None else begun.below_chat.stack


@pytest.fixture
def fed(begun: SqlitePersonStore | None) -> Fed:
    if begun is None:
        dictionaries = MemoryChatStore()
        return Fed(MemoryFeedStore(dictionaries), dictionaries)
    return Fed(begun.feed, begun.chat)


@pytest.fixture
def mail_store(begun: SqlitePersonStore | None) -> MailStore:
    return MemoryMailStore() if begun is None else begun.mail


@pytest.fixture
def kept(begun: SqlitePersonStore | None) -> Iterator[Kept]:
    """Chats, and their history."""
    if begun is None:
        dictionaries = MemoryChatStore()
        yield Kept(dictionaries, dictionaries, None)
        return
    history = begun.open_history()
    yield Kept(begun.chat, history, begun)
    history.close()


@pytest.fixture(params=["memory", "file"])
def person_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlitePersonStore]:
    if request.param == "memory":
        store: SqlitePersonStore = MemoryPersonStore()
    else:
        store = open_person_store(tmp_path / "anna.db", PASSWORD, create=True, settings=QUICK)
    yield store
    store.close()
