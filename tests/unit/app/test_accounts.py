import json
import stat
import unicodedata
from pathlib import Path
from typing import Final, Literal

import pytest
from eth_account import Account as EthAccount

from seeded import SeededEntropy
from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.app.accounts import (
    AmbiguousAccountError,
    WrongPasswordError,
    create_account,
    find_account,
    key_file_of,
    list_accounts,
    recover_account,
    unlock,
)
from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.keystore import KeystorePassword, open_keystore
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.identity.mnemonic import RecoveryPhrase
from sottovoce.identity.public_key_text import compact_key
from unit.identity.people import OTHER_PHRASE, PHRASE, anna, bruno

PASSWORD: Final = "correct horse"
CHEAP: Final = ScryptCost(n=2, r=1, p=1)


def create(
    directory: Path, name: str | None = None, seed: int = 1
) -> tuple[AccountEntry, RecoveryPhrase]:
    return create_account(directory, name, PASSWORD, cost=CHEAP, entropy=SeededEntropy(seed))


def recover(directory: Path, phrase: str, name: str | None = None, password: str = PASSWORD) -> (
    tuple[AccountEntry, bool]
):  # fmt: skip
    return recover_account(directory, phrase, name, password, cost=CHEAP, entropy=SeededEntropy(3))


def test_created_account_is_listed_under_its_three_word_name(tmp_path: Path) -> None:
    entry, _ = create(tmp_path)
    assert list(list_accounts(tmp_path)) == [entry]
    assert entry.name == unlock(tmp_path, entry, PASSWORD).identity.alias()


def test_phrase_recovers_the_same_account_elsewhere(tmp_path: Path) -> None:
    entry, phrase = create(tmp_path / "here", "Anna")
    other, known = recover(tmp_path / "there", phrase.text.upper(), "Anna at home", "other word")
    here = unlock(tmp_path / "here", entry, PASSWORD)
    there = unlock(tmp_path / "there", other, "other word")
    assert not known
    assert entry.key_uid == other.key_uid
    assert here.identity == there.identity
    assert here.database_password == there.database_password
    assert here.installation_id != there.installation_id


def test_recovery_gives_the_chat_key_of_the_phrase(tmp_path: Path) -> None:
    entry, _ = recover(tmp_path, PHRASE)
    assert unlock(tmp_path, entry, PASSWORD).identity == anna().chat()


def test_recovery_where_the_account_is_changes_its_password_and_keeps_the_rest(
    tmp_path: Path,
) -> None:
    entry, _ = recover(tmp_path, PHRASE, "Anna")
    before = unlock(tmp_path, entry, PASSWORD)
    again, known = recover(tmp_path, PHRASE, None, "a new password")
    after = unlock(tmp_path, again, "a new password")
    assert known
    assert again.name == "Anna"
    assert after.installation_id == before.installation_id
    assert (after.database_path, after.database_password) == (
        before.database_path, before.database_password,
    )  # fmt: skip
    assert len(list_accounts(tmp_path)) == 1
    with pytest.raises(WrongPasswordError):
        unlock(tmp_path, again, PASSWORD)


def test_wrong_password_is_told_with_what_to_do(tmp_path: Path) -> None:
    entry, _ = create(tmp_path)
    with pytest.raises(WrongPasswordError, match="sottovoce account recover"):
        unlock(tmp_path, entry, "correct house")


def test_unlocked_account_comes_first_in_the_list(tmp_path: Path) -> None:
    first, _ = create(tmp_path, "Anna", 1)
    second, _ = create(tmp_path, "Bruno", 2)
    unlock(tmp_path, second, PASSWORD)
    assert [each.name for each in list_accounts(tmp_path)] == ["Bruno", "Anna"]
    unlock(tmp_path, first, PASSWORD)
    assert list_accounts(tmp_path)[0].last_login_unix_s > 0


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    create(tmp_path / "data")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert len(folders) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_disk_that_cannot_be_written_still_lets_its_owner_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: AccountDirectory, __: object) -> None:
        raise DataDirectoryError("cannot write: No space left on device")

    entry, _ = create(tmp_path)
    monkeypatch.setattr(AccountDirectory, "write", full)
    assert unlock(tmp_path, entry, PASSWORD).entry == entry


def test_nothing_on_disk_holds_phrase_password_or_database_key(tmp_path: Path) -> None:
    entry, phrase = create(tmp_path)
    unlocked = unlock(tmp_path, entry, PASSWORD)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    secrets = [PASSWORD, unlocked.database_password, unlocked.identity.private.raw.hex()]
    assert not [secret for secret in secrets if secret.encode() in written]
    assert all(f" {word} ".encode() not in written for word in phrase.words)


def test_texts_of_an_unlocked_account_show_no_secret(tmp_path: Path) -> None:
    entry, _ = create(tmp_path)
    unlocked = unlock(tmp_path, entry, PASSWORD)
    assert unlocked.database_password not in repr(unlocked)
    assert unlocked.identity.private.raw.hex() not in repr(unlocked)


def test_key_file_is_read_by_ethereum_programs(tmp_path: Path) -> None:
    entry, _ = recover(tmp_path, PHRASE)
    document = json.loads(key_file_of(tmp_path, entry).read_text())
    assert EthAccount.decrypt(document, PASSWORD) == anna().chat().private.raw


