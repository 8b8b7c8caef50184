"""Recovery phrases, extended keys, paths and addresses under garbage and small changes."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.identity.address import Address, parse_address
from sottovoce.identity.derivation import PATH_DEPTH_MAX, Path, parse_path
from sottovoce.identity.extended_key import master_key, parse_extended_key
from sottovoce.identity.mnemonic import Seed, normalise, parse_phrase, phrase_of_secret

SECRETS = st.sampled_from([16, 20, 24, 28, 32]).flatmap(
    lambda size: st.binary(min_size=size, max_size=size)
)
BLANKS = st.text(" \t\n\r\u00a0\u3000", min_size=1, max_size=3)
INDICES = st.integers(0, 2**32 - 1)
KEY_TEXT = master_key(Seed(bytes(16))).child(7).private_text()


@given(SECRETS, BLANKS, st.sampled_from([str.lower, str.upper, str.title]))
def test_phrase_round_trips_through_what_people_type(
    secret: bytes, blank: str, in_case: Callable[[str], str]
) -> None:
    phrase = phrase_of_secret(secret)
    assert parse_phrase(blank + in_case(blank.join(phrase.words)) + blank) == phrase


@given(st.text(max_size=1100))
def test_any_text_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_phrase(text)
    assert len(text) < 20 or text not in str(caught.value)


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(SECRETS, st.data())
def test_phrase_without_its_last_word_or_with_another_order_is_noticed(
    secret: bytes, data: st.DataObject
) -> None:
    words = phrase_of_secret(secret).words
    with pytest.raises(LocalProtocolError):
        parse_phrase(" ".join(words[:-1]))
    shuffled = data.draw(st.permutations(words))
    # The checksum has only a few bits; what passes must still be made of the same words.
    with contextlib.suppress(LocalProtocolError):
        assert sorted(parse_phrase(" ".join(shuffled)).words) == sorted(words)


@given(st.binary(min_size=16, max_size=64), st.lists(INDICES, max_size=3))
def test_extended_key_round_trips(seed: bytes, path: list[int]) -> None:
    key = master_key(Seed(seed)).descendant(path)
    assert parse_extended_key(key.private_text()) == key


@given(place=st.integers(0, 110), letter=st.characters(codec="ascii"))
def test_changed_extended_key_is_refused(place: int, letter: str) -> None:
    text = KEY_TEXT[:place] + letter + KEY_TEXT[place + 1 :]
    if text == KEY_TEXT:
        return
    with pytest.raises(RemoteProtocolError):
        parse_extended_key(text)


@given(st.one_of(st.text(max_size=120), st.integers(0, 110).map(lambda end: KEY_TEXT[:end])))
def test_garbage_and_cut_texts_are_no_extended_keys(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_extended_key(text)


@given(st.lists(INDICES, max_size=PATH_DEPTH_MAX))
def test_path_round_trips(indices: list[int]) -> None:
    path = Path(tuple(indices))
    assert parse_path(str(path)) == path


@given(st.one_of(st.text(max_size=60), st.text("m/'h0123456789.", max_size=60)))
def test_garbage_is_a_path_or_an_error(text: str) -> None:
    with contextlib.suppress(LocalProtocolError):
        assert str(parse_path(text)) == text.replace("h", "'")


@given(st.binary(min_size=20, max_size=20))
def test_address_round_trips(raw: bytes) -> None:
    assert parse_address(str(Address(raw))) == parse_address(raw.hex()) == Address(raw)


@given(st.binary(min_size=20, max_size=20), st.integers(2, 41))
def test_other_case_of_one_letter_is_noticed(raw: bytes, place: int) -> None:
    text = str(Address(raw))
    changed = text[:place] + text[place].swapcase() + text[place + 1 :]
    digits = changed[2:]
    if changed == text or digits in (digits.lower(), digits.upper()):
        return
    with pytest.raises(RemoteProtocolError):
        parse_address(changed)


@given(st.one_of(st.text(max_size=50), st.text("0x123abcDEF", max_size=43)))
def test_garbage_is_an_address_or_an_error(text: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        assert str(parse_address(text)).lower().removeprefix("0x") == text.lower().removeprefix(
            "0x"
        )
