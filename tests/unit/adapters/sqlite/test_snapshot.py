import itertools
import stat
import threading
from pathlib import Path
from typing import Final

import pytest

from contract.conftest import PASSWORD, QUICK
from contract.made import chat, message, session
from sottovoce.adapters.sqlite import migration
from sottovoce.adapters.sqlite.database import Database, DatabaseSettings
from sottovoce.adapters.sqlite.file import PAGE_BYTES
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.adapters.sqlite.snapshot import (
    DatabaseContents,
    copy_database,
    inspect_database,
    settle_copy,
)
from sottovoce.base.errors import StorageError, StoreFileError
from sottovoce.chat.records import Device
from unit.adapters.sqlite.faulty_disk import CIPHERED_NAME, PLAN, Fault, plug_in

ON_FAULTY_DISK: Final = DatabaseSettings(kdf_iterations=QUICK.kdf_iterations, vfs=CIPHERED_NAME)


def opened(path: Path, *, create: bool = False) -> SqlitePersonStore:
    return open_person_store(path, PASSWORD, create=create, settings=QUICK)


def write(store: SqlitePersonStore, n: int) -> None:
    store.begin()
    store.chat.save_message(message(n, text="x" * 2000))
    store.below_chat.secure.save_session(session(1), bytes([n % 256]))
    store.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one chat, two messages, keys and a device."""
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "anna.db"
    store = opened(path, create=True)
    store.begin()
    store.openings.note()
    store.chat.save_chat(chat("lobby"))
    store.below_chat.secure.save_own(b"own")
    store.chat.save_device(Device("laptop", is_this=True))
    store.chat.save_device(Device("phone", enabled=True))
    store.commit()
    write(store, 1)
    write(store, 2)
    store.close()
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


def looked_into(copy: Path) -> DatabaseContents:
    return inspect_database(copy, PASSWORD, QUICK, name="copy")


def test_copy_has_everything_that_was_committed(path: Path, copy: Path) -> None:
    contents = copy_database(path, copy, PASSWORD, QUICK)
    assert contents == looked_into(copy) == DatabaseContents({"public": 1}, 0, 2)
    store = opened(copy)
    assert store.below_chat.secure.load_own() == b"own"
    assert store.chat.load_message(message(2).id) == message(2, text="x" * 2000)
    store.close()


def test_copy_is_its_owners_alone_and_encrypted(path: Path, copy: Path) -> None:
    copy_database(path, copy, PASSWORD, QUICK)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert b"SQLite format 3" not in copy.read_bytes()
    assert sorted(each.name for each in copy.parent.glob("copy.db*")) == ["copy.db"]


def test_copy_of_a_database_that_is_being_written_is_of_one_moment(path: Path, copy: Path) -> None:
    store, stop = opened(path), threading.Event()

    def work() -> None:
        n = 2
        while not stop.is_set():
            n += 1
            write(store, n)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        counts = []
        for number in range(4):
            each = copy.with_name(f"copy-{number}.db")
            counts.append(copy_database(path, each, PASSWORD, QUICK).messages)
            other = opened(each)
            assert other.below_chat.secure.load_session(session(1)) == bytes([counts[-1] % 256])
            other.close()
    finally:
        stop.set()
        writer.join()
        store.close()
    assert counts == sorted(counts)


def test_what_is_not_committed_is_not_in_the_copy(path: Path, copy: Path) -> None:
    store = opened(path)
    store.begin()
    store.chat.save_message(message(9))
    assert copy_database(path, copy, PASSWORD, QUICK).messages == 2
    store.rollback()
    store.close()


def test_copy_leaves_the_writer_alone(path: Path, copy: Path) -> None:
    store = opened(path)
    copy_database(path, copy, PASSWORD, QUICK)
    write(store, 3)
    store.close()
    store = opened(path)
    assert not store.openings.was_restored()
    store.close()


def test_database_that_is_not_there_is_said(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(StoreFileError, match="there is no database"):
        copy_database(tmp_path / "nothing.db", copy, PASSWORD, QUICK)


def test_wrong_password_is_said(path: Path, copy: Path) -> None:
    with pytest.raises(StoreFileError, match="does not open"):
        copy_database(path, copy, DatabasePassword("wrong"), QUICK)


def test_damaged_page_is_noticed_while_it_is_copied(path: Path, copy: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // PAGE_BYTES, 3):
        damaged = content.copy()
        damaged[page * PAGE_BYTES + 100] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(StoreFileError, match=r"anna\.db .*damaged"):
            copy_database(path, copy, PASSWORD, QUICK)
        copy.unlink(missing_ok=True)


def test_place_that_is_taken_is_said(path: Path, copy: Path) -> None:
    copy.write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be made: File exists"):
        copy_database(path, copy, PASSWORD, QUICK)


def failure_of_copying(path: Path, copy: Path) -> str:
    try:
        copy_database(path, copy, PASSWORD, ON_FAULTY_DISK)
    except StorageError as failure:
        return str(failure)
    return ""


def test_full_disk_is_said_whichever_write_fails(path: Path, tmp_path: Path) -> None:
    plug_in()
    for at in itertools.count(1, 7):
        PLAN.begin(Fault.FULL, at, lasts=True)
        said = failure_of_copying(path, tmp_path / f"{at}.db")
        if not PLAN.fired:
            break
        assert "copy in" in said
        assert "the disk is full; make room" in said
    PLAN.heal()
    assert at > 30
    assert looked_into(tmp_path / f"{at}.db").messages == 2


def test_older_tables_are_copied_as_they_are(
    path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = (*migration.steps(), "CREATE TABLE extra (a);")
    monkeypatch.setattr(migration, "steps", lambda: more)
    assert copy_database(path, copy, PASSWORD, QUICK).messages == 2
    database = Database.in_file(copy, PASSWORD, QUICK, create=False)
    assert database.writing.rows("SELECT * FROM extra") == []
    database.close()


def test_table_that_contradicts_its_index_is_noticed(path: Path, copy: Path) -> None:
    database = Database.in_file(path, PASSWORD, QUICK, create=False)
    raw = database.writing._raw
    for statement in (
        "CREATE INDEX extra ON messages (clock, id)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'clock, id', 'id, clock') "
        "WHERE name = 'extra'",
    ):
        raw.execute(statement).fetchall()
    database.close()
    with pytest.raises(StoreFileError, match=r"anna\.db is damaged; bring a backup back"):
        copy_database(path, copy, PASSWORD, QUICK)


@pytest.mark.parametrize("as_new_device", [False, True])
def test_settled_copy_knows_itself_for_an_older_state(path: Path, *, as_new_device: bool) -> None:
    settle_copy(path, PASSWORD, QUICK, as_new_device=as_new_device)
    store = opened(path)
    assert store.openings.was_restored()
    store.close()


def test_copy_for_a_new_device_has_nothing_of_the_old_one(path: Path) -> None:
    settle_copy(path, PASSWORD, QUICK, as_new_device=True)
    store = opened(path)
    secure = store.below_chat.secure
    assert (secure.load_own(), list(secure.sessions())) == (None, [])
    assert [it.installation_id for it in store.chat.devices()] == ["phone"]
    assert store.chat.load_message(message(1).id) is not None
    store.close()


def test_copy_for_the_same_device_keeps_what_still_opens(path: Path) -> None:
    settle_copy(path, PASSWORD, QUICK, as_new_device=False)
    store = opened(path)
    secure = store.below_chat.secure
    assert (secure.load_own(), list(secure.sessions())) == (b"own", [session(1)])
    store.close()
