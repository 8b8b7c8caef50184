"""HMAC and HKDF agree with the libraries on any input."""

import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.crypto.hmac_sha256 import hkdf_sha256, hmac_sha256

KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, st.binary(max_size=300))
def test_hmac_equals_that_of_the_standard_library(key: bytes, data: bytes) -> None:
    assert hmac_sha256(key, data) == hmac.digest(key, data, "sha256")


@given(st.binary(max_size=100), KEYS, st.binary(max_size=100), st.integers(1, 200))
def test_hkdf_equals_that_of_the_library(
    secret: bytes, salt: bytes, info: bytes, size_bytes: int
) -> None:
    expected = HKDF(SHA256(), size_bytes, salt, info).derive(secret)
    assert hkdf_sha256(secret, salt=salt, info=info, size_bytes=size_bytes) == expected
