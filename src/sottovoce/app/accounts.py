"""Accounts of this machine: made, recovered, listed, found, unlocked.

The recovery phrase is given once, when the account is made, and kept nowhere. The password locks
the key file of the chat key, which leads to nothing above it; the database is locked with a key
that follows from the chat key, so that a guess at the password costs as much there as here, and
whoever recovers an account with its phrase reads the old messages under a new password.

Unlocking takes up to a second and 256 MiB on purpose; whoever must not wait calls it on a thread.
"""

import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import (
    DecryptionError,
    LocalProtocolError,
    ResourceLimitError,
    SottovoceError,
)
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.kdf import hmac_sha512
from sottovoce.identity.account import Account, ChatIdentity, account_of_phrase
from sottovoce.identity.account_list import AccountEntry, AccountList
from sottovoce.identity.address import address_of
from sottovoce.identity.contact_link import ContactLink, parse_contact_link
from sottovoce.identity.derivation import CHAT
from sottovoce.identity.keystore import KeystorePassword, open_keystore, seal_keystore
from sottovoce.identity.keystore_kdf import STANDARD, ScryptCost
from sottovoce.identity.mnemonic import RecoveryPhrase, generate_phrase, parse_phrase
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy

# Says what the key is for, so that it is no key of anything else that grows from the chat key.
_DATABASE_KEY_LABEL: Final = b"sottovoce database 1"
_DATABASE_KEY_BYTES: Final = 32
# Fewer digits of a name would match by accident.
_UID_START_CHARS_MIN: Final = 6


class WrongPasswordError(SottovoceError):
    """A password does not open the key file."""


class AmbiguousAccountError(LocalProtocolError):
    """Several accounts, or none, fit what was said; the text lists them."""


@dataclass(frozen=True, slots=True)
class UnlockedAccount:
    """What a person's node needs of an account.

    Attributes:
        entry: What the list says.
        identity: The chat key.
        installation_id: The name of this device.
        database_path: Where messages are kept; it need not exist.
        database_password: What locks it.
    """

    entry: AccountEntry
    identity: ChatIdentity = field(repr=False)
    installation_id: str = field(repr=False)
    database_path: Path
    database_password: str = field(repr=False)


def create_account(
    directory: Path,
    name: str | None,
    password: str,
    *,
    word_count: int = 12,
    cost: ScryptCost = STANDARD,
    entropy: Entropy | None = None,
) -> tuple[AccountEntry, RecoveryPhrase]:
    """Make an account with a fresh recovery phrase.

    Args:
        directory: The data directory.
        name: What the person calls it, or None for its three-word name.
        password: What locks it.
        word_count: Words of the phrase: 12, 15, 18, 21 or 24.
        cost: How dear a guess at the password is.
        entropy: Where keys come from, or None for the operating system's.

    Returns:
        The account, and its phrase, which is kept nowhere.

    Raises:
        LocalProtocolError: Name, password or count cannot be.
        ResourceLimitError: There are too many accounts.
        DataDirectoryError: A file cannot be read or written.
    """
    source = entropy or SystemEntropy()
    phrase = generate_phrase(source, word_count=word_count)
    entry, _ = _save(directory, account_of_phrase(phrase), name, password, cost, source)
    return entry, phrase


def recover_account(
    directory: Path,
    phrase_text: str,
    name: str | None,
    password: str,
    *,
    cost: ScryptCost = STANDARD,
    entropy: Entropy | None = None,
) -> tuple[AccountEntry, bool]:
    """Make an account from its recovery phrase, or give the one that is here a new password.

    Args:
        directory: The data directory.
        phrase_text: The phrase, as a person types it.
        name: What the person calls it; None for the present or the three-word name.
        password: What locks it from now on.
        cost: How dear a guess at the password is.
        entropy: Where salts come from, or None for the operating system's.

    Returns:
        The account, and whether it was here already.

    Raises:
        LocalProtocolError: It is no phrase, or name or password cannot be.
        ResourceLimitError: There are too many accounts.
        DataDirectoryError: A file cannot be read or written.
    """
    account = account_of_phrase(parse_phrase(phrase_text))
    return _save(directory, account, name, password, cost, entropy or SystemEntropy())


def list_accounts(directory: Path) -> Sequence[AccountEntry]:
    """Return the accounts of a data directory, the one used last in front.

    Raises:
        DataDirectoryError: The list cannot be read, or is damaged.
    """
    return AccountDirectory(directory).read().entries


def find_account(directory: Path, wanted: str | None) -> AccountEntry:
    """Return one account.

    Args:
        directory: The data directory.
        wanted: Its name, the beginning of its key uid or address, its chat key in any form, or
            None for the only one.

    Raises:
        AmbiguousAccountError: None or several fit; the text lists them.
        DataDirectoryError: The list cannot be read, or is damaged.
    """
    entries = list_accounts(directory)
    if not entries:
        raise AmbiguousAccountError(
            f"there is no account in {directory}; make one with: sottovoce account create"
        )
    found = list(entries) if wanted is None else _matching(entries, wanted)
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{each.name} ({each.key_uid[:10]}…)" for each in found or entries)
    if wanted is None:
        raise AmbiguousAccountError(f"say which account with --account: {listed}")
    kind = "several accounts fit" if found else "no account fits"
    raise AmbiguousAccountError(f"{kind}; there are: {listed}")


