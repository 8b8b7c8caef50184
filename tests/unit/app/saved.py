"""An account with something to lose, and quick keys, for the tests of backups."""

from pathlib import Path
from typing import Final

import pytest

from contract.made import chat, message
from seeded import SeededEntropy
from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.peer_file import SavedPeer, add_peer
from sottovoce.adapters.sqlite import database, key
from sottovoce.adapters.sqlite.key import DatabaseKey, DatabasePassword
from sottovoce.app.accounts import recover_account, unlock
from sottovoce.app.person import DatabasePlace, OpenedStore, PersonSettings, open_store
from sottovoce.chat.records import Contact
from sottovoce.devp2p.enode import parse_enode
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.keystore_kdf import ScryptCost
from unit.identity.people import PHRASE, bruno

PASSWORD: Final = "correct horse battery"
CHEAP: Final = ScryptCost(n=2, r=1, p=1)
PEER: Final = SavedPeer(
    parse_enode(f"enode://{bruno().chat().public.raw.hex()}@127.0.0.1:30303"), trusted=True
)


def quick_keys(patch: pytest.MonkeyPatch) -> None:
    """Derive the keys of databases in no time."""

    def derive(password: DatabasePassword, salt: bytes, *, iterations: int) -> DatabaseKey:
        return key.derive_key(password, salt, iterations=min(iterations, 2))

    patch.setattr(database, "derive_key", derive)


def make_account(directory: Path, phrase: str = PHRASE, name: str = "Anna") -> AccountEntry:
    """Make an account that never ran."""
    entry, _ = recover_account(
        directory, phrase, name, PASSWORD, cost=CHEAP, entropy=SeededEntropy(1)
    )
    return entry


def opened(directory: Path, entry: AccountEntry, password: str = PASSWORD) -> OpenedStore:
    """Open an account's store, as its next start does."""
    unlocked = unlock(directory, entry, password)
    place = DatabasePlace(unlocked.database_path, unlocked.database_password)
    settings = PersonSettings(unlocked.identity.private, unlocked.installation_id, place)
    return open_store(settings, SeededEntropy(2))


def write(store: OpenedStore, *numbers: int) -> None:
    """Let an account have some messages."""
    store.store.begin()
    for n in numbers:
        store.store.chat.save_message(message(n))
    store.store.commit()


def make_person(directory: Path) -> AccountEntry:
    """Make an account with a chat, a contact, three messages, a peer, and a node key."""
    entry = make_account(directory)
    store = opened(directory, entry)
    store.store.begin()
    store.store.chat.save_chat(chat("lobby"))
    store.store.chat.save_contact(Contact(bruno().chat().public, added=True, nickname="Bruno"))
    store.store.commit()
    write(store, 1, 2, 3)
    store.close()
    add_peer(directory, PEER)
    lock = DataDirectory(directory)
    lock.node_key(SeededEntropy(5))
    lock.close()
    return entry


def installation_of(directory: Path, entry: AccountEntry) -> str:
    """Return the name of a device."""
    return AccountDirectory(directory).installation_id(entry)
