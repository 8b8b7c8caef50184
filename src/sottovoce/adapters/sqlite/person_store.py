"""Everything that one person keeps, in one encrypted file: the port of the person's lane.

Spec: docs/reference/storage.md.
"""

from pathlib import Path

from typing_extensions import override

from sottovoce.adapters.sqlite.chat_store import SqliteChatStore
from sottovoce.adapters.sqlite.database import Database, DatabaseSettings
from sottovoce.adapters.sqlite.feed_store import SqliteFeedStore
from sottovoce.adapters.sqlite.history import SqliteHistory
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.mail_store import SqliteMailStore
from sottovoce.adapters.sqlite.opening import Openings
from sottovoce.adapters.sqlite.secure_store import SqliteSecureStore
from sottovoce.adapters.sqlite.stack_store import SqliteStackStore
from sottovoce.adapters.sqlite.sync_store import SqliteSyncStore
from sottovoce.chat.feed_stores import FeedStore
from sottovoce.chat.stores import ChatStore
from sottovoce.mail.stores import MailStore
from sottovoce.node.person_store import PersonStore
from sottovoce.stack.stores import StackStores


class SqlitePersonStore(PersonStore):
    """A `PersonStore` of one database.

    Attributes:
        openings: Whether an older copy has taken its place.

    Args:
        database: The open database; it belongs to this object from now on.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._db = database.writing
        self._sync = SqliteSyncStore(self._db)
        self._secure = SqliteSecureStore(self._db)
        self._below_chat = StackStores(
            secure=self._secure, sync=self._sync, stack=SqliteStackStore(self._db)
        )
        self._chat = SqliteChatStore(self._db)
        self._feed = SqliteFeedStore(self._db)
        self._mail = SqliteMailStore(self._db)
        self.openings = Openings(self._db, database.path)

    @property
    @override
    def below_chat(self) -> StackStores:
        return self._below_chat

    @property
    @override
    def chat(self) -> ChatStore:
        return self._chat

    @property
    @override
    def feed(self) -> FeedStore:
        return self._feed

    @property
    @override
    def mail(self) -> MailStore:
        return self._mail

    @property
    @override
    def wrote(self) -> bool:
        return self._db.wrote

    @override
    def begin(self) -> None:
        self._db.begin()

    @override
    def commit(self) -> None:
        self._db.commit()

    @override
    def rollback(self) -> None:
        if self._db.wrote:
            self._sync.forget()
            self._secure.forget()
            self._chat.forget()
        self._db.rollback()

    def open_history(self) -> SqliteHistory:
        """Open a further connection for reading history; close it before the store.

        Raises:
            StorageError: The database cannot be read any more.
        """
        return SqliteHistory(self._database.open_reader())

    @override
    def close(self) -> None:
        self._database.close()


def open_person_store(
    path: Path,
    password: DatabasePassword,
    *,
    create: bool,
    settings: DatabaseSettings | None = None,
) -> SqlitePersonStore:
    """Open a person's file, or make it; deriving the key takes a tenth of a second.

    Args:
        path: The file; its log and its lock stand beside it.
        password: What locks it.
        create: Whether to make a new file, where there is none yet.
        settings: How to open it; as SQLCipher 4 does, unless a test says otherwise.

    Raises:
        StorageError: There is no such file, or there is one already; another process has it open;
            it is damaged or not ours; the password is wrong; a newer program made it.
    """
    settings = settings or DatabaseSettings()
    return SqlitePersonStore(Database.in_file(path, password, settings, create=create))
