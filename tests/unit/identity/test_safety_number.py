import hashlib
import re

from sottovoce.identity.safety_number import safety_number
from unit.identity.people import anna, bruno

ANNA, BRUNO = anna().chat().public, bruno().chat().public


def test_both_people_see_the_same_number() -> None:
    assert safety_number(ANNA, BRUNO) == safety_number(BRUNO, ANNA)


def test_number_has_twelve_groups_of_five_digits() -> None:
    assert re.fullmatch(r"\d{5}( \d{5}){11}", safety_number(ANNA, BRUNO))


def test_number_stays_what_people_wrote_down() -> None:
    assert safety_number(ANNA, BRUNO) == (
        "06845 82797 15966 13248 23048 56742 63973 56489 76155 18079 16397 44839"
    )


def test_number_is_what_another_library_derives() -> None:
    raw = hashlib.pbkdf2_hmac(
        "sha512", ANNA.uncompressed, b"sottovoce safety number 1", 10_000, dklen=30
    )
    groups = [int.from_bytes(raw[at : at + 5], "big") % 100_000 for at in range(0, 30, 5)]
    assert " ".join(f"{group:05}" for group in groups) in safety_number(ANNA, BRUNO)


def test_another_key_gives_another_number() -> None:
    assert safety_number(ANNA, ANNA) != safety_number(ANNA, BRUNO)
