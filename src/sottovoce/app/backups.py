"""Backups of an account, made while it is in use, and checked; `restoring` brings them back.

A backup is one file under a password. It holds what a person would miss: the account's place in the
list, the key file as it is, the name of the device, a copy of the database with everything that is
in it, the saved peers and mailservers, and the node's key. It does not hold the recovery phrase,
which is nowhere.

Making and checking take some seconds and, for the password, up to 256 MiB; whoever must
not wait calls them on a thread.

Spec: docs/reference/backup.md.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sottovoce.adapters.account_directory import DATABASE_FILE_NAME, AccountDirectory
from sottovoce.adapters.backup_file import (
    BackupFile,
    folder_beside,
    put_backup_in_place,
    refuse_to_overwrite,
    write_backup,
)
from sottovoce.adapters.backup_manifest import BackupManifest
from sottovoce.adapters.mailserver_file import read_mailservers
from sottovoce.adapters.node_key_file import read_node_key
from sottovoce.adapters.peer_file import read_peers
from sottovoce.adapters.sqlite.database import DatabaseSettings
from sottovoce.adapters.sqlite.file import was_made
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.snapshot import (
    DatabaseContents,
    copy_database,
    inspect_database,
)
from sottovoce.app.accounts import WrongPasswordError, keystore_password, unlock
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError, LocalProtocolError, StorageError
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.keystore_kdf import STANDARD, ScryptCost
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy

_MADE_FILE_NAME: Final = "backup"
_NOTHING: Final = DatabaseContents({}, 0, 0)
_SETTINGS: Final = DatabaseSettings()


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What is in a backup.

    Attributes:
        entry: Whose it is.
        made_unix_s: When it was made.
        program: Which program made it.
        size_bytes: How long the file is.
        contents: How much is in its database.
        peer_count: How many saved peers are in it.
    """

    entry: AccountEntry
    made_unix_s: int
    program: str
    size_bytes: int
    contents: DatabaseContents
    peer_count: int


def create_backup(
    directory: Path,
    entry: AccountEntry,
    password: str,
    file: Path,
    *,
    backup_password: str | None = None,
    overwrite: bool = False,
    cost: ScryptCost = STANDARD,
    entropy: Entropy | None = None,
) -> BackupSummary:
    """Make a backup of an account, whoever uses it meanwhile.

    Args:
        directory: The data directory; it is not locked.
        entry: The account.
        password: The account's password.
        file: The file to make.
        backup_password: What locks the backup; None for the account's password.
        overwrite: Whether a file of this name is replaced.
        cost: How dear a guess at the backup's password is.
        entropy: Where a salt comes from, or None for the operating system's.

    Returns:
        What is in it.

    Raises:
        WrongPasswordError: The account's password is wrong.
        LocalProtocolError: The file is there already, or a password cannot be one.
        DataDirectoryError: A file of the account cannot be read.
        StorageError: The database is damaged, or there is no room.
        ResourceLimitError: The machine has too little memory left.
    """
    if backup_password is not None and not backup_password:
        raise LocalProtocolError("a backup without a password is open to everybody; choose one")
    if not overwrite:
        refuse_to_overwrite(file)
    unlocked = unlock(directory, entry, password)
    place = AccountDirectory(directory)
    with folder_beside(file) as folder:
        copy, contents = folder / DATABASE_FILE_NAME, _NOTHING
        has_database = was_made(unlocked.database_path)
        if has_database:
            database_password = DatabasePassword(unlocked.database_password)
            contents = copy_database(unlocked.database_path, copy, database_password, _SETTINGS)
        manifest = BackupManifest(
            read_clock().unix_whole_s,
            f"sottovoce {version('sottovoce')}",
            entry,
            unlocked.installation_id,
            place.read_key_file(entry),
            unlocked.database_password,
            copy.stat().st_size if has_database else 0,
            read_node_key(directory),
            tuple(read_peers(directory)),
            read_mailservers(directory),
        )
        made = folder / _MADE_FILE_NAME
        write_backup(
            made,
            manifest,
            copy if has_database else None,
            keystore_password(password if backup_password is None else backup_password),
            cost,
            entropy or SystemEntropy(),
        )
        size_bytes = made.stat().st_size
        put_backup_in_place(made, file, overwrite=overwrite)
    return _summary(manifest, size_bytes, contents)


def check_backup_can_be_read(file: Path) -> None:
    """Say before a password is asked for what can be said without one.

    Raises:
        StoreFileError: It cannot be read, or is no backup that this program opens.
    """
    with BackupFile(file):
        pass


def verify_backup(file: Path, password: str) -> BackupSummary:
    """Open a backup, check all of it, and change nothing.

    The database in it is opened in a temporary folder, encrypted as it is.

    Raises:
        WrongPasswordError: The password is wrong.
        StoreFileError: It is damaged, or no backup that this program opens.
        StorageError: There is no room for the temporary folder.
        LocalProtocolError: The password cannot be one.
        ResourceLimitError: The machine has too little memory left.
    """
    try:
        folder = TemporaryDirectory(prefix="sottovoce-", ignore_cleanup_errors=True)
    except OSError as error:
        reason = error.strerror
    else:
        with folder as path, BackupFile(file) as backup:
            manifest = unlock_backup(backup, password)
            return read_database(backup, manifest, Path(path) / DATABASE_FILE_NAME)
    raise StorageError(f"there is no temporary folder to look into a backup: {reason}")


def unlock_backup(backup: BackupFile, password: str) -> BackupManifest:
    """Open a backup.

    Raises:
        WrongPasswordError: The password is wrong.
    """
    try:
        return backup.unlock(keystore_password(password))
    except DecryptionError:
        raise WrongPasswordError(
            f"the password does not open {backup.path}: it is the one that the account had when "
            "the backup was made, unless the backup was given its own"
        ) from None


def read_database(backup: BackupFile, manifest: BackupManifest, copy: Path) -> BackupSummary:
    """Read a backup to its end, and look through the database in it.

    Raises:
        StorageError: It is damaged, or there is no room.
    """
    size_bytes = backup.size_bytes
    backup.save_database(copy)
    contents = _NOTHING
    if manifest.database_bytes:
        password = DatabasePassword(manifest.database_password)
        contents = inspect_database(copy, password, _SETTINGS, name=f"in {backup.path}")
    return _summary(manifest, size_bytes, contents)


def _summary(
    manifest: BackupManifest, size_bytes: int, contents: DatabaseContents
) -> BackupSummary:
    return BackupSummary(
        manifest.entry,
        manifest.made_unix_s,
        manifest.program,
        size_bytes,
        contents,
        len(manifest.peers),
    )
