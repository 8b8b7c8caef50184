"""The file before SQLite has it; what is said of other files stands in `test_database`."""

import os
import stat
from pathlib import Path

import pytest

from sottovoce.adapters.sqlite.file import (
    put_in_place,
    read_salt,
    start_new,
    take_lock,
    was_made,
)
from sottovoce.base.errors import StorageError


def test_lock_is_taken_once_and_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "anna.db"
    lock = take_lock(path)
    with pytest.raises(StorageError, match="is open already"):
        take_lock(path)
    os.close(lock)
    os.close(take_lock(path))
    assert Path(f"{path}.lock").exists()


def test_new_file_is_its_owners_alone_whatever_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "anna.db"
    for left in ("anna.db", "anna.db.new", "anna.db-shm", "anna.db.new-wal"):
        (tmp_path / left).touch(mode=0o644)
    new = start_new(path)
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    put_in_place(new, path)
    assert [each.name for each in tmp_path.iterdir()] == ["anna.db"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_cannot_be_put_into_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be made: No such file or directory"):
        put_in_place(tmp_path / "new", tmp_path / "gone" / "anna.db")


def test_file_cannot_be_made_of_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be made: File name too long") as caught:
        start_new(tmp_path / ("a" * 300))
    assert caught.value.__context__ is None


def test_salt_is_the_beginning_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "anna.db"
    path.write_bytes(bytes(range(16)) + bytes(4096 - 16))
    assert read_salt(path) == bytes(range(16))


def test_database_that_left_something_was_made(tmp_path: Path) -> None:
    path = tmp_path / "anna.db"
    assert not was_made(path)
    for name in ("anna.db", "anna.db-wal", "anna.db.opened"):
        (tmp_path / name).touch()
        assert was_made(path)
        (tmp_path / name).unlink()
