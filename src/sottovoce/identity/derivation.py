"""Paths in the tree of keys: their text, and those that Status uses.

Spec: BIP-32 (notation), BIP-44, EIP-1581; Status 2/ACCOUNT, "Keypair Generation"
(docs/spec-deviations.md, "Derivation paths").
"""

import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.extended_key import HARDENED, INDEX_MAX

# Nobody's wallet goes deeper than six; the bound keeps a pasted text from costing time.
PATH_DEPTH_MAX: Final = 16

_ROOT: Final = "m"
_SEPARATOR: Final = "/"
_MARKS: Final = ("'", "h", "H")  # how programs write that an index is hardened
_INDEX: Final = re.compile(r"(0|[1-9][0-9]{0,9})(['hH]?)\Z")


@dataclass(frozen=True, slots=True)
class Path:
    """A way down from the master key.

    Attributes:
        indices: One number for each step, `HARDENED` added for hardened ones.

    Raises:
        LocalProtocolError: An index is out of range, or there are too many.
    """

    indices: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.indices) > PATH_DEPTH_MAX:
            raise LocalProtocolError(f"a derivation path has at most {PATH_DEPTH_MAX} steps")
        if not all(0 <= index <= INDEX_MAX for index in self.indices):
            raise LocalProtocolError("a step of a derivation path is out of range")

    @override
    def __str__(self) -> str:
        """The path as people write it, from m on."""
        return _SEPARATOR.join((_ROOT, *map(_index_text, self.indices)))

    def child(self, index: int) -> "Path":
        """Return the path one step further.

        Raises:
            LocalProtocolError: The index is out of range, or there are too many.
        """
        return Path((*self.indices, index))

    @property
    def as_status_derives(self) -> "Path":
        """The path that Status' program really walks when it is asked for this one.

        It forgets a last step that is hardened. The `eip1581-address` in the settings of real
        accounts is therefore that of the path above.
        """
        if self.indices and self.indices[-1] >= HARDENED:
            return Path(self.indices[:-1])
        return self


def parse_path(text: str) -> Path:
    """Read a path like m/44'/60'/0'/0/0; h stands for the quote, too.

    Raises:
        LocalProtocolError: It is no path from the master key.
    """
    root, *steps = text.split(_SEPARATOR)
    if root != _ROOT:
        raise LocalProtocolError("a derivation path starts with m, as in m/44'/60'/0'/0/0")
    return Path(tuple(_parse_index(step) for step in steps))


def _parse_index(step: str) -> int:
    match = _INDEX.match(step)
    if match is None or int(match.group(1)) >= HARDENED:
        raise LocalProtocolError(
            f"a step of a derivation path is a number below {HARDENED}, with a ' if hardened"
        )
    return int(match.group(1)) + (HARDENED if match.group(2) in _MARKS else 0)


def _index_text(index: int) -> str:
    return f"{index - HARDENED}'" if index >= HARDENED else str(index)


MASTER: Final = Path(())
EIP1581_ROOT: Final = parse_path("m/43'/60'/1581'")
CHAT: Final = parse_path("m/43'/60'/1581'/0'/0")
WALLET_ROOT: Final = parse_path("m/44'/60'/0'/0")

# Before there were several accounts, this one key was both the chat key and the wallet.
LEGACY: Final = parse_path("m/44'/60'/0'/0/0")
# And this is what the key file of such an account keeps as its extended key.
LEGACY_EXTENDED: Final = parse_path("m/44'/60'/0'/0/1")


def wallet(index: int) -> Path:
    """Return the path of a wallet key, counted from 0.

    Raises:
        LocalProtocolError: The index is negative, or so large that it would be a hardened one.
    """
    if not 0 <= index < HARDENED:
        raise LocalProtocolError(f"a wallet's number lies between 0 and {HARDENED - 1}")
    return WALLET_ROOT.child(index)
