"""The option `--alias-words`: what it reads, and that words which differ fail a case."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sottovoce.crypto.hashes import sha256
from sottovoce.identity.alias import WordLists, alias_of_seed, register
from vectors import alias_words
from vectors.families import alias_identicon

LISTS = {"adjectives": ["Calm", "Bold", "Calm"], "animals": ["Owl", "Ant"]}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = alias_words._configured
    yield
    alias_words._configured = before


def words_in(folder: Path, lists: dict[str, list[str]]) -> Path:
    path = folder / "words.json"
    path.write_text(json.dumps(lists), encoding="utf-8")
    return path


def described(words: list[str]) -> dict[str, Any]:
    return {
        "count": len(words),
        "duplicates": len(words) - len(set(words)),
        "first": words[0],
        "last": words[-1],
        "sha256": sha256("\n".join(words).encode()).hex(),
    }


def document(name: str) -> dict[str, Any]:
    seed = {"seed": "8", "register": [str(state) for state in register(8)], "name": name}
    lists = {kind: described(words) for kind, words in LISTS.items()}
    return {"cases": [], "identicons": [], "seeds": [seed], "word_lists": lists}


def check(name: str) -> None:
    [case] = alias_identicon.cases(document(name))
    case.check()


def test_without_lists_only_the_register_is_compared() -> None:
    alias_words.configure(None)
    assert alias_words.configured() is None
    check("Any Other Name")


def test_with_lists_the_words_are_compared_in_the_same_case(tmp_path: Path) -> None:
    alias_words.configure(words_in(tmp_path, LISTS))
    right = alias_of_seed(8, WordLists(tuple(LISTS["adjectives"]), tuple(LISTS["animals"])))
    check(right)
    with pytest.raises(AssertionError):
        check("Any Other Name")


def test_lists_that_the_file_does_not_speak_of_fail(tmp_path: Path) -> None:
    other = {**LISTS, "animals": ["Ant", "Owl"]}
    alias_words.configure(words_in(tmp_path, other))
    with pytest.raises(AssertionError):
        check("Calm Calm Owl")


def test_file_that_cannot_be_read_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="--alias-words"):
        alias_words.configure(tmp_path / "missing.json")
    with pytest.raises(pytest.UsageError, match="--alias-words"):
        alias_words.configure(words_in(tmp_path, {"adjectives": []}))
