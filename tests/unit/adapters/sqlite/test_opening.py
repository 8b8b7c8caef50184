import shutil
from pathlib import Path

import pytest

from contract.conftest import PASSWORD, QUICK
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.base.errors import StorageError


def opened(path: Path, *, create: bool = False) -> SqlitePersonStore:
    return open_person_store(path, PASSWORD, create=create, settings=QUICK)


def note(store: SqlitePersonStore) -> None:
    store.begin()
    store.openings.note()
    store.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "anna.db"
    store = opened(path, create=True)
    assert not store.openings.was_restored()
    note(store)
    store.close()
    return path


def test_same_state_is_not_restored(path: Path) -> None:
    for _ in range(3):
        store = opened(path)
        assert not store.openings.was_restored()
        note(store)
        store.close()


def test_file_without_its_mark_is_restored(path: Path) -> None:
    path.with_name("anna.db.opened").unlink()
    store = opened(path)
    assert store.openings.was_restored()
    note(store)
    assert not store.openings.was_restored()
    store.close()


def test_copy_of_both_is_restored(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(path.parent, folder, ignore=lambda *_: ["copy"])
    store = opened(folder / path.name)
    assert store.openings.was_restored()
    store.close()


def test_mark_of_a_batch_that_was_undone_counts_as_restored(path: Path) -> None:
    store = opened(path)
    store.begin()
    store.openings.note()
    store.rollback()
    assert store.openings.was_restored()
    store.close()


def test_folder_that_cannot_be_written_is_said(path: Path) -> None:
    path.with_name("anna.db.opened.new").mkdir()
    store = opened(path)
    store.begin()
    with pytest.raises(StorageError, match="cannot be written"):
        store.openings.note()
    store.rollback()
    store.close()


def test_what_is_in_memory_never_comes_back() -> None:
    store = MemoryPersonStore()
    note(store)
    assert not store.openings.was_restored()
    store.close()


def test_spoiled_mark_counts_as_restored_once(path: Path) -> None:
    store = opened(path)
    store.begin()
    store.openings.spoil()
    store.commit()
    store.close()
    store = opened(path)
    assert store.openings.was_restored()
    note(store)
    assert not store.openings.was_restored()
    store.close()
