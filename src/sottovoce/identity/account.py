"""An account: everything that grows from one recovery phrase, and what the chat may see of it.

Chat and wallets live on branches that part at hardened steps, so that no key of the one leads to
the other. Whoever talks gets a `ChatIdentity`, which knows neither the phrase nor the tree; the
chat key file keeps the chat key as its own extended key and nothing from above.

Spec: Status 2/ACCOUNT; status-go account/generator, multiaccounts, api/geth_backend.go
(docs/spec-deviations.md, "Derivation paths").
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.hashes import sha256
from sottovoce.identity import derivation
from sottovoce.identity.address import Address, address_of
from sottovoce.identity.alias import WordLists, alias
from sottovoce.identity.derivation import Path
from sottovoce.identity.extended_key import ExtendedPrivateKey, master_key
from sottovoce.identity.identicon import Identicon, identicon
from sottovoce.identity.mnemonic import RecoveryPhrase, Seed
from sottovoce.identity.public_key_text import hex_key

_HEX_PREFIX: Final = "0x"
_KEY_UID_CHARS: Final = len(_HEX_PREFIX) + 64


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """One key of an account, with its place.

    Attributes:
        path: Where in the tree it stands.
        extended: The key, its chain code and the rest.
    """

    path: Path
    extended: ExtendedPrivateKey

    @property
    def private(self) -> PrivateKey:
        """The key itself."""
        return self.extended.private

    @property
    def public(self) -> PublicKey:
        """The public key, computed each time."""
        return self.extended.public

    @property
    def address(self) -> Address:
        """The address of the key."""
        return address_of(self.public)


@dataclass(frozen=True, slots=True)
class ChatIdentity:
    """Who a person is in conversations; nothing in it leads to a wallet.

    Attributes:
        private: The chat key.
        public: What others know the person by.
    """

    private: PrivateKey
    public: PublicKey

    @property
    def hex_key(self) -> str:
        """The public key as chats and protocol fields have it."""
        return hex_key(self.public)

    @property
    def identicon(self) -> Identicon:
        """The picture of the key."""
        return identicon(self.public)

    def alias(self, words: WordLists | None = None) -> str:
        """Return the three-word name, of our lists or of others."""
        return alias(self.public, words)


@dataclass(frozen=True, slots=True)
class Account:
    """One account of possibly several on this machine.

    Attributes:
        master: The root of its keys.
    """

    master: ExtendedPrivateKey = field(repr=False)

    @property
    def key_uid(self) -> str:
        """The name of the account on this machine: 0x and SHA-256 of the master's public key.

        It is no secret, yet it links all keys of the account and stays on the machine.
        """
        return _HEX_PREFIX + sha256(self.master.public.uncompressed).hex()

    def chat(self) -> ChatIdentity:
        """Return who the person is in conversations."""
        key = self.derive(derivation.CHAT)
        return ChatIdentity(key.private, key.public)

    def wallet(self, index: int = 0) -> DerivedKey:
        """Return a wallet's key, counted from 0.

        Raises:
            LocalProtocolError: The index is out of range.
        """
        return self.derive(derivation.wallet(index))

    def derive(self, path: Path) -> DerivedKey:
        """Return any key, for what is stored and for other programs' paths.

        Raises:
            InvalidKeyError: There is no such key, which happens once in 2 to the power of 127.
        """
        return DerivedKey(path, self.master.descendant(path.indices))


def account_of_phrase(phrase: RecoveryPhrase, passphrase: str = "") -> Account:
    """Return the account of a phrase; Status' app never uses a passphrase.

    Raises:
        LocalProtocolError: The passphrase has no UTF-8 form.
    """
    return account_of_seed(phrase.seed(passphrase))


def account_of_seed(seed: Seed) -> Account:
    """Return the account of a seed.

    Raises:
        InvalidKeyError: The seed gives no key, which happens once in 2 to the power of 127.
    """
    return Account(master_key(seed))


def database_file_name(key_uid: str) -> str:
    """Return the name of the file in which Status keeps an account's data; ours has another.

    Raises:
        LocalProtocolError: It is no key uid.
    """
    check_key_uid(key_uid)
    # The digits of the text's own bytes, so that the name has the digits of digits in it.
    return f"app-{key_uid.encode().hex()}.sql"


def check_key_uid(key_uid: str) -> None:
    """Check the form of an account's name: 0x and 64 small hex digits.

    Raises:
        LocalProtocolError: It has another form.
    """
    digits = key_uid.removeprefix(_HEX_PREFIX)
    if len(key_uid) != _KEY_UID_CHARS or not set(digits) <= set("0123456789abcdef"):
        raise LocalProtocolError("a key uid is 0x and 64 small hexadecimal digits")
