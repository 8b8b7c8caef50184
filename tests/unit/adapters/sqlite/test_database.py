"""Opening: whose file it is, what opens it, and what is said of one that does not open."""

import fcntl
import os
import random
import re
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw
import pytest

from contract.conftest import PASSWORD, QUICK
from contract.made import CHAIN, message, message_id, message_keys, session
from sottovoce.adapters.sqlite.database import Database, DatabaseSettings, open_reader
from sottovoce.adapters.sqlite.file import PAGE_BYTES
from sottovoce.adapters.sqlite.history import open_history
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.migration import steps
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.base.errors import StorageError

MESSAGES: Final = 40
DAMAGES: Final = 200


def opened(path: Path, password: DatabasePassword = PASSWORD) -> SqlitePersonStore:
    return open_person_store(path, password, create=False, settings=QUICK)


def fill(path: Path) -> None:
    store = open_person_store(path, PASSWORD, create=True, settings=QUICK)
    store.begin()
    store.below_chat.secure.save_session(session(1), b"record" * 100)
    store.below_chat.secure.add_message_keys(session(1), message_keys(1), newest=9, above=-1)
    for n in range(MESSAGES):
        store.chat.save_message(message(n, text=f"text {n} " * 20))
    store.commit()
    store.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "anna.db"
    fill(path)
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(template, tmp_path / template.name))


def refusal(path: Path, password: DatabasePassword = PASSWORD, *, create: bool = False) -> str:
    with pytest.raises(StorageError) as caught:
        open_person_store(path, password, create=create, settings=QUICK)
    assert caught.value.__context__ is None
    return str(caught.value)


def test_file_is_of_sqlcipher_4_and_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "anna.db"
    fill(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    raw = path.read_bytes()
    assert len(raw) % PAGE_BYTES == 0
    assert b"SQLite" not in raw
    assert b"text 1" not in raw
    # As the program `sqlcipher` opens it, but for the rounds of key derivation.
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    for setting in ("cipher='sqlcipher'", "legacy=4", "kdf_iter=2", "key='correct horse'"):
        connection.execute(f"PRAGMA {setting}").fetchall()
    assert connection.execute("SELECT count(*) FROM messages").fetchall() == [(MESSAGES,)]
    connection.close()


def test_default_is_what_sqlcipher_4_does() -> None:
    assert DatabaseSettings().kdf_iterations == 256_000


def test_settings_are_those_of_the_manual(path: Path) -> None:
    database = Database.in_file(path, PASSWORD, QUICK, create=False)
    pragmas = {
        name: database.writing.rows(f"PRAGMA {name}")[0][0]
        for name in (
            *("journal_mode", "synchronous", "foreign_keys", "secure_delete", "temp_store"),
            *("trusted_schema", "journal_size_limit", "application_id", "user_version"),
        )
    }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "trusted_schema": 0,
        "journal_size_limit": 4 * 1024 * 1024,
        "application_id": 0x736F7474,
        "user_version": len(steps()),
    }
    database.close()


def test_closing_carries_the_log_over(path: Path) -> None:
    store = opened(path)
    store.begin()
    store.chat.save_message(message(99))
    store.commit()
    assert Path(f"{path}-wal").stat().st_size > 0
    store.close()
    assert not Path(f"{path}-wal").exists()
    store = opened(path)
    assert store.chat.load_message(message_id(99)) == message(99)
    store.close()


def test_what_was_not_committed_is_gone_after_closing(path: Path) -> None:
    store = opened(path)
    store.begin()
    store.chat.save_message(message(99))
    store.close()
    store = opened(path)
    assert store.chat.load_message(message_id(99)) is None
    store.close()


def test_missing_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    said = refusal(tmp_path / "anna.db")
    assert said.startswith(f"there is no database {tmp_path / 'anna.db'}; ")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / "no" / "anna.db", create=True)
    assert said.endswith("cannot be used: No such file or directory")


def test_existing_file_is_not_made_anew(path: Path) -> None:
    assert refusal(path, create=True).startswith(f"there is a database {path} already; ")


