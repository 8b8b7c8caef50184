import json
import stat
from pathlib import Path
from typing import Any

import pytest

from seeded import SeededEntropy
from sottovoce.adapters.account_directory import (
    INSTALLATION_FILE_NAME,
    LIST_FILE_NAME,
    AccountDirectory,
)
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.identity.account_list import AccountEntry, AccountList
from sottovoce.identity.address import Address

ANNA = AccountEntry("0x" + "a1" * 32, "Anna", Address(bytes(19) + b"\x01"), 7)
BRUNO = AccountEntry("0x" + "b2" * 32, "Bruno \N{SNOWMAN}", Address(bytes(19) + b"\x02"))


def written(directory: Path, *entries: AccountEntry) -> AccountDirectory:
    place = AccountDirectory(directory)
    with place.changing():
        place.write(AccountList(entries))
    return place


def test_directory_without_a_list_has_no_accounts(tmp_path: Path) -> None:
    assert AccountDirectory(tmp_path).read() == AccountList()


def test_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    place = written(tmp_path, ANNA, BRUNO)
    assert place.read().entries == (ANNA, BRUNO)
    assert stat.S_IMODE((tmp_path / LIST_FILE_NAME).stat().st_mode) == 0o600


def test_list_has_the_form_that_older_versions_wrote(tmp_path: Path) -> None:
    document = {
        "version": 1,
        "accounts": [
            {
                "key_uid": ANNA.key_uid,
                "name": "Anna",
                "chat_address": "0x0000000000000000000000000000000000000001",
                "last_login_unix_s": 7,
            }
        ],
    }
    file = tmp_path / LIST_FILE_NAME
    file.write_text(json.dumps(document))
    file.chmod(0o600)
    assert AccountDirectory(tmp_path).read().entries == (ANNA,)


def damage(member: str, value: Any) -> str:
    entry = {"key_uid": ANNA.key_uid, "name": "Anna", "chat_address": "0x" + "00" * 20}
    whole = {**entry, "last_login_unix_s": 0, member: value}
    return json.dumps({"version": 1, "accounts": [whole]})


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        '{"version": 1}',
        '{"version": 1, "accounts": 3}',
        '{"version": 1, "accounts": [3]}',
        '{"version": 1, "accounts": [{}]}',
        damage("key_uid", "0x00"),
        damage("key_uid", 3),
        damage("name", ""),
        damage("name", None),
        damage("chat_address", "0x00"),
        damage("last_login_unix_s", "yesterday"),
        damage("last_login_unix_s", True),
        "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
def test_damaged_list_is_a_sentence_that_names_the_file(tmp_path: Path, document: str) -> None:
    file = tmp_path / LIST_FILE_NAME
    file.write_text(document)
    file.chmod(0o600)
    with pytest.raises(DataDirectoryError, match=f"^{file} is damaged: put a copy of it back"):
        AccountDirectory(tmp_path).read()


def test_list_of_another_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / LIST_FILE_NAME
    file.write_text('{"version": 2}')
    file.chmod(0o600)
    with pytest.raises(DataDirectoryError, match="by another version of sottovoce"):
        AccountDirectory(tmp_path).read()


def test_new_key_file_replaces_the_old_one(tmp_path: Path) -> None:
    place = written(tmp_path, ANNA)
    place.write_key_file(ANNA, b"old", unix_ns=1_000_000_000)
    file = place.write_key_file(ANNA, b"new", unix_ns=2_000_000_000)
    assert file.name == f"UTC--1970-01-01T00-00-02.000000000Z--{ANNA.chat_address.raw.hex()}"
    assert list(place.folder(ANNA).iterdir()) == [file]
    assert place.read_key_file(ANNA) == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_of_two_key_files_after_a_crash_the_newer_one_counts(tmp_path: Path) -> None:
    place = written(tmp_path, ANNA)
    file = place.write_key_file(ANNA, b"new", unix_ns=2_000_000_000)
    file.with_name(file.name.replace("00-00-02", "00-00-01")).write_bytes(b"old")
    assert place.read_key_file(ANNA) == b"new"


def test_missing_key_file_is_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="account recover` with the recovery phrase"):
        AccountDirectory(tmp_path).key_file(ANNA)


def test_device_keeps_its_name(tmp_path: Path) -> None:
    place = written(tmp_path, ANNA)
    place.ensure_installation_id(ANNA, SeededEntropy(1))
    name = place.installation_id(ANNA)
    place.ensure_installation_id(ANNA, SeededEntropy(2))
    assert place.installation_id(ANNA) == name
    assert len(name) == 36


@pytest.mark.parametrize("content", [None, b"", b"no name", b"\xff"])
def test_device_without_a_name_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    place = written(tmp_path, ANNA)
    place.folder(ANNA).mkdir()
    file = place.folder(ANNA) / INSTALLATION_FILE_NAME
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    with pytest.raises(DataDirectoryError, match=f"^{file} does not hold the name"):
        place.installation_id(ANNA)


def test_database_is_in_the_folder_of_its_account(tmp_path: Path) -> None:
    path = AccountDirectory(tmp_path).database_path(ANNA)
    assert path == tmp_path / "accounts" / ANNA.key_uid / "messages.db"


def test_device_keeps_the_name_that_it_had_elsewhere(tmp_path: Path) -> None:
    place, name = AccountDirectory(tmp_path), "0f0e0d0c-0b0a-4908-8706-050403020100"
    place.write_installation_id(ANNA, name)
    assert place.installation_id(ANNA) == name
    assert stat.S_IMODE((place.folder(ANNA) / INSTALLATION_FILE_NAME).stat().st_mode) == 0o600
