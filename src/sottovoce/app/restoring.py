"""An account brought back from a backup, on the machine that it comes from or on another one.

Everything is made apart first, from a backup that was read and checked to its end, and moved to its
place in one step; then the list names it. A crash leaves what was there, or all of the new; only
between setting a folder aside and moving the new one there is none, until it is done again.

Spec: docs/reference/backup.md, "Restoring".
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.account_staging import put_in_place, staging, take_back
from sottovoce.adapters.backup_file import BackupFile
from sottovoce.adapters.backup_manifest import BackupManifest
from sottovoce.adapters.mailserver_file import (
    SavedMailserver,
    add_mailserver,
    read_mailservers,
)
from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.peer_file import add_peer, read_peers
from sottovoce.adapters.sqlite.database import DatabaseSettings
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.snapshot import settle_copy
from sottovoce.app.backups import BackupSummary, read_database, unlock_backup
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.account_list import ACCOUNT_NAME_CHARS_MAX, AccountEntry, AccountList
from sottovoce.runtime.system_entropy import SystemEntropy


@dataclass(frozen=True, slots=True)
class RestoredAccount:
    """What came of restoring.

    Attributes:
        entry: The account as the list has it now.
        summary: What was in the backup.
        set_aside: Where the folder is whose place it took; None if there was none.
    """

    entry: AccountEntry
    summary: BackupSummary
    set_aside: Path | None


def restore_backup(
    directory: Path,
    file: Path,
    password: str,
    *,
    as_new_device: bool = False,
    replaces: bool = False,
    entropy: Entropy | None = None,
) -> RestoredAccount:
    """Bring an account back; all of it or nothing.

    Sessions from before are never sent on again: at its next start everything that could be used a
    second time starts anew.

    Args:
        directory: The data directory, which nobody else may hold.
        file: The backup.
        password: What locks it.
        as_new_device: Whether the machine from which the backup comes is still in use: then this
            one gets a name of its own.
        replaces: Whether an account that is here already is set aside.
        entropy: Where a name comes from, or None for the operating system's.

    Raises:
        WrongPasswordError: The password is wrong.
        LocalProtocolError: The account is here already, or the password cannot be one.
        DirectoryInUseError: Another process holds the directory.
        DataDirectoryError: It cannot be used.
        StoreFileError: The backup is damaged, or none that this program opens.
        StorageError: There is no room.
        ResourceLimitError: The machine has too little memory left, or too many accounts.
    """
    with BackupFile(file) as backup:
        manifest = unlock_backup(backup, password)
        lock = DataDirectory(directory)
        try:
            place = AccountDirectory(directory)
            if not replaces:
                _refuse_if_here(place, manifest.entry)
            source = entropy or SystemEntropy()
            with staging(place) as staged:
                summary = _stage(staged, backup, manifest, source, as_new_device=as_new_device)
                _take_over_surroundings(lock, manifest, as_new_device=as_new_device)
                entry, set_aside = _move(place, manifest.entry, staged)
        finally:
            lock.close()
    return RestoredAccount(entry, summary, set_aside)


def _move(
    place: AccountDirectory, wanted: AccountEntry, staged: AccountDirectory
) -> tuple[AccountEntry, Path | None]:
    """Move what is finished to its place, and list it.

    Returns:
        The account in the list, and where the folder is whose place it took.

    Raises:
        DataDirectoryError: It cannot be written; everything is where it was.
        ResourceLimitError: There are too many accounts.
    """
    with place.changing() as accounts:
        entry = _listed(accounts, wanted)
        changed = _with(accounts, entry)
        set_aside = put_in_place(place, entry, staged)
        try:
            place.write(changed)
        except BaseException:
            take_back(place, entry, staged, set_aside)
            raise
    return entry, set_aside


def _refuse_if_here(place: AccountDirectory, entry: AccountEntry) -> None:
    """Check that an account is not here.

    Raises:
        LocalProtocolError: It is.
    """
    listed = any(each.key_uid == entry.key_uid for each in place.read().entries)
    if listed or place.folder(entry).exists():
        raise LocalProtocolError(
            f"the account {entry.name} is in {place.path} already, and nothing was changed; with "
            "--replace the backup takes its place, and what is there now is kept beside it"
        )


def _stage(
    staged: AccountDirectory,
    backup: BackupFile,
    manifest: BackupManifest,
    entropy: Entropy,
    *,
    as_new_device: bool,
) -> BackupSummary:
    """Make the account's folder, apart from all others.

    Raises:
        DataDirectoryError: It cannot be written.
        StorageError: The backup is damaged, or there is no room.
    """
    entry = manifest.entry
    staged.write_key_file(entry, manifest.key_file, unix_ns=time.time_ns())
    if as_new_device:
        staged.ensure_installation_id(entry, entropy)
    else:
        staged.write_installation_id(entry, manifest.installation_id)
    database = staged.database_path(entry)
    summary = read_database(backup, manifest, database)
    if manifest.database_bytes:
        password = DatabasePassword(manifest.database_password)
        settle_copy(database, password, DatabaseSettings(), as_new_device=as_new_device)
    return summary


def _take_over_surroundings(
    lock: DataDirectory, manifest: BackupManifest, *, as_new_device: bool
) -> None:
    """Add the peers and mailservers that are not saved here, and the node's key if there is none.

    Raises:
        DataDirectoryError: The key or the list of mailservers cannot be written.
        LocalProtocolError: A list is damaged or full.
    """
    known = {peer.enode.public_key for peer in read_peers(lock.path)}
    for peer in manifest.peers:
        if peer.enode.public_key not in known:
            add_peer(lock.path, peer)
    _take_over_mailservers(lock.path, manifest.mailservers)
    # Two machines that run at once must not be one node.
    if manifest.node_key is not None and not as_new_device:
        lock.adopt_node_key(manifest.node_key)


def _take_over_mailservers(directory: Path, servers: tuple[SavedMailserver, ...]) -> None:
    """Add the mailservers that are not saved here; what is chosen here stays chosen.

    Raises:
        DataDirectoryError: The list cannot be read or written.
        LocalProtocolError: It is damaged or full.
    """
    before = read_mailservers(directory)
    known = {server.enode.public_key for server in before}
    is_chosen = any(server.pinned for server in before)
    for server in servers:
        if server.enode.public_key not in known:
            add_mailserver(directory, replace(server, pinned=server.pinned and not is_chosen))


def _listed(accounts: AccountList, entry: AccountEntry) -> AccountEntry:
    """Return an account as it can stand in a list: another name if its own is taken."""
    taken = {each.name.casefold() for each in accounts.entries if each.key_uid != entry.key_uid}
    name, number = entry.name, 1
    while name.casefold() in taken:
        number += 1
        suffix = f" {number}"
        name = entry.name[: ACCOUNT_NAME_CHARS_MAX - len(suffix)] + suffix
    return replace(entry, name=name)


def _with(accounts: AccountList, entry: AccountEntry) -> AccountList:
    """Return a list with an account, added or replaced.

    Raises:
        ResourceLimitError: There are too many.
    """
    others = (each for each in accounts.entries if each.key_uid != entry.key_uid)
    return AccountList((*others, entry))
