"""Accounts on disk: the list of them, and for each a folder with key file, database and device id.

::

    accounts.json                            which accounts there are; no keys, no secrets
    accounts/<key uid>/UTC--…--<address>     the chat key under the password
    accounts/<key uid>/installation-id       the name of this device, a random UUID
    accounts/<key uid>/messages.db           the database, encrypted
    accounts/<key uid>.replaced-1            what a backup took the place of, untouched

It opens no key file and knows no password. Writers of the list exclude each other by a lock on the
folder `accounts`, which lasts as long as one change.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.adapters.private_file import (
    make_private_directory,
    read_private_file,
    write_private_file,
)
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import SottovoceError
from sottovoce.identity.account_list import AccountEntry, AccountList
from sottovoce.identity.address import Address, parse_address
from sottovoce.identity.json_object import decode_object
from sottovoce.identity.keystore import keystore_file_name
from sottovoce.identity.keystore_format import KEYSTORE_BYTES_MAX

LIST_FILE_NAME: Final = "accounts.json"
FOLDER_NAME: Final = "accounts"
INSTALLATION_FILE_NAME: Final = "installation-id"
DATABASE_FILE_NAME: Final = "messages.db"

# The most accounts with the longest names; a device or a wrong file may be endless.
LIST_FILE_BYTES_MAX: Final = 512 * 1024

_VERSION: Final = 1
_INSTALLATION_BYTES_MAX: Final = 64
_UUID_BYTES: Final = 16
_UUID_VERSION: Final = 4


class AccountDirectory:
    """The accounts below a data directory.

    Attributes:
        folders: Where each account has its folder.

    Args:
        path: The data directory.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._file: Final = path / LIST_FILE_NAME
        self.folders: Final = path / FOLDER_NAME

    # ---- the list

    def read(self) -> AccountList:
        """Return the accounts; none if there is no list.

        Raises:
            DataDirectoryError: The list cannot be read, or is damaged.
        """
        document = read_private_file(self._file, bytes_max=LIST_FILE_BYTES_MAX)
        if document is None:
            return AccountList()
        try:
            version, accounts = _parse(document)
        except (SottovoceError, KeyError, TypeError):
            raise DataDirectoryError(
                f"{self._file} is damaged: put a copy of it back, or remove it and run "
                "`sottovoce account recover` for each account (keys and messages stay where "
                "they are)"
            ) from None
        if version != _VERSION:
            raise DataDirectoryError(
                f"{self._file} was written by another version of sottovoce; use that one"
            )
        return accounts

    @contextmanager
    def changing(self) -> Iterator[AccountList]:
        """Give the list to whoever will `write` it before the end, and keep other writers away.

        Raises:
            DataDirectoryError: The directory cannot be made, or the list cannot be read.
        """
        make_private_directory(self.path)
        make_private_directory(self.folders)
        try:
            handle = os.open(self.folders, os.O_RDONLY)
        except OSError as error:
            raise DataDirectoryError(f"cannot read {self.folders}: {error.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield self.read()
        finally:
            os.close(handle)

    def write(self, accounts: AccountList) -> None:
        """Replace the list, within `changing`.

        Raises:
            DataDirectoryError: It cannot be written.
        """
        members = {
            "version": _VERSION,
            "accounts": [
                {
                    "key_uid": entry.key_uid,
                    "name": entry.name,
                    "chat_address": str(entry.chat_address),
                    "last_login_unix_s": entry.last_login_unix_s,
                }
                for entry in accounts.entries
            ],
        }
        write_private_file(self._file, json.dumps(members, indent=2).encode() + b"\n")

    # ---- what one account has

    def folder(self, entry: AccountEntry) -> Path:
        """Return where an account's files are."""
        return self.folders / entry.key_uid

    def database_path(self, entry: AccountEntry) -> Path:
        """Return where an account's database is; it need not exist."""
        return self.folder(entry) / DATABASE_FILE_NAME

    def key_file(self, entry: AccountEntry) -> Path:
        """Return where an account's chat key is.

        Raises:
            DataDirectoryError: It is not there.
        """
        # Two are there after a crash between writing a new one and removing the old one.
        files = sorted(self._key_files(entry))
        if not files:
            raise DataDirectoryError(
                f"the key file of this account is not in {self.folder(entry)}; put a copy of it "
                "back, or run `sottovoce account recover` with the recovery phrase"
            )
        return files[-1]

    def read_key_file(self, entry: AccountEntry) -> bytes:
        """Return the bytes of an account's key file.

        Raises:
            DataDirectoryError: It cannot be read, is too long, or is open to other users.
        """
        file = self.key_file(entry)
        document = read_private_file(file, bytes_max=KEYSTORE_BYTES_MAX)
        if document is None:
            raise DataDirectoryError(f"cannot read {file}: it has just been replaced; try again")
        return document

    def write_key_file(self, entry: AccountEntry, document: bytes, *, unix_ns: int) -> Path:
        """Write an account's key file; an older one is removed then.

        Args:
            entry: Whose it is.
            document: Its bytes.
            unix_ns: The time of its name, in nanoseconds since 1970.

        Raises:
            DataDirectoryError: It cannot be written.
        """
        folder = self.folder(entry)
        make_private_directory(folder)
        old = self._key_files(entry)
        file = folder / keystore_file_name(entry.chat_address, unix_ns=unix_ns)
        write_private_file(file, document)
        for each in old:
            if each != file:
                each.unlink(missing_ok=True)
        return file

    def installation_id(self, entry: AccountEntry) -> str:
        """Return the name of this device.

        Raises:
            DataDirectoryError: It cannot be read, or is not there.
        """
        file = self.folder(entry) / INSTALLATION_FILE_NAME
        content = read_private_file(file, bytes_max=_INSTALLATION_BYTES_MAX)
        try:
            return str(UUID((content or b"").decode().strip()))
        except ValueError:
            raise DataDirectoryError(
                f"{file} does not hold the name of this device (a UUID); put a copy of it back, or "
                "run `sottovoce account recover`, which gives the device a new one"
            ) from None

    def ensure_installation_id(self, entry: AccountEntry, entropy: Entropy) -> None:
        """Give this device a name for an account, unless it has one.

        Raises:
            DataDirectoryError: It cannot be written.
        """
        try:
            self.installation_id(entry)
        except DataDirectoryError:
            name = str(UUID(bytes=entropy.take(_UUID_BYTES), version=_UUID_VERSION))
            self.write_installation_id(entry, name)

    def write_installation_id(self, entry: AccountEntry, name: str) -> None:
        """Give this device a name for an account that it had elsewhere.

        Raises:
            DataDirectoryError: It cannot be written.
        """
        make_private_directory(self.folder(entry))
        write_private_file(self.folder(entry) / INSTALLATION_FILE_NAME, name.encode() + b"\n")

    def _key_files(self, entry: AccountEntry) -> list[Path]:
        return list(self.folder(entry).glob(f"UTC--*--{_digits(entry.chat_address)}"))


def _digits(address: Address) -> str:
    return address.raw.hex()


def _parse(document: bytes) -> tuple[object, AccountList]:
    """Read a list, and the version of its form; of another version no account is read.

    Raises:
        KeyError: A member is missing.
        TypeError: A member is of another type.
        LocalProtocolError: A member has another form.
        RemoteProtocolError: It is no JSON, or an address is none.
        ResourceLimitError: There are too many accounts.
    """
    members = decode_object(document)
    if members["version"] != _VERSION:
        return members["version"], AccountList()
    return _VERSION, AccountList(tuple(_entry(each) for each in members["accounts"]))


def _entry(members: dict[str, object]) -> AccountEntry:
    """Read an account of the list.

    Raises:
        KeyError: A member is missing.
        TypeError: A member is of another type.
        LocalProtocolError: A member has another form.
        RemoteProtocolError: The address is none.
    """
    key_uid, name = members["key_uid"], members["name"]
    address, login = members["chat_address"], members["last_login_unix_s"]
    if not (isinstance(key_uid, str) and isinstance(name, str) and isinstance(address, str)):
        raise TypeError
    if not isinstance(login, int) or isinstance(login, bool):
        raise TypeError
    return AccountEntry(key_uid, name, parse_address(address), login)