def test_empty_file_is_named_and_can_be_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "anna.db"
    path.touch()
    assert refusal(path).startswith(f"the database {path} is empty; ")
    open_person_store(path, PASSWORD, create=True, settings=QUICK).close()
    opened(path).close()


def test_crash_while_a_file_is_made_leaves_none_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "anna.db"
    with monkeypatch.context() as crash:
        crash.setattr("sottovoce.adapters.sqlite.database.migrate", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            open_person_store(path, PASSWORD, create=True, settings=QUICK)
    assert not path.exists()
    open_person_store(path, PASSWORD, create=True, settings=QUICK).close()
    opened(path).close()


def test_database_that_was_lost_is_missed_and_nothing_of_it_is_removed(path: Path) -> None:
    store = opened(path)
    store.begin()
    store.openings.note()
    store.chat.save_message(message(99))
    store.commit()
    kept = path.rename(path.with_name("kept"))
    log = Path(f"{path}-wal")
    had = log.read_bytes()
    store.close()
    log.write_bytes(had)
    said = refusal(path, create=True)
    assert said.startswith(f"the database {path} is missing, and there was one, for it left ")
    assert "anna.db-wal and anna.db.opened beside it" in said
    assert log.read_bytes() == had
    kept.rename(path)
    store = opened(path)
    assert store.chat.load_message(message_id(99)) is not None
    store.close()


@pytest.mark.parametrize("left", ["-wal", ".opened"])
def test_lost_database_is_begun_anew_when_nothing_of_it_lies_there(path: Path, left: str) -> None:
    path.unlink()
    trace = Path(f"{path}{left}")
    trace.touch()
    assert f"anna.db{left} beside it" in refusal(path, create=True)
    trace.unlink()
    open_person_store(path, PASSWORD, create=True, settings=QUICK).close()


@pytest.mark.parametrize("size_bytes", [1, 100, PAGE_BYTES - 1, PAGE_BYTES + 1])
def test_file_that_is_not_whole_pages_is_cut_off(path: Path, size_bytes: int) -> None:
    os.truncate(path, size_bytes)
    assert refusal(path).startswith(f"the database {path} is cut off, or no database; ")


def test_plain_database_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert refusal(path).startswith(f"the database {path} is not encrypted, ")


def test_wrong_password_and_foreign_file_cannot_be_told_apart(path: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    foreign.write_bytes(random.Random(1).randbytes(2 * PAGE_BYTES))
    for said, where in (
        (refusal(path, DatabasePassword("wrong")), path),
        (refusal(foreign), foreign),
    ):
        assert said.startswith(
            f"the database {where} does not open: the password is wrong, or the file is damaged "
            "or none of sottovoce's; bring a backup back with: sottovoce backup restore FILE "
            "--replace"
        )


def change(path: Path, *statements: str) -> None:
    database = Database.in_file(path, PASSWORD, QUICK, create=False)
    for statement in statements:
        database.writing.rows(statement)
    database.close()


def test_database_of_another_program_is_refused(path: Path) -> None:
    change(path, "PRAGMA application_id = 7")
    assert refusal(path).startswith(f"the database {path} belongs to another program; ")


def test_newer_version_is_refused_with_both_versions(path: Path) -> None:
    change(path, "PRAGMA user_version = 99")
    assert refusal(path) == (
        f"the database {path} has version 99, and this program knows versions up to "
        f"{len(steps())}; "
        "install the newer sottovoce that wrote it"
    )


def test_second_opener_is_refused_until_the_first_lets_go(path: Path) -> None:
    first = opened(path)
    said = f"the database {path} is open already, here or in another process; close that one"
    assert refusal(path) == said
    first.close()
    opened(path).close()


def test_lock_is_let_go_when_opening_fails(path: Path) -> None:
    refusal(path, DatabasePassword("wrong"))
    opened(path).close()


def test_lock_of_another_process_counts(path: Path) -> None:
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "is open already" in refusal(path)


def test_other_program_that_writes_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sottovoce.adapters.sqlite.database.BUSY_TIMEOUT_MS", 1)
    other = open_reader(path, PASSWORD, QUICK)
    other.rows("PRAGMA query_only = OFF")
    other.rows("BEGIN IMMEDIATE")
    store = opened(path)
    store.begin()
    with pytest.raises(StorageError, match="is being written by another program"):
        store.chat.save_message(message(99))
    store.rollback()
    other.close()
    store.begin()
    store.chat.save_message(message(99))
    store.commit()
    store.close()


def test_history_is_read_beside_an_open_transaction(path: Path) -> None:
    store = opened(path)
    history = open_history(path, PASSWORD, QUICK)
    store.begin()
    store.chat.save_message(message(99))
    assert history.read_message(message_id(99)) is None
    assert history.read_message(message_id(1)) is not None
    store.commit()
    assert history.read_message(message_id(99)) == message(99)
    history.close()
    store.close()


def test_history_cannot_write(path: Path) -> None:
    reader = open_reader(path, PASSWORD, QUICK)
    with pytest.raises(StorageError, match="may be read and not written"):
        reader.rows("DELETE FROM messages")
    reader.close()


def test_history_does_not_bring_an_old_version_up(path: Path) -> None:
    change(path, "PRAGMA user_version = 0")
    with pytest.raises(StorageError, match="has the old version 0; start the account once"):
        open_history(path, PASSWORD, QUICK)


def test_closed_store_says_so(path: Path) -> None:
    store = opened(path)
    store.close()
    store.close()
    with pytest.raises(StorageError, match="is closed already"):
        store.below_chat.secure.load_own()


# ---- damage


def flip_bit(raw: bytearray, draw: random.Random) -> None:
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)


def zero_page(raw: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(raw) // PAGE_BYTES) * PAGE_BYTES
    raw[start : start + PAGE_BYTES] = bytes(PAGE_BYTES)


def swap_pages(raw: bytearray, draw: random.Random) -> None:
    one, two = (draw.randrange(len(raw) // PAGE_BYTES) * PAGE_BYTES for _ in range(2))
    page = raw[one : one + PAGE_BYTES]
    raw[one : one + PAGE_BYTES] = raw[two : two + PAGE_BYTES]
    raw[two : two + PAGE_BYTES] = page


def cut_off(raw: bytearray, draw: random.Random) -> None:
    del raw[draw.randrange(len(raw)) :]


def cut_off_pages(raw: bytearray, draw: random.Random) -> None:
    del raw[draw.randrange(len(raw) // PAGE_BYTES) * PAGE_BYTES :]


def read_all(path: Path) -> list[object]:
    """Open a file and read all that was put in."""
    store = opened(path)
    try:
        history = store.open_history()
        everything: list[object] = [
            history.page(message(1).chat_id, before=None, limit=MESSAGES),
            history.search("text", chat_id=message(1).chat_id, before=None, limit=MESSAGES),
            [store.chat.load_message(message_id(n)) for n in range(MESSAGES)],
            store.below_chat.secure.load_session(session(1)),
            store.below_chat.secure.load_message_key(session(1), CHAIN, 1),
        ]
        history.close()
        return everything
    finally:
        with suppress(StorageError):
            store.close()


def read_all_or_refusal(path: Path) -> list[object] | str:
    try:
        return read_all(path)
    except StorageError as refusal:
        return str(refusal)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [flip_bit, zero_page, swap_pages, cut_off, cut_off_pages])
def test_damage_is_detected_or_harmless(
    template: Path, tmp_path: Path, damage: Callable[[bytearray, random.Random], None]
) -> None:
    draw = random.Random(damage.__name__)
    whole = template.read_bytes()
    path = tmp_path / template.name
    path.write_bytes(whole)
    expected = read_all(path)
    detected = 0
    for _ in range(DAMAGES // 5):
        raw = bytearray(whole)
        damage(raw, draw)
        path.write_bytes(raw)
        found = read_all_or_refusal(path)
        if isinstance(found, str):
            detected += 1
            assert re.match(r"the database \S+/anna\.db .*(backup|damaged)", found), found
        else:
            assert found == expected
    assert detected
