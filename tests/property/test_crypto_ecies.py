"""ECIES under search: hostile points, lengths and changes give one error and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeded import SeededEntropy
from sottovoce.base.errors import DecryptionError
from sottovoce.crypto import ecies, secp256k1

PRIVATE = secp256k1.private_key(b"\x21" * 32)
PUBLIC = secp256k1.public_key(PRIVATE)
PREFIXES = st.sampled_from([0x00, 0x02, 0x03, 0x04, 0x06, 0x07]) | st.integers(0, 255)


@given(st.binary(max_size=200), st.binary(max_size=8), st.integers())
def test_plaintext_survives_the_round_trip(plaintext: bytes, authdata: bytes, seed: int) -> None:
    sealed = ecies.encrypt(PUBLIC, plaintext, entropy=SeededEntropy(seed), authdata=authdata)
    assert ecies.decrypt(PRIVATE, sealed, authdata=authdata) == plaintext


@given(st.binary(max_size=400))
def test_garbage_does_not_open(message: bytes) -> None:
    with pytest.raises(DecryptionError):
        ecies.decrypt(PRIVATE, message)


@given(PREFIXES, st.binary(min_size=64, max_size=64), st.binary(min_size=48, max_size=120))
def test_hostile_point_does_not_open(prefix: int, point: bytes, rest: bytes) -> None:
    with pytest.raises(DecryptionError):
        ecies.decrypt(PRIVATE, bytes((prefix,)) + point + rest)


@given(st.data(), st.integers(min_value=1, max_value=255))
def test_changed_byte_does_not_open(data: st.DataObject, change: int) -> None:
    sealed = bytearray(ecies.encrypt(PUBLIC, b"a short text", entropy=SeededEntropy()))
    sealed[data.draw(st.integers(min_value=0, max_value=len(sealed) - 1))] ^= change
    with pytest.raises(DecryptionError):
        ecies.decrypt(PRIVATE, bytes(sealed))


@given(st.data())
def test_truncated_message_does_not_open(data: st.DataObject) -> None:
    sealed = ecies.encrypt(PUBLIC, b"a short text", entropy=SeededEntropy())
    end = data.draw(st.integers(min_value=0, max_value=len(sealed) - 1))
    with pytest.raises(DecryptionError):
        ecies.decrypt(PRIVATE, sealed[:end])
