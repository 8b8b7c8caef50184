"""HMAC and HKDF against the standard library and RFC 5869's own test."""

import hmac

import pytest

from sottovoce.crypto.hmac_sha256 import hkdf_sha256, hmac_sha256, hmac_sha256_pair

KEY = bytes(range(32))


@pytest.mark.parametrize("size", [0, 1, 31, 32, 55, 56, 64, 1000])
def test_hmac_equals_that_of_the_standard_library(size: int) -> None:
    data = bytes(size)
    assert hmac_sha256(KEY, data) == hmac.digest(KEY, data, "sha256")


def test_pair_is_two_of_them() -> None:
    assert hmac_sha256_pair(KEY, b"a", b"bc") == (hmac_sha256(KEY, b"a"), hmac_sha256(KEY, b"bc"))


def test_key_of_another_length_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError):
        hmac_sha256(KEY[1:], b"")


def test_hkdf_without_salt_is_that_of_the_rfc() -> None:
    # Test case 3; an empty salt there stands for 32 zero bytes.
    derived = hkdf_sha256(b"\x0b" * 22, salt=bytes(32), info=b"", size_bytes=42)
    assert derived.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


@pytest.mark.parametrize("size", [0, 1, 32, 33, 80, 96])
def test_hkdf_of_another_size_is_a_prefix(size: int) -> None:
    longest = hkdf_sha256(KEY, salt=KEY, info=b"x", size_bytes=128)
    assert hkdf_sha256(KEY, salt=KEY, info=b"x", size_bytes=size) == longest[:size]
