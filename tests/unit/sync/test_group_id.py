"""The group of two people."""

from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import compress
from sottovoce.sync.group_id import group_of_two
from unit.sync.people import ANNA, BRUNO


def test_group_is_the_same_from_both_sides() -> None:
    assert group_of_two(ANNA, BRUNO) == group_of_two(BRUNO, ANNA)


def test_smaller_x_comes_first_whatever_the_prefixes() -> None:
    first, second = sorted((ANNA, BRUNO), key=lambda key: int.from_bytes(key.raw[:32]))
    assert group_of_two(ANNA, BRUNO) == keccak256(compress(first) + compress(second))


def test_one_person_alone_is_a_group() -> None:
    assert group_of_two(ANNA, ANNA) == keccak256(compress(ANNA) * 2)
