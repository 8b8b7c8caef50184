"""The verbs of backups from outside."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.app.accounts import list_accounts
from sottovoce.cli import backup_work
from sottovoce.cli.main import app
from sottovoce.identity.keystore_kdf import ScryptCost
from unit.app.saved import PASSWORD, make_account, make_person, quick_keys
from unit.identity.people import OTHER_PHRASE


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template") / "home"
    with pytest.MonkeyPatch.context() as patch:
        quick_keys(patch)
        make_person(home)
    return home


@pytest.fixture(autouse=True)
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Anna's data directory; keep away from the data of whoever runs the tests."""
    quick_keys(monkeypatch)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(secret(tmp_path / "password", PASSWORD)))
    for cost in ("STANDARD", "LIGHT"):
        monkeypatch.setattr(backup_work, cost, ScryptCost(n=2, r=1, p=1))
    shutil.copytree(template, tmp_path / "sottovoce")
    return tmp_path / "sottovoce"


def secret(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["backup", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def ask(*arguments: str | Path) -> dict[str, Any]:
    """Run a verb with --json that succeeds, and return what it printed."""
    code, out, _ = invoke(*arguments, "--json")
    assert code == 0
    [result] = map(json.loads, out.splitlines())
    assert isinstance(result, dict)
    return result


def test_backup_is_created_verified_and_restored_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    created = ask("create", file)
    assert (created["event"], created["name"], created["chats"]) == (
        "created",
        "Anna",
        {"public": 1},
    )
    assert (created["contacts"], created["messages"], created["peers"]) == (1, 3, 1)
    assert ask("verify", file) == created | {"event": "sound"}
    restored = ask("restore", file, "--data-dir", tmp_path / "other")
    assert restored["event"] == "restored"
    assert (restored["key_uid"], restored["messages"]) == (created["key_uid"], 3)


@pytest.mark.slow
def test_people_read_what_is_in_it_and_what_to_mind(tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    code, out, err = invoke("create", file)
    assert code == 0
    assert out.startswith(f"created: {file}\naccount   Anna  uid 0x")
    assert "\nchats     1 public\ncontacts  1\nmessages  3\n" in out
    assert "not even with the recovery phrase" in err
    _, out, err = invoke("restore", file, "--data-dir", tmp_path / "other")
    assert out.startswith(f"restored: {file}\n")
    assert "never start this account again on the machine that the backup comes from" in err
    _, _, err = invoke("restore", file, "--data-dir", tmp_path / "third", "--as-new-device")
    assert "this is a further device now" in err


def test_node_that_runs_is_not_in_the_way_of_a_backup(home: Path, tmp_path: Path) -> None:
    lock = DataDirectory(home)
    assert ask("create", tmp_path / "my.backup")["messages"] == 3
    code, _, err = invoke("restore", tmp_path / "my.backup", "--replace")
    assert (code, "is in use by another node" in err) == (2, True)
    lock.close()


def test_password_of_its_own_opens_it(tmp_path: Path) -> None:
    file, own = tmp_path / "my.backup", secret(tmp_path / "own", "another horse")
    ask("create", file, "--backup-password-file", own)
    code, _, err = invoke("verify", file)
    assert (code, "the password does not open" in err) == (5, True)
    assert ask("verify", file, "--password-file", own)["messages"] == 3


def test_short_password_of_its_own_is_taken_with_a_warning(tmp_path: Path) -> None:
    own = secret(tmp_path / "own", "short")
    code, _, err = invoke("create", tmp_path / "my.backup", "--backup-password-file", own)
    assert (code, "warning: this password has fewer" in err) == (0, True)


def test_file_that_is_there_wants_force(tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    file.write_text("of somebody")
    code, _, err = invoke("create", file)
    assert (code, "--force" in err, file.read_text()) == (2, True, "of somebody")
    assert ask("create", file, "--force")["messages"] == 3


def test_damaged_backup_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    ask("create", file)
    file.write_bytes(file.read_bytes()[:-1])
    for arguments in (("verify", file), ("restore", file, "--data-dir", tmp_path / "other")):
        code, out, err = invoke(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "my.backup is damaged or cut off" in err
        assert "use another copy" in err


def test_foreign_file_is_said_before_a_password_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOTTOVOCE_PASSWORD_FILE")
    file = tmp_path / "letter.txt"
    file.write_text("Dear Bruno")
    for verb in ("verify", "restore"):
        code, _, err = invoke(verb, file)
        assert (code, "is no backup of sottovoce's" in err) == (2, True)


def test_account_that_is_here_is_replaced_when_told_so(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    ask("create", file)
    code, _, err = invoke("restore", file)
    assert (code, "--replace" in err) == (2, True)
    code, _, err = invoke("restore", file, "--replace")
    assert (code, f"what was here before is kept in {home}/accounts/0x" in err) == (0, True)


def test_account_is_named_when_there_are_several(home: Path, tmp_path: Path) -> None:
    make_account(home, OTHER_PHRASE, "Other")
    code, _, err = invoke("create", tmp_path / "my.backup")
    assert (code, "say which account with --account: " in err) == (2, True)
    assert ask("create", tmp_path / "my.backup", "--account", "Other")["name"] == "Other"


def test_name_that_is_taken_is_said(tmp_path: Path) -> None:
    file = tmp_path / "my.backup"
    ask("create", file)
    make_account(tmp_path / "other", OTHER_PHRASE, "anna")
    code, _, err = invoke("restore", file, "--data-dir", tmp_path / "other")
    assert (code, "this one is now Anna 2" in err) == (0, True)
    assert "Anna 2" in [entry.name for entry in list_accounts(tmp_path / "other")]
