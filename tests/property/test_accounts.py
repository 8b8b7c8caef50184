"""Whatever stands in a file or is typed, accounts and names take it or refuse it in a sentence."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sottovoce.adapters.account_directory import LIST_FILE_NAME, AccountDirectory
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.app.accounts import AmbiguousAccountError, find_account
from sottovoce.cli.naming import find_chat, find_person
from sottovoce.cli.output import CommandError
from sottovoce.identity.account_list import AccountEntry, AccountList
from sottovoce.identity.address import Address
from unit.cli.person_records import BOOK

ENTRY = st.builds(
    AccountEntry,
    st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex()),
    st.text(min_size=1, max_size=100).filter(str.isprintable),
    st.binary(min_size=20, max_size=20).map(Address),
    st.integers(min_value=0, max_value=2**40),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("key_uid", "name", "chat_address", "last_login_unix_s", "other"), JSON),
)


def read(document: bytes) -> AccountList:
    with TemporaryDirectory() as name:
        file = Path(name) / LIST_FILE_NAME
        file.write_bytes(document)
        file.chmod(0o600)
        return AccountDirectory(Path(name)).read()


@pytest.mark.slow
@settings(max_examples=20)  # Each waits for the disk.
@given(st.lists(ENTRY, max_size=4, unique_by=lambda entry: entry.key_uid))
def test_list_is_read_as_it_was_written(entries: list[AccountEntry]) -> None:
    with TemporaryDirectory() as name:
        place = AccountDirectory(Path(name))
        wanted = AccountList(tuple(entries))
        with place.changing():
            place.write(wanted)
        assert place.read() == wanted


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_a_sentence(document: bytes) -> None:
    with suppress(DataDirectoryError):
        read(document)


@pytest.mark.slow
@given(st.lists(MEMBERS | JSON, max_size=3) | JSON)
@example([{"key_uid": "0x" + "00" * 32, "name": "Anna", "chat_address": "0x" + "\u0660" * 40}])
def test_any_json_is_a_list_or_a_sentence(accounts: object) -> None:
    with suppress(DataDirectoryError):
        read(json.dumps({"version": 1, "accounts": accounts}).encode())


@pytest.mark.slow
@given(st.text() | st.from_regex(r"(0x0[234]|zQ3sh|status-im://u/|#|[a-zA-Z0-9])\w*"))
def test_whatever_is_typed_names_somebody_or_is_refused(text: str) -> None:
    for find in (find_chat, find_person):
        with suppress(CommandError):
            find(BOOK, text)
    with TemporaryDirectory() as name:
        place = AccountDirectory(Path(name))
        with place.changing():
            place.write(AccountList((AccountEntry("0x" + "a1" * 32, "Anna", Address(bytes(20))),)))
        with suppress(AmbiguousAccountError):
            find_account(Path(name), text)
