"""Accounts that tests share: everybody knows their phrases, so nobody keeps anything on them."""

from typing import Final

from sottovoce.identity.account import Account, account_of_phrase
from sottovoce.identity.mnemonic import parse_phrase

# The phrase of sixteen zero bytes, which BIP-39 gives as its first example.
PHRASE: Final = "abandon " * 11 + "about"
OTHER_PHRASE: Final = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def anna() -> Account:
    """Return an account."""
    return account_of_phrase(parse_phrase(PHRASE))


def bruno() -> Account:
    """Return another account."""
    return account_of_phrase(parse_phrase(OTHER_PHRASE))
