import json

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.identity.alias import (
    WORD_LIST_BYTES_MAX,
    Indices,
    WordLists,
    alias,
    alias_of_seed,
    alias_seed,
    decode_word_lists,
    indices,
    own_words,
    register,
)
from unit.identity.people import anna

FINGERPRINTS = (
    "293ae76012eb3aefcd97b7a6988c7c0c490819e0f87149422299cf622135e062",
    "8dd0911d92e09dd211a11bf125fa2b54455d9b125cc0ca945fc6f943e898d4e3",
)
FEW = WordLists(("Calm", "Bold"), ("Ant", "Bee", "Cat"))


def test_seed_is_the_end_of_the_x_coordinate() -> None:
    key = PublicKey(bytes(24) + bytes.fromhex("0102030405060708") + bytes(32))
    assert alias_seed(key) == 0x0102030405060708


def test_register_shifts_in_the_sum_of_its_taps() -> None:
    assert register(0) == (0, 0, 0)
    assert register(1) == (2, 4, 8)
    assert register(8) == (0b10001, 0b100011, 0b1000111)
    assert register(1 << 63) == (0, 0, 0)
    assert register(1 << 64) == (0, 0, 0)


def test_words_are_picked_by_the_sizes_of_the_lists() -> None:
    assert indices(8, adjectives=2, beings=3) == Indices(17 % 2, 35 % 2, 71 % 3)
    assert alias_of_seed(8, FEW) == "Bold Bold Cat"


def test_name_of_a_key_is_that_of_its_seed() -> None:
    key = anna().chat().public
    assert alias(key) == alias_of_seed(alias_seed(key))
    assert alias(key, FEW) == alias_of_seed(alias_seed(key), FEW)


def test_own_lists_are_long_enough_sorted_and_without_repetition() -> None:
    words = own_words()
    for words_of_one in (words.adjectives, words.beings):
        assert len(words_of_one) >= 512
        assert list(words_of_one) == sorted(set(words_of_one))
        assert all(word.isascii() and word.isalpha() for word in words_of_one)
        assert all(word == word.capitalize() for word in words_of_one)
    assert not set(words.adjectives) & set(words.beings)


def test_names_stay_what_they_are() -> None:
    # A change of the lists renames everybody.
    assert own_words().fingerprints() == FINGERPRINTS


def test_configured_lists_keep_order_and_repetitions() -> None:
    document = json.dumps({"about": 1, "adjectives": ["B", "A", "B"], "animals": ["Øl"]}).encode()
    assert decode_word_lists(document) == WordLists(("B", "A", "B"), ("Øl",))


@pytest.mark.parametrize(
    "document",
    [
        b"", b"[]", b"null", b"\xff", b"[" * 100_000, b"{}", b'{"adjectives":[],"animals":["A"]}',
        b'{"adjectives":["A"]}', b'{"adjectives":["A"],"animals":"A"}',
        b'{"adjectives":["A"],"animals":[1]}', b'{"adjectives":["A"],"animals":[""]}',
        b'{"adjectives":["A"],"animals":["two words"]}', b'{"adjectives":["A"],"animals":["\\n"]}',
        b'{"adjectives":["A"],"animals":["\\ud800"]}',
        b'{"adjectives":["A"],"animals":["\\u202e"]}',
        b'{"adjectives":["A"],"animals":["' + b"x" * 33 + b'"]}',
    ],
    ids=range(16),
)  # fmt: skip
def test_file_that_holds_no_lists_is_refused(document: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_word_lists(document)


def test_file_that_is_too_large_is_not_parsed() -> None:
    with pytest.raises(LocalProtocolError, match="at most"):
        decode_word_lists(b" " * (WORD_LIST_BYTES_MAX + 1))
