"""AES-GCM under search: what was sealed opens, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import DecryptionError
from sottovoce.crypto.aes import gcm_open, gcm_seal

KEYS = st.binary(min_size=32, max_size=32)
NONCES = st.binary(min_size=12, max_size=12)


@given(KEYS, NONCES, st.binary(max_size=200))
def test_plaintext_survives_the_round_trip(key: bytes, nonce: bytes, plaintext: bytes) -> None:
    sealed = gcm_seal(key, nonce, plaintext)
    assert len(sealed) == len(plaintext) + 16
    assert gcm_open(key, nonce, sealed) == plaintext


@given(KEYS, NONCES, st.binary(max_size=200))
def test_garbage_does_not_open(key: bytes, nonce: bytes, sealed: bytes) -> None:
    with pytest.raises(DecryptionError):
        gcm_open(key, nonce, sealed)


@given(KEYS, NONCES, st.binary(max_size=60), st.data(), st.integers(min_value=1, max_value=255))
def test_changed_byte_does_not_open(
    key: bytes, nonce: bytes, plaintext: bytes, data: st.DataObject, change: int
) -> None:
    sealed = bytearray(gcm_seal(key, nonce, plaintext))
    sealed[data.draw(st.integers(min_value=0, max_value=len(sealed) - 1))] ^= change
    with pytest.raises(DecryptionError):
        gcm_open(key, nonce, bytes(sealed))