def test_key_file_leads_to_nothing_above_the_chat_key(tmp_path: Path) -> None:
    entry, _ = recover(tmp_path, PHRASE)
    opened = open_keystore(key_file_of(tmp_path, entry).read_bytes(), KeystorePassword(PASSWORD))
    assert opened.extended is not None
    assert opened.extended.private == anna().chat().private


@pytest.mark.parametrize("damage", [b"", b"{}", b"no json"])
def test_damaged_key_file_is_a_sentence_that_names_it(tmp_path: Path, damage: bytes) -> None:
    entry, _ = create(tmp_path)
    file = key_file_of(tmp_path, entry)
    file.write_bytes(damage)
    with pytest.raises(DataDirectoryError, match=f"cannot use {file}: .*account recover"):
        unlock(tmp_path, entry, PASSWORD)


def test_key_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    entry, _ = recover(tmp_path, PHRASE, "Anna")
    other, _ = recover(tmp_path, OTHER_PHRASE, "Bruno")
    foreign = key_file_of(tmp_path, other).read_bytes()
    key_file_of(tmp_path, entry).write_bytes(foreign)
    with pytest.raises(DataDirectoryError, match="another address"):
        unlock(tmp_path, entry, PASSWORD)


def test_recovery_mends_an_account_without_list_and_files(tmp_path: Path) -> None:
    entry, _ = recover(tmp_path, PHRASE)
    place = AccountDirectory(tmp_path)
    (tmp_path / "accounts.json").unlink()
    (place.folder(entry) / "installation-id").unlink()
    recovered, known = recover(tmp_path, PHRASE)
    assert not known
    assert unlock(tmp_path, recovered, PASSWORD).identity == anna().chat()


def test_account_without_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalProtocolError, match="open to everybody"):
        create_account(tmp_path, "Anna", "", cost=CHEAP)
    assert list_accounts(tmp_path) == ()


@pytest.mark.parametrize("name", ["", " "])
def test_blank_name_is_refused_and_changes_nothing(tmp_path: Path, name: str) -> None:
    recover(tmp_path, PHRASE, "Anna")
    before = list(list_accounts(tmp_path))
    with pytest.raises(LocalProtocolError, match="blank; give one, or leave it out"):
        create(tmp_path, name)
    with pytest.raises(LocalProtocolError, match="blank; give one, or leave it out"):
        recover(tmp_path, PHRASE, name)
    assert list(list_accounts(tmp_path)) == before


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_password_is_the_same_however_a_keyboard_composes_it(
    tmp_path: Path, form: Literal["NFC", "NFD"]
) -> None:
    typed = "perch\N{LATIN SMALL LETTER E WITH ACUTE} no"
    entry, _ = recover(tmp_path, PHRASE, None, unicodedata.normalize(form, typed))
    for other in ("NFC", "NFD"):
        unlock(tmp_path, entry, unicodedata.normalize(other, typed))
    # Another program, which composes nothing, opens it with what most keyboards give.
    document = json.loads(key_file_of(tmp_path, entry).read_text())
    assert EthAccount.decrypt(document, typed) == anna().chat().private.raw


def test_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    create(tmp_path, "Anna", 1)
    with pytest.raises(LocalProtocolError, match="choose another name"):
        create(tmp_path, "ANNA", 2)
    assert len(list_accounts(tmp_path)) == 1


def test_wrong_phrase_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LocalProtocolError, match="12, 15, 18, 21, 24 words"):
        recover(tmp_path, "legal winner")
    assert not list(tmp_path.iterdir())


# ---- finding


@pytest.fixture
def two(tmp_path: Path) -> Path:
    recover(tmp_path, PHRASE, "Anna")
    recover(tmp_path, OTHER_PHRASE, "Annabella")
    return tmp_path


@pytest.mark.parametrize(
    "wanted",
    [
        "anna",
        anna().key_uid,
        anna().key_uid[:8],
        anna().chat().hex_key,
        compact_key(anna().chat().public),
        f"status-im://u/{anna().chat().hex_key}",
    ],
    ids=["name", "uid", "start of the uid", "hex key", "compact key", "link"],
)
def test_account_is_found_by_what_belongs_to_it(two: Path, wanted: str) -> None:
    assert find_account(two, wanted).name == "Anna"


def test_account_is_found_by_its_address_and_the_start_of_its_name(two: Path) -> None:
    entry = find_account(two, "annab")
    assert entry.key_uid == bruno().key_uid
    assert find_account(two, str(entry.chat_address)) == entry


@pytest.mark.parametrize("wanted", ["Carla", "0x", anna().key_uid[:4]])
def test_account_that_is_not_there_is_told_with_those_that_are(two: Path, wanted: str) -> None:
    with pytest.raises(AmbiguousAccountError, match=r"no account fits; there are: Anna.*, Anna"):
        find_account(two, wanted)


def test_several_that_fit_are_listed(two: Path) -> None:
    with pytest.raises(AmbiguousAccountError, match="several accounts fit; there are: Anna"):
        find_account(two, "ann")


def test_only_account_needs_no_name(tmp_path: Path, two: Path) -> None:
    with pytest.raises(AmbiguousAccountError, match="say which account with --account: Anna"):
        find_account(two, None)
    entry, _ = create(tmp_path / "other")
    assert find_account(tmp_path / "other", None) == entry


def test_directory_without_accounts_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousAccountError, match="sottovoce account create"):
        find_account(tmp_path, "Anna")
