"""What a file adds to the contract of archives: locks, full disks, damage, deleting in pieces."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

import apsw
import pytest

from contract.archive_contract import EVERYTHING, MIDNIGHT, envelope, expected, raws, some
from sottovoce.adapters.sqlite import archive as module
from sottovoce.adapters.sqlite.archive import RESERVE_BYTES, SqliteArchive
from sottovoce.base.errors import StorageError, StoreFileError
from unit.adapters.sqlite.faulty_disk import NAME, PLAN, Fault, plug_in

MOMENTS = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


def test_file_is_its_owners_alone_and_open_once(path: Path) -> None:
    archive = SqliteArchive(path)
    archive.store(some(3))
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    with pytest.raises(StorageError, match="is open already"):
        SqliteArchive(path)
    archive.close()
    SqliteArchive(path).close()


def test_what_could_not_be_opened_is_not_locked(path: Path) -> None:
    path.write_bytes(b"no archive, and longer than SQLite's own first words" * 100)
    for _ in range(2):
        with pytest.raises(StoreFileError, match="is damaged or none"):
            SqliteArchive(path)


def test_damage_is_told_with_the_file_and_what_to_do(path: Path) -> None:
    archive = SqliteArchive(path)
    archive.store(some(300))
    archive.close()
    contents = path.read_bytes()
    path.write_bytes(contents[:16_384] + bytes(len(contents) - 16_384))
    with pytest.raises(StoreFileError, match=f"{path} is damaged or none; stop the server"):
        SqliteArchive(path).query(EVERYTHING)


def test_a_disk_keeps_the_room_that_deleting_needs(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = SqliteArchive(path)
    kept = [envelope(MIDNIGHT + each, data=bytes(20_000)) for each in range(100)]
    archive.store(kept)
    disk = list(os.statvfs(path.parent))
    disk[4] = RESERVE_BYTES // disk[1] - 1  # blocks that are left
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(disk))
    more = [envelope(MIDNIGHT, nonce=1)]
    with pytest.raises(StorageError, match="the disk is full up to 67 MB"):
        archive.store(more)
    assert archive.query(EVERYTHING).envelopes == raws(kept)
    # What is deleted makes room inside the file, and is enough.
    monkeypatch.setattr(module, "SPARE_BYTES", 1_000_000)
    assert archive.trim(envelopes_max=0, bytes_max=None) == 100
    assert archive.store(more) == 1
    # And so is a disk that has room again.
    monkeypatch.undo()
    assert archive.store(some(3)) == 3
    archive.close()


def test_a_folder_that_is_gone_is_told_by_whoever_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = SqliteArchive(path)
    monkeypatch.setattr(module, "RESERVE_BYTES", 1 << 80)
    monkeypatch.setattr(os, "statvfs", lambda _: os.stat(path.parent / "gone"))
    assert archive.store(some(3)) == 3
    archive.close()


def test_tables_that_are_missing_are_no_fault_of_what_is_stored(path: Path) -> None:
    SqliteArchive(path).close()
    with apsw.Connection(str(path)) as raw:
        raw.execute("DROP TABLE envelope").fetchall()
    raw.close()
    archive = SqliteArchive(path)
    # Else the mailserver would leave out one envelope after the other.
    with pytest.raises(StoreFileError, match="move the file away"):
        archive.store(some(1))
    archive.close()


@pytest.mark.parametrize(
    ("fault", "moments"),
    [(Fault.FULL, range(1, 19)), (Fault.TORN, range(1, 13)), (Fault.SYNC, [1])],
)
@pytest.mark.slow
def test_a_full_disk_changes_nothing_and_is_over_when_there_is_space(
    path: Path, fault: Fault, moments: Iterable[int]
) -> None:
    plug_in()
    archive = SqliteArchive(path, vfs=NAME)
    kept = some(60)
    archive.store(kept)
    for moment in moments:
        batch = some(300, MIDNIGHT + 1000 * moment)
        PLAN.begin(fault, moment, lasts=True)
        try:
            for _ in range(2):
                with pytest.raises(StorageError) as caught:
                    archive.store(batch)
                assert caught.value.__context__ is None
                assert archive.query(EVERYTHING).envelopes == raws(kept)
                assert archive.size().envelopes == len(kept)
        finally:
            PLAN.heal()
        assert archive.store(batch) == len(batch)
        assert archive.expire(MIDNIGHT + 1000 * moment) == len(kept)
        kept = batch
        assert archive.query(EVERYTHING).envelopes == raws(kept)
    archive.close()


def test_much_is_deleted_piece_by_piece(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_OLDEST", module._OLDEST.replace("10000", "4"))
    archive = SqliteArchive(path)
    envelopes = some(30)
    archive.store(envelopes)
    assert archive.trim(envelopes_max=19, bytes_max=None) == 11
    assert archive.expire(MIDNIGHT + 7) == 10
    assert archive.query(EVERYTHING).envelopes == raws(envelopes[21:])
    archive.close()


@pytest.mark.slow
def test_the_file_does_not_grow_while_as_much_expires_as_comes(path: Path) -> None:
    archive = SqliteArchive(path)
    sizes_bytes = []
    for day in range(9):
        archive.store(
            [envelope(MIDNIGHT + day * 1000 + at, at % 6, data=bytes(900)) for at in range(300)]
        )
        archive.expire(MIDNIGHT + (day - 2) * 1000)
        archive._reading.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes_bytes.append(path.stat().st_size)
    assert max(sizes_bytes[4:]) <= 1.1 * sizes_bytes[3]
    archive.close()


def test_topics_of_a_day_are_forgotten_with_their_last_envelope(path: Path) -> None:
    archive = SqliteArchive(path)
    envelopes = [envelope(MIDNIGHT, 0), envelope(MIDNIGHT, 1), envelope(MIDNIGHT + 5, 1)]
    archive.store(envelopes)
    archive.expire(MIDNIGHT + 1)
    assert archive._reading.rows("SELECT count(*) FROM topic_of_day") == [(1,)]
    assert archive.query(EVERYTHING).envelopes == raws(expected(envelopes[2:], EVERYTHING))
    archive.close()
