"""An account that this process holds: the lock, the keys, and what the directory says of others."""

from dataclasses import dataclass
from pathlib import Path

from sottovoce.adapters.mailserver_file import SavedMailserver, read_mailservers
from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.peer_file import SavedPeer, read_peers
from sottovoce.app.accounts import find_account, unlock
from sottovoce.app.person import DatabasePlace, OpenedStore, PersonSettings, open_store
from sottovoce.base.entropy import Entropy
from sottovoce.base.secret import PrivateKey


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An unlocked account in a locked directory.

    Attributes:
        directory: The data directory.
        settings: Who it is.
        opened: What it keeps.
        node_key: The node's key that lasts.
        peers: The saved peers.
        mailservers: The saved mailservers.
        lock: The lock, unless somebody above holds it.
    """

    directory: Path
    settings: PersonSettings
    opened: OpenedStore
    node_key: PrivateKey | None
    peers: tuple[SavedPeer, ...]
    mailservers: tuple[SavedMailserver, ...]
    lock: DataDirectory | None

    def close(self) -> None:
        """Close the store, which nobody runs, and give up the lock.

        Raises:
            StorageError: The disk reports an error; the lock is given up all the same.
        """
        try:
            self.opened.close()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Give up the lock; the store is closed by who runs it."""
        if self.lock is not None:
            self.lock.close()


def hold_account(
    directory: Path, account: str | None, password: str, entropy: Entropy, *, is_locked: bool
) -> HeldAccount:
    """Lock a data directory, unlock an account in it, and open its store; takes up to a second.

    Args:
        directory: The data directory.
        account: Which account, as `find_account` has it; None for the only one.
        password: Its password.
        entropy: Where a node key comes from, if there is none yet.
        is_locked: Whether the caller holds the directory already.

    Raises:
        SottovoceError: The directory or account cannot be used, or the password is wrong.
    """
    lock = None if is_locked else DataDirectory(directory)
    try:
        unlocked = unlock(directory, find_account(directory, account), password)
        settings = PersonSettings(
            unlocked.identity.private,
            unlocked.installation_id,
            DatabasePlace(unlocked.database_path, unlocked.database_password),
        )
        return HeldAccount(
            directory,
            settings,
            open_store(settings, entropy),
            None if lock is None else lock.node_key(entropy),
            tuple(read_peers(directory)),
            read_mailservers(directory),
            lock,
        )
    except BaseException:
        if lock is not None:
            lock.close()
        raise
