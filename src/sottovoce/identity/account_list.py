"""The accounts of one machine: which there are, and which was used last.

It is a value; whoever keeps it stores its entries. It holds no secrets and no keys, only the names
by which key files and databases are found.

Spec: status-go multiaccounts (table `accounts`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sottovoce.base.errors import LocalProtocolError, ResourceLimitError
from sottovoce.base.moment import Moment
from sottovoce.identity.account import check_key_uid
from sottovoce.identity.address import Address

# Each has a database of its own; nobody has so many, and a damaged file cannot bring more.
ACCOUNTS_MAX: Final = 256
ACCOUNT_NAME_CHARS_MAX: Final = 100  # three-word names have up to 37


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """What is known of an account before it is unlocked.

    Attributes:
        key_uid: Its name on this machine.
        name: What the person sees in the list, the three-word name at first.
        chat_address: By which the file of the chat key is found.
        last_login_unix_s: When it was last used; 0 if never.

    Raises:
        LocalProtocolError: The key uid has a wrong form, or the name is empty or too long.
    """

    key_uid: str
    name: str
    chat_address: Address
    last_login_unix_s: int = 0

    def __post_init__(self) -> None:
        check_key_uid(self.key_uid)
        if not 0 < len(self.name) <= ACCOUNT_NAME_CHARS_MAX or not self.name.isprintable():
            raise LocalProtocolError(
                f"an account's name has 1 to {ACCOUNT_NAME_CHARS_MAX} printable characters"
            )


@dataclass(frozen=True, slots=True)
class AccountList:
    """All accounts of one machine, the one that was used last in front.

    Attributes:
        entries: The accounts, each key uid once.

    Raises:
        LocalProtocolError: An account is there twice.
        ResourceLimitError: There are too many.
    """

    entries: tuple[AccountEntry, ...] = ()

    def __post_init__(self) -> None:
        if len(self.entries) > ACCOUNTS_MAX:
            raise ResourceLimitError(f"a machine has at most {ACCOUNTS_MAX} accounts")
        if len({entry.key_uid for entry in self.entries}) != len(self.entries):
            raise LocalProtocolError("an account is in the list already")
        order = sorted(self.entries, key=lambda entry: -entry.last_login_unix_s)
        object.__setattr__(self, "entries", tuple(order))

    def with_account(self, entry: AccountEntry) -> "AccountList":
        """Return the list with one more.

        Raises:
            LocalProtocolError: It is there already.
            ResourceLimitError: There are too many.
        """
        return AccountList((*self.entries, entry))

    def without_account(self, key_uid: str) -> "AccountList":
        """Return the list with one less.

        Raises:
            LocalProtocolError: It is not there.
        """
        entry = self.find(key_uid)
        return AccountList(tuple(other for other in self.entries if other is not entry))

    def logged_in(self, key_uid: str, now: Moment) -> "AccountList":
        """Return the list after an account was unlocked.

        Raises:
            LocalProtocolError: It is not there.
        """
        entry = replace(self.find(key_uid), last_login_unix_s=now.unix_whole_s)
        return AccountList((entry, *self._others(key_uid)))

    def find(self, key_uid: str) -> AccountEntry:
        """Return one account.

        Raises:
            LocalProtocolError: It is not there.
        """
        for entry in self.entries:
            if entry.key_uid == key_uid:
                return entry
        raise LocalProtocolError("there is no such account on this machine")

    def _others(self, key_uid: str) -> Iterable[AccountEntry]:
        return (entry for entry in self.entries if entry.key_uid != key_uid)
