import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from seeded import SeededEntropy
from sottovoce.adapters.backup_file import (
    BackupFile,
    folder_beside,
    put_backup_in_place,
    refuse_to_overwrite,
    write_backup,
)
from sottovoce.adapters.backup_manifest import MANIFEST_BYTES_MAX
from sottovoce.adapters.sealed_file import SealedWriter
from sottovoce.base.errors import DecryptionError, LocalProtocolError, StorageError, StoreFileError
from sottovoce.identity.keystore import KeystorePassword
from unit.adapters.test_backup_manifest import CHEAP, made

PASSWORD: Final = KeystorePassword("correct horse")
DATABASE: Final = bytes(range(256)) * 32  # as long as the manifest says


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return written(tmp_path / "my.backup")


def written(file: Path, database: bytes = DATABASE) -> Path:
    source = file.with_name("source")
    source.write_bytes(database)
    write_backup(file, made(), source, PASSWORD, CHEAP, SeededEntropy(1))
    source.unlink()
    return file


def no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "no links here")


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_manifest_and_database_come_back(backup: Path, tmp_path: Path) -> None:
    with BackupFile(backup) as reading:
        assert reading.unlock(PASSWORD) == made()
        reading.save_database(tmp_path / "database")
        assert reading.size_bytes == backup.stat().st_size
    assert (tmp_path / "database").read_bytes() == DATABASE


def test_backup_and_what_is_read_from_it_are_their_owners_alone(
    backup: Path, tmp_path: Path
) -> None:
    with BackupFile(backup) as reading:
        reading.unlock(PASSWORD)
        reading.save_database(tmp_path / "database")
    for file in (backup, tmp_path / "database"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_wrong_password_is_said(backup: Path) -> None:
    with BackupFile(backup) as reading, pytest.raises(DecryptionError):
        reading.unlock(KeystorePassword("wrong horse"))


@pytest.mark.parametrize("size_bytes", [len(DATABASE) - 1, len(DATABASE) + 1])
def test_database_of_another_length_than_the_manifest_says_is_refused(
    tmp_path: Path, size_bytes: int
) -> None:
    file = written(tmp_path / "my.backup", bytes(size_bytes))
    with BackupFile(file) as reading:
        reading.unlock(PASSWORD)
        with pytest.raises(StoreFileError, match=r"my\.backup"):
            reading.save_database(tmp_path / "database")


@pytest.mark.parametrize("start", [(MANIFEST_BYTES_MAX + 1).to_bytes(4, "big"), b"\0\0\0\2{}"])
def test_content_that_is_no_backups_is_not_understood(tmp_path: Path, start: bytes) -> None:
    file = tmp_path / "my.backup"
    with file.open("wb") as stream:
        writer = SealedWriter(stream, PASSWORD, CHEAP, SeededEntropy(1))
        writer.write(start)
        writer.finish()
    with BackupFile(file) as reading, pytest.raises(StoreFileError, match="be understood"):
        reading.unlock(PASSWORD)


@pytest.mark.parametrize("kind", ["nothing", "a folder"])
def test_what_cannot_be_read_is_said(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "my.backup"
    if kind == "a folder":
        file.mkdir()
    with pytest.raises(StoreFileError, match=r"cannot read the backup .*my\.backup: "):
        BackupFile(file)


def test_full_disk_is_said_when_a_backup_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageError, match="No space left") as caught:
        written(tmp_path / "my.backup")
    assert not isinstance(caught.value, StoreFileError)


def test_full_disk_is_said_when_a_database_is_read(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BackupFile(backup) as reading:
        reading.unlock(PASSWORD)
        monkeypatch.setattr(os, "fsync", no_room)
        with pytest.raises(StorageError, match="No space left"):
            reading.save_database(tmp_path / "database")


# ---- its name


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_name_that_is_taken_is_refused_without_force(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    taken = tmp_path / "taken"
    taken.write_text("of somebody else")
    with pytest.raises(LocalProtocolError, match=r"taken is there already.*--force"):
        put_backup_in_place(backup, taken, overwrite=False)
    assert taken.read_text() == "of somebody else"
    before = backup.read_bytes()
    put_backup_in_place(backup, taken, overwrite=True)
    assert taken.read_bytes() == before


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_free_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    file = tmp_path / "my.backup"
    with folder_beside(file) as folder:
        finished = written(folder / "finished")
        before = finished.read_bytes()
        put_backup_in_place(finished, file, overwrite=False)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_link_that_leads_nowhere_takes_a_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LocalProtocolError):
        refuse_to_overwrite(tmp_path / "link")


def test_folder_that_is_not_there_is_said(backup: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match="cannot write into"),
        folder_beside(tmp_path / "nowhere" / "my.backup"),
    ):
        pass
    with pytest.raises(StorageError, match="cannot write"):
        put_backup_in_place(backup, tmp_path / "nowhere" / "my.backup", overwrite=True)


def test_folder_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    with suppress(KeyboardInterrupt), folder_beside(file) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.parent == tmp_path
        written(folder / "half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
