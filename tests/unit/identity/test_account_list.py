import pytest

from sottovoce.base.errors import LocalProtocolError, ResourceLimitError
from sottovoce.base.moment import Moment
from sottovoce.identity.account_list import ACCOUNTS_MAX, AccountEntry, AccountList
from sottovoce.identity.address import Address


def entry(number: int, name: str = "Somebody", last_login_unix_s: int = 0) -> AccountEntry:
    return AccountEntry(f"0x{number:064x}", name, Address(bytes(20)), last_login_unix_s)


def test_account_that_was_used_last_comes_first() -> None:
    accounts = AccountList((entry(1), entry(2), entry(3, last_login_unix_s=5)))
    assert [other.key_uid[-1] for other in accounts.entries] == ["3", "1", "2"]
    accounts = accounts.logged_in(entry(2).key_uid, Moment(0.0, 9.75))
    assert [other.key_uid[-1] for other in accounts.entries] == ["2", "3", "1"]
    assert accounts.entries[0].last_login_unix_s == 9


def test_account_is_added_found_and_taken_away() -> None:
    accounts = AccountList().with_account(entry(1)).with_account(entry(2))
    assert accounts.find(entry(2).key_uid) == entry(2)
    assert accounts.without_account(entry(1).key_uid) == AccountList((entry(2),))


def test_account_cannot_be_there_twice() -> None:
    with pytest.raises(LocalProtocolError, match="already"):
        AccountList((entry(1),)).with_account(entry(1, "By another name"))


def test_account_that_is_not_there_is_an_error() -> None:
    accounts = AccountList((entry(1),))
    for ask in (accounts.find, accounts.without_account):
        with pytest.raises(LocalProtocolError, match="no such account"):
            ask(entry(2).key_uid)
    with pytest.raises(LocalProtocolError, match="no such account"):
        accounts.logged_in(entry(2).key_uid, Moment(0.0, 1.0))


def test_list_has_an_end() -> None:
    with pytest.raises(ResourceLimitError):
        AccountList(tuple(map(entry, range(ACCOUNTS_MAX + 1))))


@pytest.mark.parametrize("name", ["", "x" * 101, "two\nlines", "\x1b[31m"])
def test_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="printable"):
        entry(1, name)
