import random
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.sqlite.snapshot import DatabaseContents
from sottovoce.app import backups
from sottovoce.app.accounts import WrongPasswordError
from sottovoce.app.backups import (
    BackupSummary,
    check_backup_can_be_read,
    create_backup,
    verify_backup,
)
from sottovoce.base.errors import LocalProtocolError, SottovoceError, StorageError, StoreFileError
from unit.app.saved import CHEAP, PASSWORD, make_account, make_person, opened, quick_keys, write


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_keys(monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template") / "home"
    with pytest.MonkeyPatch.context() as patch:
        quick_keys(patch)
        make_person(home)
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "home")
    return tmp_path / "home"


def create(home: Path, file: Path, password: str = PASSWORD, **options: object) -> BackupSummary:
    [entry] = AccountDirectory(home).read().entries
    return create_backup(home, entry, password, file, cost=CHEAP, **options)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_backup_tells_what_is_in_it_and_verifies(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    made = create(home, file)
    assert made.contents == DatabaseContents({"public": 1}, 1, 3)
    assert (made.entry.name, made.peer_count) == ("Anna", 1)
    assert made.size_bytes == file.stat().st_size
    assert verify_backup(file, PASSWORD) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["home", "my.backup"]


def test_account_that_never_ran_has_a_backup_too(tmp_path: Path) -> None:
    make_account(tmp_path / "home")
    made = create(tmp_path / "home", tmp_path / "my.backup")
    assert verify_backup(tmp_path / "my.backup", PASSWORD) == made
    assert made.contents == DatabaseContents({}, 0, 0)


def test_backup_is_made_while_the_account_is_in_use(home: Path, tmp_path: Path) -> None:
    [entry] = AccountDirectory(home).read().entries
    lock, store = DataDirectory(home), opened(home, entry)
    write(store, 4)
    assert create(home, tmp_path / "my.backup").contents.messages == 4
    write(store, 5)
    store.close()
    lock.close()
    assert verify_backup(tmp_path / "my.backup", PASSWORD).contents.messages == 4


def test_backup_can_have_a_password_of_its_own(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    create(home, file, backup_password="another horse")
    assert verify_backup(file, "another horse").contents.messages == 3
    with pytest.raises(WrongPasswordError, match=r"my\.backup: it is the one that the account had"):
        verify_backup(file, PASSWORD)


def test_letters_of_a_password_may_be_composed_in_either_way(home: Path, tmp_path: Path) -> None:
    create(home, tmp_path / "my.backup", backup_password="\u00e9tude")
    assert verify_backup(tmp_path / "my.backup", "e\u0301tude").contents.messages == 3


def test_wrong_password_of_the_account_makes_nothing(home: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongPasswordError):
        create(home, tmp_path / "my.backup", password="wrong")
    assert names(tmp_path) == ["home"]


def test_backup_without_a_password_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalProtocolError, match="open to everybody"):
        create(home, tmp_path / "my.backup", backup_password="")


def test_file_that_is_there_is_overwritten_only_when_told_so(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    file.write_text("something else")
    with pytest.raises(LocalProtocolError, match=r"my\.backup is there already"):
        create(home, file)
    assert file.read_text() == "something else"
    create(home, file, overwrite=True)
    assert verify_backup(file, PASSWORD).contents.messages == 3


def test_damaged_database_makes_no_backup(home: Path, tmp_path: Path) -> None:
    [database] = home.rglob("messages.db")
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    with pytest.raises(StoreFileError, match=r"messages\.db .*damaged"):
        create(home, tmp_path / "my.backup")
    assert names(tmp_path) == ["home"]


def test_database_that_is_gone_is_missed(home: Path, tmp_path: Path) -> None:
    [database] = home.rglob("messages.db")
    database.unlink()
    with pytest.raises(StoreFileError, match="there is no database"):
        create(home, tmp_path / "my.backup")


def test_full_disk_leaves_nothing_behind(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageError("no room")

    monkeypatch.setattr(backups, "write_backup", fail)
    with pytest.raises(StorageError, match="no room"):
        create(home, tmp_path / "my.backup")
    assert names(tmp_path) == ["home"]


# ---- looking into one


@pytest.fixture(scope="module")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("finished") / "my.backup"
    with pytest.MonkeyPatch.context() as patch:
        quick_keys(patch)
        create(template, file)
    return file.read_bytes()


@pytest.mark.slow
def test_damage_anywhere_is_found_and_said(
    finished: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    file, dice = tmp_path / "my.backup", random.Random(7)
    for _ in range(30):
        at = dice.randrange(len(finished))
        damaged = bytearray(finished)
        match dice.randrange(3):
            case 0:
                damaged[at] ^= 1 << dice.randrange(8)
            case 1:
                damaged[at : at + 4096] = bytes(len(damaged[at : at + 4096]))
            case _:
                del damaged[at:]
        file.write_bytes(damaged)
        if damaged != finished:
            with pytest.raises(StoreFileError, match=r"my\.backup.*another "):
                verify_backup(file, PASSWORD)
            assert names(folder) == []


def test_verifying_changes_nothing_and_leaves_nothing(
    finished: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    file = tmp_path / "my.backup"
    file.write_bytes(finished)
    file.chmod(0o400)
    verify_backup(file, PASSWORD)
    assert file.read_bytes() == finished
    assert (names(folder), names(tmp_path)) == ([], ["my.backup", "temporary"])


def test_place_for_temporary_files_that_is_missing_is_said(
    finished: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.backup").write_bytes(finished)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StorageError, match="there is no temporary folder"):
        verify_backup(tmp_path / "my.backup", PASSWORD)


def test_what_needs_no_password_is_said_before_it_is_asked_for(
    finished: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "my.backup"
    with pytest.raises(SottovoceError, match="cannot read"):
        check_backup_can_be_read(file)
    file.write_bytes(finished)
    check_backup_can_be_read(file)
    file.write_bytes(b"x" + finished)
    with pytest.raises(StoreFileError, match="is no backup"):
        check_backup_can_be_read(file)
