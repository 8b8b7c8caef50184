import pytest

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.quantities import PublicKey, envelope_hash, topic


def test_topic_keeps_its_four_bytes() -> None:
    assert topic(b"\x01\x02\x03\x04") == b"\x01\x02\x03\x04"


@pytest.mark.parametrize("length", [0, 3, 5])
def test_topic_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"4 bytes, not {length}"):
        topic(bytes(length))


def test_envelope_hash_keeps_its_32_bytes() -> None:
    assert envelope_hash(b"\x07" * 32) == b"\x07" * 32


@pytest.mark.parametrize("length", [0, 31, 33])
def test_envelope_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"32 bytes, not {length}"):
        envelope_hash(bytes(length))


@pytest.mark.parametrize("length", [0, 33, 63, 65])
def test_public_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidKeyError, match="64 bytes"):
        PublicKey(bytes(length))


def test_uncompressed_public_key_starts_with_04() -> None:
    assert PublicKey(b"\x07" * 64).uncompressed == b"\x04" + b"\x07" * 64


def test_text_of_a_public_key_shows_eight_digits_only() -> None:
    assert repr(PublicKey(bytes(range(64)))) == "PublicKey(00010203…)"
