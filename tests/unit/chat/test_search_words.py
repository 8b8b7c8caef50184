"""What a search finds."""

import pytest

from sottovoce.chat.search_words import matches_words, wanted_words, words_of


def test_words_are_runs_of_letters_and_digits_without_case() -> None:
    assert words_of("Don't say STRASSE_2, Straße!") == [
        "don",
        "t",
        "say",
        "strasse",
        "2",
        "strasse",
    ]
    assert words_of("?! _") == []


def test_signs_in_a_wanted_word_part_it() -> None:
    assert wanted_words("don't  ? go") == [["don", "t"], ["go"]]


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("lob", "lobby", True),
        ("obby", "lobby", False),
        ("world lob", "Lobby, world", True),
        ("hello you", "hello", False),
        ("don't", "don't", True),
        ("don't", "t don", False),
        ("a-b", "a x b", False),
        ("a-b", "a a bc", True),
        ("?", "?", False),
    ],
)
def test_each_word_is_a_word_or_the_beginning_of_one(words: str, text: str, *, found: bool) -> None:
    assert matches_words(words, text) is found
