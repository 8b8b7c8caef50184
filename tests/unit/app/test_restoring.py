import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.made import message
from seeded import SeededEntropy
from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.backup_file import BackupFile
from sottovoce.adapters.mailserver_file import add_mailserver, parse_saved, read_mailservers
from sottovoce.adapters.node_key_file import (
    DataDirectory,
    DataDirectoryError,
    DirectoryInUseError,
    read_node_key,
)
from sottovoce.adapters.peer_file import PEER_FILE_NAME, read_peers
from sottovoce.app import restoring
from sottovoce.app.accounts import WrongPasswordError, list_accounts, recover_account, unlock
from sottovoce.app.backups import create_backup
from sottovoce.app.restoring import RestoredAccount, restore_backup
from sottovoce.base.errors import LocalProtocolError, StorageError, StoreFileError
from sottovoce.identity.account_list import ACCOUNT_NAME_CHARS_MAX
from unit.app.saved import (
    CHEAP,
    PASSWORD,
    PEER,
    installation_of,
    make_account,
    make_person,
    opened,
    quick_keys,
    write,
)
from unit.identity.people import OTHER_PHRASE, PHRASE, anna


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_keys(monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home and a backup of it."""
    folder = tmp_path_factory.mktemp("template") / "all"
    with pytest.MonkeyPatch.context() as patch:
        quick_keys(patch)
        entry = make_person(folder / "home")
        create_backup(folder / "home", entry, PASSWORD, folder / "my.backup", cost=CHEAP)
    return folder


@pytest.fixture
def file(template: Path) -> Path:
    return template / "my.backup"


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    """The machine that the backup comes from."""
    shutil.copytree(template / "home", tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Another machine."""
    return tmp_path / "other"


def restore(directory: Path, file: Path, **options: Any) -> RestoredAccount:
    return restore_backup(directory, file, PASSWORD, entropy=SeededEntropy(9), **options)


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_account_is_there_with_all_it_had(home: Path, file: Path, place: Path) -> None:
    entry = restore(place, file).entry
    [listed] = list_accounts(place)
    assert (listed, entry.name) == (entry, "Anna")
    store = opened(place, entry)
    assert [it.nickname for it in store.history.list_contacts()] == ["Bruno"]
    assert [it.id for it in store.history.list_chats()] == ["lobby"]
    assert store.store.chat.load_message(message(3).id) == message(3)
    store.close()
    assert unlock(place, entry, PASSWORD).identity == unlock(home, entry, PASSWORD).identity
    assert installation_of(place, entry) == installation_of(home, entry)
    assert read_peers(place) == [PEER]
    assert read_node_key(place) == read_node_key(home)


def test_restored_account_runs_and_can_be_backed_up_again(
    file: Path, place: Path, tmp_path: Path
) -> None:
    entry = restore(place, file).entry
    store = opened(place, entry)
    write(store, 7)
    store.close()
    again = create_backup(place, entry, PASSWORD, tmp_path / "again", cost=CHEAP)
    assert again.contents.messages == 4


def test_new_device_has_a_name_and_a_node_of_its_own(home: Path, file: Path, place: Path) -> None:
    entry = restore(place, file, as_new_device=True).entry
    assert installation_of(place, entry) != installation_of(home, entry)
    assert read_node_key(place) is None
    store = opened(place, entry)
    assert len(store.history.list_contacts()) == 1
    store.close()


def test_account_that_never_ran_comes_back(tmp_path: Path, place: Path) -> None:
    entry = make_account(tmp_path / "home")
    create_backup(tmp_path / "home", entry, PASSWORD, tmp_path / "my.backup", cost=CHEAP)
    restore(place, tmp_path / "my.backup")
    assert not AccountDirectory(place).database_path(entry).exists()
    opened(place, entry).close()


def test_phrase_gives_a_restored_account_a_new_password(file: Path, place: Path) -> None:
    entry = restore(place, file).entry
    recover_account(place, PHRASE, None, "new password", cost=CHEAP)
    store = opened(place, entry, "new password")
    assert len(store.history.list_contacts()) == 1
    store.close()


def test_account_that_is_here_is_left_alone(home: Path, file: Path) -> None:
    before = files(home)
    with pytest.raises(LocalProtocolError, match=r"Anna is in .* already.*nothing was.*--replace"):
        restore(home, file)
    assert files(home) == before


def test_folder_that_no_list_names_is_left_alone(home: Path, file: Path) -> None:
    (home / "accounts.json").unlink()
    before = files(home)
    with pytest.raises(LocalProtocolError, match="already"):
        restore(home, file)
    assert files(home) == before


def test_account_that_is_replaced_is_kept_beside(home: Path, file: Path) -> None:
    [entry] = list_accounts(home)
    store = opened(home, entry)
    write(store, 4)
    store.close()
    old = AccountDirectory(home).database_path(entry).read_bytes()
    restored = restore(home, file, replaces=True)
    assert restored.set_aside is not None
    assert (restored.set_aside / "messages.db").read_bytes() == old
    assert [it.name for it in list_accounts(home)] == ["Anna"]
    store = opened(home, restored.entry)
    rows = store.store._db.rows("SELECT count(*) FROM messages")
    store.close()
    assert rows == [(3,)]


def test_damaged_account_is_replaced(home: Path, file: Path) -> None:
    [entry] = list_accounts(home)
    AccountDirectory(home).database_path(entry).write_bytes(b"damaged")
    restored = restore(home, file, replaces=True)
    opened(home, restored.entry).close()


def test_directory_in_use_is_left_alone(home: Path, file: Path) -> None:
    lock = DataDirectory(home)
    with pytest.raises(DirectoryInUseError):
        restore(home, file, replaces=True)
    lock.close()


def test_other_accounts_stay(file: Path, place: Path) -> None:
    other = make_account(place, OTHER_PHRASE, "anna")
    restored = restore(place, file)
    assert restored.entry.name == "Anna 2"
    assert {it.key_uid for it in list_accounts(place)} == {other.key_uid, restored.entry.key_uid}
    opened(place, other).close()


def test_longest_name_that_is_taken_is_cut(tmp_path: Path, place: Path) -> None:
    name = "A" * ACCOUNT_NAME_CHARS_MAX
    entry = make_account(tmp_path / "home", name=name)
    create_backup(tmp_path / "home", entry, PASSWORD, tmp_path / "my.backup", cost=CHEAP)
    make_account(place, OTHER_PHRASE, name)
    assert restore(place, tmp_path / "my.backup").entry.name == name[:-2] + " 2"


def test_node_key_and_peers_that_are_here_stay(file: Path, place: Path) -> None:
    lock = DataDirectory(place)
    key = lock.node_key(SeededEntropy(8))
    lock.close()
    (place / PEER_FILE_NAME).write_text(f"{PEER.enode}  # as I had it\n")
    restore(place, file)
    assert read_node_key(place) == key
    assert (place / PEER_FILE_NAME).read_text() == f"{PEER.enode}  # as I had it\n"


def test_mailservers_are_added_and_the_pin_that_is_here_stays(home: Path, place: Path) -> None:
    urls = [str(PEER.enode), f"enode://{anna().chat().public.raw.hex()}:secret@192.0.2.9:30303"]
    theirs, mine = (parse_saved(url, pinned=True) for url in urls)
    add_mailserver(home, theirs)
    [entry] = list_accounts(home)
    file = home.parent / "with mailservers.backup"
    create_backup(home, entry, PASSWORD, file, cost=CHEAP)
    DataDirectory(place).close()
    add_mailserver(place, mine)
    restore(place, file)
    assert read_mailservers(place) == (mine, replace(theirs, pinned=False))
    restore(place, file, replaces=True)
    assert read_mailservers(place) == (mine, replace(theirs, pinned=False))


# ---- all or nothing


def test_wrong_password_makes_nothing(file: Path, place: Path) -> None:
    with pytest.raises(WrongPasswordError):
        restore_backup(place, file, "wrong")
    assert not place.exists()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_damaged_backup_restores_nothing(
    file: Path, place: Path, tmp_path: Path, share: float
) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[int(share * len(damaged))] ^= 1
    bad = tmp_path / "bad.backup"
    bad.write_bytes(damaged)
    with pytest.raises(StoreFileError, match=r"bad\.backup is damaged"):
        restore(place, bad)
    assert files(place) == {}
    assert list(place.glob("accounts/*")) == []


@pytest.mark.parametrize("replaces", [False, True])
def test_full_disk_leaves_what_was_there(
    home: Path, file: Path, place: Path, monkeypatch: pytest.MonkeyPatch, *, replaces: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageError("no room")

    directory = home if replaces else place
    for where, step in ((BackupFile, "save_database"), (restoring, "settle_copy")):
        before = files(directory)
        with monkeypatch.context() as patch:
            patch.setattr(where, step, fail)
            with pytest.raises(StorageError, match="no room"):
                restore(directory, file, replaces=replaces)
        assert files(directory) == before


@pytest.mark.slow
@pytest.mark.parametrize("replaces", [False, True])
def test_list_that_cannot_be_written_undoes_all(
    home: Path, file: Path, place: Path, monkeypatch: pytest.MonkeyPatch, *, replaces: bool
) -> None:
    def fail(*_: object) -> None:
        raise DataDirectoryError("no room")

    directory = home if replaces else place
    restore(place, file)  # so that peers and node key are there in both
    shutil.rmtree(place / "accounts")
    (place / "accounts.json").unlink()
    before = files(directory)
    with monkeypatch.context() as patch:
        patch.setattr(AccountDirectory, "write", fail)
        with pytest.raises(DataDirectoryError, match="no room"):
            restore(directory, file, replaces=replaces)
    assert files(directory) == before
    restore(directory, file, replaces=replaces)


def test_backup_of_an_account_of_this_list_keeps_its_place(home: Path, file: Path) -> None:
    restore(home, file, replaces=True)
    document = json.loads((home / "accounts.json").read_text())
    assert len(document["accounts"]) == 1
