"""Numbered steps, and files of older versions."""

from importlib import resources
from pathlib import Path
from typing import Final

import apsw
import pytest

from contract.conftest import PASSWORD, QUICK
from contract.made import CHAIN, message, message_id, message_keys, person, reaction, session
from sottovoce.adapters.sqlite import migration
from sottovoce.adapters.sqlite.database import Database
from sottovoce.adapters.sqlite.key import derive_key
from sottovoce.adapters.sqlite.person_store import open_person_store
from sottovoce.base.errors import StorageError
from sottovoce.sync.records import MessageId

# A database of version 1 as SQL, recorded when that version was the newest.
VERSION_1: Final = Path(__file__).parent / "data" / "version_1.sql"
SALT: Final = bytes(range(16))


def build(path: Path, sql: str) -> None:
    """Make the encrypted file that the recorded statements describe."""
    connection = apsw.Connection(str(path))
    key = derive_key(PASSWORD, SALT, iterations=QUICK.kdf_iterations)
    for setting in ("cipher='sqlcipher'", "legacy=4", f'key="{key.pragma}"'):
        connection.execute(f"PRAGMA {setting}").fetchall()
    connection.execute(f"BEGIN; {sql} COMMIT;").fetchall()
    connection.close()


def test_file_of_version_1_opens_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    build(path, VERSION_1.read_text(encoding="utf-8"))
    store = open_person_store(path, PASSWORD, create=False, settings=QUICK)
    below, history = store.below_chat, store.open_history()
    assert below.secure.load_own() == b"own"
    assert below.secure.load_session(session(1)) == b"record"
    assert below.secure.load_message_key(session(1), CHAIN, 7) == message_keys(7)[0].key
    assert below.sync.has_received(person(1), MessageId(b"r" * 32))
    assert [it.body_bytes for it in below.sync.waiting()] == [4]
    assert [it.raw for it in below.stack.submissions()] == [b"raw"]
    assert store.chat.load_message(message_id(1)) == message(1, text="hello old friend")
    assert history.search("old fri", chat_id=None, before=None, limit=9) == [
        message(1, text="hello old friend")
    ]
    assert history.reactions([message_id(1)]) == [reaction(1, 5)]
    assert [it.nickname for it in history.list_contacts()] == ["Bruno"]
    history.close()
    store.close()


def test_first_step_is_the_one_of_version_1() -> None:
    step = resources.files("sottovoce.adapters.sqlite.migrations") / "0001_first_tables.sql"
    assert VERSION_1.read_text(encoding="utf-8").startswith(step.read_text(encoding="utf-8"))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps, to be changed by the test."""
    more = [*migration.steps()]
    monkeypatch.setattr(migration, "steps", lambda: tuple(more))
    return more


def test_each_step_counts_by_itself(tmp_path: Path, steps: list[str]) -> None:
    path = tmp_path / "anna.db"
    Database.in_file(path, PASSWORD, QUICK, create=True).close()
    steps += ["CREATE TABLE extra (a);", "CREATE TABLE more (a); nonsense;"]
    with pytest.raises(StorageError):
        Database.in_file(path, PASSWORD, QUICK, create=False)
    del steps[-1]
    database = Database.in_file(path, PASSWORD, QUICK, create=False)
    tables = [name for (name,) in database.writing.rows("SELECT name FROM sqlite_schema")]
    assert ("extra" in tables, "more" in tables) == (True, False)
    assert database.writing.rows("PRAGMA user_version") == [(len(steps),)]
    database.close()
