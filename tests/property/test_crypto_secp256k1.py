"""Keys and signatures under search."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import InvalidKeyError
from sottovoce.crypto import secp256k1

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F
SCALARS = st.integers(min_value=1, max_value=ORDER - 1)
DIGESTS = st.binary(min_size=32, max_size=32)


def on_the_curve(x: int, y: int) -> bool:
    return x < FIELD and y < FIELD and (y * y - x * x * x - 7) % FIELD == 0


@given(SCALARS)
def test_public_key_lies_on_the_curve_and_survives_compression(scalar: int) -> None:
    key = secp256k1.public_key(secp256k1.private_key(scalar.to_bytes(32, "big")))
    assert on_the_curve(int.from_bytes(key.raw[:32], "big"), int.from_bytes(key.raw[32:], "big"))
    assert secp256k1.decompress(secp256k1.compress(key)) == key


@given(st.binary(min_size=64, max_size=64))
def test_parser_agrees_with_the_equation_of_the_curve(raw: bytes) -> None:
    x, y = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if on_the_curve(x, y):
        assert secp256k1.parse_public_key(raw).raw == raw
    else:
        with pytest.raises(InvalidKeyError):
            secp256k1.parse_public_key(raw)


@given(st.binary(max_size=80))
def test_parsers_raise_one_error_only(raw: bytes) -> None:
    for parse in (secp256k1.parse_public_key, secp256k1.decompress, secp256k1.private_key):
        with contextlib.suppress(InvalidKeyError):
            parse(raw)


@given(st.integers(min_value=0, max_value=FIELD + 5), st.sampled_from([2, 3]))
def test_decompression_finds_the_point_with_this_x(x: int, prefix: int) -> None:
    try:
        key = secp256k1.decompress(bytes((prefix,)) + x.to_bytes(32, "big"))
    except InvalidKeyError:
        square = (x * x * x + 7) % FIELD
        assert x >= FIELD or pow(square, (FIELD - 1) // 2, FIELD) != 1
        return
    y = int.from_bytes(key.raw[32:], "big")
    assert int.from_bytes(key.raw[:32], "big") == x
    assert on_the_curve(x, y)
    assert y % 2 == prefix - 2


@given(SCALARS, SCALARS)
def test_shared_secret_is_symmetric(ours: int, theirs: int) -> None:
    left = secp256k1.private_key(ours.to_bytes(32, "big"))
    right = secp256k1.private_key(theirs.to_bytes(32, "big"))
    assert secp256k1.shared_x(left, secp256k1.public_key(right)) == secp256k1.shared_x(
        right, secp256k1.public_key(left)
    )


@given(SCALARS, DIGESTS)
def test_signature_is_low_verifies_and_gives_its_signer_back(scalar: int, digest: bytes) -> None:
    private = secp256k1.private_key(scalar.to_bytes(32, "big"))
    signature = secp256k1.sign(private, digest)
    assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
    secp256k1.verify(secp256k1.public_key(private), digest, signature[:64])
    assert secp256k1.recover(digest, signature) == secp256k1.public_key(private)


@given(DIGESTS, st.binary(max_size=70) | st.binary(min_size=65, max_size=65))
def test_garbage_recovers_a_key_of_the_curve_or_nobody(digest: bytes, signature: bytes) -> None:
    try:
        key = secp256k1.recover(digest, signature)
    except InvalidKeyError:
        return
    assert secp256k1.parse_public_key(key.raw) == key


@given(DIGESTS, st.integers(0, 63), st.integers(min_value=1, max_value=255))
def test_changed_signature_does_not_verify(digest: bytes, place: int, change: int) -> None:
    private = secp256k1.private_key(b"\x21" * 32)
    signature = bytearray(secp256k1.sign(private, digest)[:64])
    signature[place] ^= change
    with pytest.raises(InvalidKeyError):
        secp256k1.verify(secp256k1.public_key(private), digest, bytes(signature))
