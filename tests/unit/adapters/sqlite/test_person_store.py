"""A person's file on a disk that fails: every batch is kept or undone as a whole."""

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from contract.conftest import PASSWORD, QUICK
from contract.made import CHAIN, message, message_id, message_keys, session
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.base.errors import StorageError
from unit.adapters.sqlite.faulty_disk import CIPHERED_NAME, PLAN, Fault, plug_in

BATCHES: Final = 2
ON_FAULTY_DISK: Final = replace(QUICK, vfs=CIPHERED_NAME)
LOG: Final = "-wal"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "anna.db"
    open_person_store(path, PASSWORD, create=True, settings=QUICK).close()
    return path


@pytest.fixture(scope="module", autouse=True)
def disk() -> None:
    plug_in()


def write_batch(store: SqlitePersonStore, n: int) -> None:
    store.begin()
    secure = store.below_chat.secure
    secure.save_session(session(1), bytes([n]) * 200)
    secure.add_message_keys(session(1), message_keys(n), newest=9, above=-1)
    store.chat.save_message(message(n, text=f"text {n}"))
    store.commit()


def batches_in(store: SqlitePersonStore) -> int:
    """Return how many whole batches a store holds; fail if one is there in part."""
    secure, history = store.below_chat.secure, store.open_history()
    record = secure.load_session(session(1))
    count = 0 if record is None else record[0]
    for n in range(1, BATCHES + 1):
        found = history.search(f"text {n}", chat_id=message(n).chat_id, before=None, limit=9)
        parts = [
            store.chat.load_message(message_id(n)) is not None,
            secure.load_message_key(session(1), CHAIN, n) is not None,
            len(found) == 1,
        ]
        assert parts == [n <= count] * len(parts)
    history.close()
    return count


def batches_in_copy(path: Path, folder: Path) -> int:
    """Return how many batches a power cut would leave."""
    copy = folder / path.name
    folder.mkdir()
    shutil.copyfile(path, copy)
    with suppress(FileNotFoundError):
        shutil.copyfile(f"{path}{LOG}", f"{copy}{LOG}")
    store = open_person_store(copy, PASSWORD, create=False, settings=QUICK)
    count = batches_in(store)
    store.close()
    return count


def failure_of_batch(store: SqlitePersonStore, n: int) -> StorageError | None:
    try:
        write_batch(store, n)
    except StorageError as failure:
        return failure
    return None


def run(path: Path, fault: Fault, at: int, *, lasts: bool) -> int:
    """Write all batches, the n-th call failing; return how often a call failed."""
    store = open_person_store(path, PASSWORD, create=False, settings=ON_FAULTY_DISK)
    PLAN.begin(fault, at, lasts=lasts)
    for n in range(1, BATCHES + 1):
        failure = failure_of_batch(store, n)
        if failure is not None:
            assert str(failure).startswith(f"the database {path} ")
            assert batches_in_copy(path, path.parent / f"crash-{n}") in {n - 1, n}
            store.rollback()
            PLAN.heal()
            assert batches_in(store) == n - 1
            write_batch(store, n)
    PLAN.heal()
    assert batches_in(store) == BATCHES
    store.close()
    return PLAN.fired


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "lasts"),
    [
        (Fault.FULL, False),
        (Fault.FULL, True),
        (Fault.TORN, False),
        (Fault.SYNC, False),
        (Fault.SYNC, True),
    ],
)
def test_batch_is_kept_or_undone_whichever_call_fails(
    template: Path, tmp_path: Path, fault: Fault, *, lasts: bool
) -> None:
    at = 0
    while True:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        path = Path(shutil.copyfile(template, folder / template.name))
        if not run(path, fault, at, lasts=lasts):
            break
        reopened = open_person_store(path, PASSWORD, create=False, settings=QUICK)
        assert batches_in(reopened) == BATCHES
        reopened.close()
    assert at > BATCHES


def test_full_disk_says_so_and_room_lets_it_go_on(template: Path, tmp_path: Path) -> None:
    path = Path(shutil.copyfile(template, tmp_path / template.name))
    store = open_person_store(path, PASSWORD, create=False, settings=ON_FAULTY_DISK)
    PLAN.begin(Fault.FULL, 1, lasts=True)
    with pytest.raises(StorageError) as caught:
        write_batch(store, 1)
    assert str(caught.value) == (
        f"the database {path} cannot grow, for the disk is full; make room and try again"
    )
    assert caught.value.__context__ is None
    store.rollback()
    PLAN.heal()
    write_batch(store, 1)
    assert batches_in(store) == 1
    store.close()


def test_nothing_more_is_written_before_the_rollback(template: Path, tmp_path: Path) -> None:
    path = Path(shutil.copyfile(template, tmp_path / template.name))
    store = open_person_store(path, PASSWORD, create=False, settings=ON_FAULTY_DISK)
    PLAN.begin(Fault.FULL, 1, lasts=False)
    with pytest.raises(StorageError):
        write_batch(store, 1)
    with pytest.raises(StorageError, match="failed before"):
        store.chat.save_message(message(1))
    with pytest.raises(StorageError, match="failed before"):
        store.commit()
    store.rollback()
    assert batches_in(store) == 0
    store.close()