def unlock(directory: Path, entry: AccountEntry, password: str) -> UnlockedAccount:
    """Open an account's key file, and note that it was used.

    Raises:
        WrongPasswordError: The password is wrong.
        DataDirectoryError: A file is missing or damaged.
        LocalProtocolError: The password cannot be one.
        ResourceLimitError: This machine has too little memory left for the key file.
    """
    place = AccountDirectory(directory)
    private = _open(place, entry, password)
    with suppress(DataDirectoryError), place.changing() as accounts:
        # Whoever has a full disk can still read what is there.
        place.write(accounts.logged_in(entry.key_uid, read_clock()))
    return UnlockedAccount(
        entry=entry,
        identity=ChatIdentity(private, secp256k1.public_key(private)),
        installation_id=place.installation_id(entry),
        database_path=place.database_path(entry),
        database_password=_database_password(private),
    )


def key_file_of(directory: Path, entry: AccountEntry) -> Path:
    """Return where an account's key file is.

    Raises:
        DataDirectoryError: It is not there.
    """
    return AccountDirectory(directory).key_file(entry)


def _save(
    directory: Path,
    account: Account,
    name: str | None,
    password: str,
    cost: ScryptCost,
    entropy: Entropy,
) -> tuple[AccountEntry, bool]:
    """Write an account's key file and list it; returns whether it was listed before.

    Raises:
        LocalProtocolError: The name is taken, or name or password cannot be.
    """
    if not password:
        raise LocalProtocolError("an account without a password is open to everybody; choose one")
    if name is not None and not name.strip():
        raise LocalProtocolError("the account's name is blank; give one, or leave it out")
    locked = keystore_password(password)
    chat = account.derive(CHAT)
    address = address_of(chat.public)
    place = AccountDirectory(directory)
    with place.changing() as accounts:
        known = next((each for each in accounts.entries if each.key_uid == account.key_uid), None)
        if known is None:
            alias = account.chat().alias()
            entry = AccountEntry(account.key_uid, alias if name is None else name, address)
        else:
            entry = replace(known, name=known.name if name is None else name, chat_address=address)
        others = tuple(each for each in accounts.entries if each is not known)
        if any(each.name.casefold() == entry.name.casefold() for each in others):
            raise LocalProtocolError("an account of this name is here already; choose another name")
        changed = AccountList((*others, entry))
        document = seal_keystore(
            chat.private, locked, entropy=entropy, cost=cost, status=True, extended=chat.extended
        )
        place.write_key_file(entry, document, unix_ns=time.time_ns())
        place.ensure_installation_id(entry, entropy)
        place.write(changed)
    return entry, known is not None


def _open(place: AccountDirectory, entry: AccountEntry, password: str) -> PrivateKey:
    """Open an account's key file.

    Raises:
        WrongPasswordError: The password is wrong.
        DataDirectoryError: The file is damaged.
        LocalProtocolError: The password cannot be one.
        ResourceLimitError: There is too little memory.
    """
    document = place.read_key_file(entry)
    locked = keystore_password(password)
    try:
        opened = open_keystore(document, locked, expected=entry.chat_address)
    except DecryptionError:
        raise WrongPasswordError(
            "the password is wrong; whoever forgot it can set a new one with the recovery phrase: "
            "sottovoce account recover"
        ) from None
    except (LocalProtocolError, ResourceLimitError):
        raise
    except SottovoceError as error:
        raise DataDirectoryError(
            f"cannot use {place.key_file(entry)}: {error}; put a copy of it back, or run "
            "`sottovoce account recover` with the recovery phrase"
        ) from None
    return opened.private


def keystore_password(password: str) -> KeystorePassword:
    """Return a password as most keyboards give it: in Unicode's form C, an accent in its letter.

    Otherwise what is typed on one machine would not open what was locked on another.

    Raises:
        LocalProtocolError: It cannot be one.
    """
    return KeystorePassword(unicodedata.normalize("NFC", password))


def _database_password(private: PrivateKey) -> str:
    return hmac_sha512(private.raw, _DATABASE_KEY_LABEL)[:_DATABASE_KEY_BYTES].hex()


def _matching(entries: Sequence[AccountEntry], wanted: str) -> list[AccountEntry]:
    name = wanted.casefold()
    exact = [each for each in entries if each.name.casefold() == name]
    if exact:
        return exact
    address = _address_text(wanted)
    if address is not None:
        return [each for each in entries if str(each.chat_address).casefold() == address]
    by_name = [each for each in entries if each.name.casefold().startswith(name)]
    if by_name or len(name) < _UID_START_CHARS_MIN:
        return by_name
    return [
        each
        for each in entries
        if each.key_uid.startswith(name) or str(each.chat_address).casefold().startswith(name)
    ]


def _address_text(wanted: str) -> str | None:
    """Return the address of a key that somebody wrote, in small letters; None if it is no key."""
    try:
        link = parse_contact_link(wanted)
    except SottovoceError:
        return None
    return str(address_of(link.key)).casefold() if isinstance(link, ContactLink) else None
