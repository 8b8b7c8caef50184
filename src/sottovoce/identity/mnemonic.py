"""Recovery phrases: making them, checking what a person typed, and the seed that they give.

No error, log or `repr` repeats a word: the place of a wrong word is told, and nothing else.

Spec: BIP-39; Status 2/ACCOUNT, "Keypair Generation" (docs/spec-deviations.md, "Recovery phrase").
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto.hashes import sha256
from sottovoce.crypto.kdf import pbkdf2_sha512
from sottovoce.identity.utf8 import utf8

WORD_COUNTS: Final = (12, 15, 18, 21, 24)
WORD_COUNT_DEFAULT: Final = 12  # what Status' app gives; its 128 bits are beyond any search

SEED_BYTES: Final = 64
SEED_ROUNDS: Final = 2048  # fixed by BIP-39

# The longest phrase has 215 characters. A text that is pasted by mistake is refused before it is
# normalised, which can make it eighteen times as long.
PHRASE_CHARS_MAX: Final = 1024

_LIST_WORDS: Final = 2048
_BITS_PER_WORD: Final = 11
_WORDS_PER_CHECKSUM_BIT: Final = 3
_BYTES_PER_CHECKSUM_BIT: Final = 4
_SALT_PREFIX: Final = "mnemonic"


@dataclass(frozen=True, slots=True)
class Seed:
    """The secret from which all keys of an account grow, 64 bytes from a phrase.

    Raises:
        LocalProtocolError: It has fewer than 16 or more than 64 bytes, the range of BIP-32.
    """

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not SEED_BYTES // 4 <= len(self.raw) <= SEED_BYTES:
            raise LocalProtocolError(f"a seed has 16 to {SEED_BYTES} bytes, not {len(self.raw)}")


@dataclass(frozen=True, slots=True)
class RecoveryPhrase:
    """A phrase whose words and checksum are right.

    Attributes:
        words: 12, 15, 18, 21 or 24 words of the English list.

    Raises:
        LocalProtocolError: A word is unknown, or count or checksum is wrong.
    """

    words: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        check_words(self.words)

    @property
    def text(self) -> str:
        """The phrase with single blanks, the one form of which the seed is taken."""
        return " ".join(self.words)

    def seed(self, passphrase: str = "") -> Seed:
        """Derive the seed; Status' app never uses a passphrase.

        Raises:
            LocalProtocolError: The passphrase has no UTF-8 form.
        """
        return seed_of_text(self.text, passphrase)


def parse_phrase(text: str) -> RecoveryPhrase:
    """Read what a person typed: any white space, any case, any form of Unicode.

    Raises:
        LocalProtocolError: It is no recovery phrase; the text tells why and repeats no word.
    """
    return RecoveryPhrase(tuple(normalise(text).split(" ")))


def normalise(text: str) -> str:
    """Return the one form of a typed phrase: NFKD, small letters, single blanks between words.

    Raises:
        LocalProtocolError: The text is far too long for a phrase.
    """
    if len(text) > PHRASE_CHARS_MAX:
        raise LocalProtocolError(
            f"a recovery phrase has at most {PHRASE_CHARS_MAX} characters, and this has more"
        )
    return " ".join(unicodedata.normalize("NFKD", text).lower().split())


def check_words(words: Sequence[str]) -> None:
    """Check count, words and checksum; case counts, as it does in Status.

    Raises:
        LocalProtocolError: Something is wrong; the text tells what, and at which word.
    """
    if len(words) not in WORD_COUNTS:
        counts = ", ".join(str(count) for count in WORD_COUNTS)
        found = sum(1 for word in words if word)
        raise LocalProtocolError(f"a recovery phrase has {counts} words; this one has {found}")
    places = _places()
    unknown = [str(number) for number, word in enumerate(words, 1) if word not in places]
    if unknown:
        raise LocalProtocolError(
            f"not in the list of recovery words: word {', '.join(unknown)} of {len(words)};"
            " look for a slip of the pen"
        )
    number = 0
    for word in words:
        number = number << _BITS_PER_WORD | places[word]
    checksum_bits = len(words) // _WORDS_PER_CHECKSUM_BIT
    secret = (number >> checksum_bits).to_bytes(_BYTES_PER_CHECKSUM_BIT * checksum_bits, "big")
    if _with_checksum(secret) != number:
        raise LocalProtocolError(
            "the words of the recovery phrase are all known, but do not belong together:"
            " one is wrong, or two are exchanged"
        )


def generate_phrase(entropy: Entropy, *, word_count: int = WORD_COUNT_DEFAULT) -> RecoveryPhrase:
    """Draw a new phrase: 16 bytes for 12 words, up to 32 bytes for 24.

    Raises:
        LocalProtocolError: There are no phrases of so many words.
    """
    if word_count not in WORD_COUNTS:
        raise LocalProtocolError("a recovery phrase has 12, 15, 18, 21 or 24 words")
    size_bytes = word_count // _WORDS_PER_CHECKSUM_BIT * _BYTES_PER_CHECKSUM_BIT
    return phrase_of_secret(entropy.take(size_bytes))


def phrase_of_secret(secret: bytes) -> RecoveryPhrase:
    """Write 16, 20, 24, 28 or 32 secret bytes as words.

    Raises:
        LocalProtocolError: Another length.
    """
    count = len(secret) // _BYTES_PER_CHECKSUM_BIT * _WORDS_PER_CHECKSUM_BIT
    if len(secret) % _BYTES_PER_CHECKSUM_BIT or count not in WORD_COUNTS:
        raise LocalProtocolError("a recovery phrase stands for 16, 20, 24, 28 or 32 bytes")
    number = _with_checksum(secret)
    words = _words()
    last = (count - 1) * _BITS_PER_WORD
    return RecoveryPhrase(
        tuple(
            words[number >> shift & _LIST_WORDS - 1] for shift in range(last, -1, -_BITS_PER_WORD)
        )
    )


def seed_of_text(text: str, passphrase: str = "") -> Seed:
    """Derive the seed of a text as it is: nothing is checked, and two blanks give another seed.

    It is for phrases that some other program took. People's words go through `parse_phrase`.

    Args:
        text: The phrase.
        passphrase: What BIP-39 adds to it; Status' app never uses one.

    Raises:
        LocalProtocolError: One of the two has no UTF-8 form.
    """
    password = utf8(unicodedata.normalize("NFKD", text))
    salt = utf8(unicodedata.normalize("NFKD", _SALT_PREFIX + passphrase))
    if password is None or salt is None:
        raise LocalProtocolError("a text with half of a surrogate pair has no UTF-8 form")
    return Seed(pbkdf2_sha512(password, salt, iterations=SEED_ROUNDS, size_bytes=SEED_BYTES))


def _with_checksum(secret: bytes) -> int:
    bits = len(secret) // _BYTES_PER_CHECKSUM_BIT
    return int.from_bytes(secret, "big") << bits | sha256(secret)[0] >> 8 - bits


@cache
def _words() -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("data/bip39_english.txt").read_text("ascii")
    words = tuple(text.split())
    assert len(words) == _LIST_WORDS
    return words


@cache
def _places() -> dict[str, int]:
    return {word: place for place, word in enumerate(_words())}
