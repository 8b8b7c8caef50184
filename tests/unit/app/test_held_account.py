from pathlib import Path

import pytest

from sottovoce.adapters.node_key_file import DataDirectory, DataDirectoryError
from sottovoce.app.accounts import WrongPasswordError, create_account
from sottovoce.app.held_account import HeldAccount, hold_account
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.sim.entropy import SeededEntropy

PASSWORD = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_account(tmp_path, "anna", PASSWORD, cost=ScryptCost(n=16, r=8, p=1))
    return tmp_path


def hold(home: Path, password: str = PASSWORD, *, is_locked: bool = False) -> HeldAccount:
    return hold_account(home, None, password, SeededEntropy("test", 1), is_locked=is_locked)


def test_account_is_held_until_it_is_let_go(home: Path) -> None:
    held = hold(home)
    with pytest.raises(DataDirectoryError, match="in use"):
        DataDirectory(home)
    held.opened.close()
    held.let_go()
    DataDirectory(home).close()


def test_installation_and_node_key_last(home: Path) -> None:
    seen = []
    for _ in range(2):
        held = hold(home)
        seen.append((held.settings.installation_id, held.node_key, held.settings.identity))
        held.opened.close()
        held.let_go()
    assert seen[0] == seen[1]


def test_lock_of_the_caller_stays_with_the_caller(home: Path) -> None:
    lock = DataDirectory(home)
    held = hold(home, is_locked=True)
    assert (held.lock, held.node_key) == (None, None)
    held.opened.close()
    held.let_go()
    with pytest.raises(DataDirectoryError):
        DataDirectory(home)
    lock.close()


def test_wrong_password_lets_go_at_once(home: Path) -> None:
    with pytest.raises(WrongPasswordError):
        hold(home, "wrong")
    DataDirectory(home).close()
