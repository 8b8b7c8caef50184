import hashlib
from importlib import resources

import pytest

from seeded import SeededEntropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.mnemonic import (
    WORD_COUNTS,
    RecoveryPhrase,
    Seed,
    check_words,
    generate_phrase,
    normalise,
    parse_phrase,
    phrase_of_secret,
    seed_of_text,
)
from unit.identity.people import OTHER_PHRASE, PHRASE
from vectors.scripted_entropy import ScriptedEntropy

# Examples of BIP-39's own test vectors, all with the passphrase TREZOR.
EXAMPLES = [
    (
        "00000000000000000000000000000000",
        PHRASE,
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
        "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
    ),
    (
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        OTHER_PHRASE,
        "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
        "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607",
    ),
    (
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "zoo " * 23 + "vote",
        "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e16"
        "13912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad",
    ),
]


def test_word_list_is_that_of_the_standard() -> None:
    document = resources.files("sottovoce.identity").joinpath("data/bip39_english.txt")
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    assert digest == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"


@pytest.mark.parametrize(("secret", "text", "seed"), EXAMPLES)
def test_phrase_and_seed_are_those_of_the_standard(secret: str, text: str, seed: str) -> None:
    phrase = phrase_of_secret(bytes.fromhex(secret))
    assert phrase.text == text
    assert parse_phrase(text) == phrase
    assert phrase.seed("TREZOR").raw.hex() == seed


@pytest.mark.parametrize("word_count", WORD_COUNTS)
def test_new_phrase_has_as_many_words_as_asked_for_and_passes_its_check(word_count: int) -> None:
    phrase = generate_phrase(SeededEntropy(1), word_count=word_count)
    assert len(phrase.words) == word_count
    assert parse_phrase(phrase.text) == phrase


def test_new_phrase_has_twelve_words_and_is_what_was_drawn() -> None:
    phrase = generate_phrase(ScriptedEntropy([bytes(16)]))
    assert phrase.text == PHRASE


@pytest.mark.parametrize("word_count", [0, 11, 13, 27])
def test_phrase_of_another_count_is_not_made(word_count: int) -> None:
    with pytest.raises(LocalProtocolError, match="12, 15, 18, 21 or 24"):
        generate_phrase(SeededEntropy(), word_count=word_count)


@pytest.mark.parametrize("size_bytes", [0, 12, 15, 17, 33, 36])
def test_secret_of_another_length_has_no_words(size_bytes: int) -> None:
    with pytest.raises(LocalProtocolError, match="16, 20, 24, 28 or 32"):
        phrase_of_secret(bytes(size_bytes))


@pytest.mark.parametrize(
    "typed",
    [
        OTHER_PHRASE.upper(),
        OTHER_PHRASE.title(),
        "\t" + OTHER_PHRASE.replace(" ", " \n ") + "  ",
        OTHER_PHRASE.replace(" ", "\u3000"),
        # Wide letters, as some keyboards write them.
        "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in OTHER_PHRASE),
    ],
)
def test_what_a_person_typed_is_normalised_before_the_seed_is_taken(typed: str) -> None:
    assert normalise(typed) == OTHER_PHRASE
    assert parse_phrase(typed).seed() == parse_phrase(OTHER_PHRASE).seed()


def test_text_as_it_is_gives_another_seed_with_two_blanks() -> None:
    assert seed_of_text(OTHER_PHRASE) != seed_of_text(OTHER_PHRASE.replace(" ", "  "))


@pytest.mark.parametrize("count", [0, 1, 11, 13, 14, 25])
def test_wrong_count_is_told(count: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"12, 15, 18, 21, 24 words; this one has {count}"):
        parse_phrase(" ".join(["zoo"] * count))


def test_unknown_words_are_told_by_their_places() -> None:
    words = OTHER_PHRASE.split()
    words[2], words[11] = "thanks", "yelow"
    with pytest.raises(LocalProtocolError, match="word 3, 12 of 12"):
        parse_phrase(" ".join(words))


@pytest.mark.parametrize("place", range(12))
def test_one_known_but_wrong_word_is_refused(place: int) -> None:
    words = OTHER_PHRASE.split()
    words[place] = "army"
    with pytest.raises(LocalProtocolError, match="do not belong together"):
        parse_phrase(" ".join(words))


def test_strict_check_takes_small_letters_only() -> None:
    check_words(OTHER_PHRASE.split())
    with pytest.raises(LocalProtocolError, match="word 1, 2, 3"):
        check_words(OTHER_PHRASE.upper().split())


@pytest.mark.parametrize(
    "typed", ["secretword " * 11, "secretword " * 12, "secretword " * 200, "zoo " * 11 + "abandon"]
)
def test_error_repeats_no_word(typed: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_phrase(typed)
    assert not {"secretword", "zoo", "abandon"} & set(str(caught.value).split())
    assert caught.value.__cause__ is None


def test_text_that_is_far_too_long_is_refused_before_it_is_normalised() -> None:
    with pytest.raises(LocalProtocolError, match="at most 1024 characters"):
        normalise("\ufdfa" * 1025)


def test_phrase_and_seed_hide_what_they_hold() -> None:
    phrase = parse_phrase(OTHER_PHRASE)
    assert repr(phrase) == "RecoveryPhrase()"
    assert repr(phrase.seed()) == "Seed()"


def test_half_of_a_surrogate_pair_has_no_seed() -> None:
    with pytest.raises(LocalProtocolError, match="surrogate"):
        seed_of_text("\ud800")
    with pytest.raises(LocalProtocolError, match="surrogate"):
        parse_phrase(OTHER_PHRASE).seed("\udfff")


def test_wrong_words_make_no_phrase_object() -> None:
    with pytest.raises(LocalProtocolError):
        RecoveryPhrase(("zoo",) * 12)


@pytest.mark.parametrize("size_bytes", [15, 65])
def test_seed_of_another_length_is_refused(size_bytes: int) -> None:
    with pytest.raises(LocalProtocolError, match="16 to 64"):
        Seed(bytes(size_bytes))
