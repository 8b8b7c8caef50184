"""The three-word name of a key: a shift register picks two adjectives and one being.

It owns the register and the lists. Names are for recognising, not for proving: two keys can have
the same name, and who wants to can search for one.

Spec: Status 2/ACCOUNT, "3-word name"; status-go protocol/identity/alias (docs/spec-deviations.md,
"Three-word names").
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.hashes import sha256
from sottovoce.identity.json_object import decode_object

# A list in a file that somebody configures; Status' two have 3,093 words in 38 kB.
WORD_LIST_BYTES_MAX: Final = 1024 * 1024
WORD_CHARS_MAX: Final = 32  # a name is shown in one line

_TAPS: Final = (3, 4, 5, 7)  # the bits of 0xB8
_REGISTER_BITS: Final = 64
_REGISTER_MASK: Final = (1 << _REGISTER_BITS) - 1
_X_BYTES: Final = 32
_SEED_BYTES: Final = 8


class Register(NamedTuple):
    """What the shift register holds after each of its three steps, 64 bits each."""

    first: int
    second: int
    third: int


class Indices(NamedTuple):
    """Which words of the lists a name takes, counted from 0."""

    first_adjective: int
    second_adjective: int
    being: int


@dataclass(frozen=True, slots=True)
class WordLists:
    """The words that names are made of; order, size and repetitions all decide.

    Attributes:
        adjectives: First and second words.
        beings: Third words.

    Raises:
        LocalProtocolError: A list is empty, or a word is none that can be shown.
    """

    adjectives: tuple[str, ...]
    beings: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.adjectives or not self.beings:
            raise LocalProtocolError("a list of words for names is empty")
        for word in (*self.adjectives, *self.beings):
            if not 0 < len(word) <= WORD_CHARS_MAX or not word.isprintable() or " " in word:
                raise LocalProtocolError(
                    f"words for names have 1 to {WORD_CHARS_MAX} printable characters, no blank"
                )

    def fingerprints(self) -> tuple[str, str]:
        """SHA-256 over each list, joined by line feeds, in hex: what a list is recognised by."""
        return (
            sha256("\n".join(self.adjectives).encode()).hex(),
            sha256("\n".join(self.beings).encode()).hex(),
        )


def alias(key: PublicKey, words: WordLists | None = None) -> str:
    """Return the three-word name of a key.

    Args:
        key: Whose name it is.
        words: Other lists than ours; with Status' lists the names are those of Status.
    """
    return alias_of_seed(alias_seed(key), words)


def alias_of_seed(seed: int, words: WordLists | None = None) -> str:
    """Return the name for the 64 bits of a seed."""
    words = words or own_words()
    places = indices(seed, adjectives=len(words.adjectives), beings=len(words.beings))
    return " ".join(
        (
            words.adjectives[places.first_adjective],
            words.adjectives[places.second_adjective],
            words.beings[places.being],
        )
    )


def alias_seed(key: PublicKey) -> int:
    """Return the last 64 bits of a key's x coordinate."""
    return int.from_bytes(key.raw[_X_BYTES - _SEED_BYTES : _X_BYTES], "big")


def register(seed: int) -> Register:
    """Step the register three times.

    Args:
        seed: 64 bits; what is above them is cut off.
    """
    first = _step(seed & _REGISTER_MASK)
    second = _step(first)
    return Register(first, second, _step(second))


def indices(seed: int, *, adjectives: int, beings: int) -> Indices:
    """Pick words from lists of these sizes."""
    states = register(seed)
    return Indices(states.first % adjectives, states.second % adjectives, states.third % beings)


@cache
def own_words() -> WordLists:
    """Return the lists that come with this package."""
    return WordLists(_own_list("alias_adjectives.txt"), _own_list("alias_beings.txt"))


def decode_word_lists(document: bytes) -> WordLists:
    """Read lists that somebody configured: a JSON object with `adjectives` and `animals`.

    Raises:
        LocalProtocolError: The document is too large, no such object, or a word is unfit.
    """
    if len(document) > WORD_LIST_BYTES_MAX:
        raise LocalProtocolError(f"a file of words has at most {WORD_LIST_BYTES_MAX} bytes")
    try:
        lists = decode_object(document)
    except RemoteProtocolError as error:
        raise LocalProtocolError(f"a file of words cannot be read: {error}") from None
    return WordLists(_words_in(lists, "adjectives"), _words_in(lists, "animals"))


def _words_in(lists: dict[str, Any], name: str) -> tuple[str, ...]:
    words = lists.get(name)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise LocalProtocolError(f"a file of words has no list of texts named {name}")
    return tuple(words)


def _own_list(name: str) -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("data", name).read_text("ascii")
    return tuple(text.split())


def _step(state: int) -> int:
    bit = 0
    for tap in _TAPS:
        bit ^= state >> tap & 1
    return (state << 1 | bit) & _REGISTER_MASK
