"""What the search of history finds: one rule for every store.

A word is a run of letters and digits of any script, whatever their case.

Spec: none; the deployed clients of 2020 had no search in messages.
"""

import re
from typing import Final

# Letters and digits of every script; what stands between them parts words.
_WORD: Final = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text, without their case."""
    return _WORD.findall(text.casefold())


def wanted_words(words: str) -> list[list[str]]:
    """Return the parts of each word that is looked for; a word without letters or digits is none.

    Args:
        words: Words separated by blanks. Signs in a word part it.
    """
    return [parts for word in words.split() if (parts := words_of(word))]


def matches_words(words: str, text: str) -> bool:
    """Tell whether a text contains each of the words, as a word or the beginning of one.

    Args:
        words: Words separated by blanks. Signs in a word part it, and its parts must follow one
            another. Without a single letter or digit they match nothing.
        text: Any text.
    """
    wanted, held = wanted_words(words), words_of(text)
    return bool(wanted) and all(_contains(held, parts) for parts in wanted)


def _contains(held: list[str], parts: list[str]) -> bool:
    *whole, beginning = parts
    return any(
        held[start : start + len(whole)] == whole and held[start + len(whole)].startswith(beginning)
        for start in range(len(held) - len(whole))
    )
