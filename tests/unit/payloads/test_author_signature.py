"""Signatures of authors: recovered, and refused in every wrong form."""

import pytest

from sottovoce.base.errors import InvalidKeyError
from sottovoce.crypto.low_s import ORDER
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.author_signature import recover_author, sign_as_author
from unit.payloads.people import ANNA

SIGNATURE = sign_as_author(ANNA, b"words")


def negated(signature: bytes) -> bytes:
    """Make the other signature that fits: the same r, the negative s, the other v."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes((signature[64] ^ 1,))


def test_author_is_recovered() -> None:
    assert recover_author(b"words", SIGNATURE) == public_key(ANNA)


def test_signature_is_the_same_each_time() -> None:
    assert sign_as_author(ANNA, b"words") == SIGNATURE


def test_other_words_have_another_author() -> None:
    assert recover_author(b"other words", SIGNATURE) != public_key(ANNA)


def test_signature_with_a_high_s_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="high s"):
        recover_author(b"words", negated(SIGNATURE))
    assert recover_author(b"words", negated(negated(SIGNATURE))) == public_key(ANNA)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        SIGNATURE[:64],
        SIGNATURE + b"\x00",
        SIGNATURE[:64] + b"\x1b",
        SIGNATURE[:64] + b"\x04",
        bytes(65),
        b"\xff" * 64 + b"\x00",
        bytes(32) + SIGNATURE[32:],
        (5).to_bytes(32, "big") + SIGNATURE[32:],
        SIGNATURE[:32] + bytes(32) + b"\x00",
    ],
    ids=[
        "none",
        "no v",
        "long",
        "v 27",
        "v 4",
        "zeros",
        "above the order",
        "r zero",
        "r off the curve",
        "s zero",
    ],
)
def test_broken_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        recover_author(b"words", signature)
