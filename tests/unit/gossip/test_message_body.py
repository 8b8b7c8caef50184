"""Plaintexts: layout, padding, signatures, and what is refused."""

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.message_body import (
    PAYLOAD_BYTES_MAX,
    body_bytes,
    decode_body,
    encode_body,
    padding_bytes,
)
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy

SIGNER = PrivateKey(b"\x07" * 32)


def encoded(payload: bytes, *, padding: bytes | None = None, signed: bool = False) -> bytes:
    signer = SIGNER if signed else None
    return encode_body(payload, padding=padding, signer=signer, entropy=SeededEntropy())


def test_layout_is_flags_size_payload_padding() -> None:
    assert encoded(b"hello", padding=b"pad") == b"\x01\x05hellopad"


def test_empty_payload_still_writes_a_size() -> None:
    assert encoded(b"", padding=b"pad") == b"\x01\x00pad"


@pytest.mark.parametrize(
    ("size", "head"),
    [(255, b"\x01\xff"), (256, b"\x02\0\x01"), (65535, b"\x02\xff\xff"), (65536, b"\x03\0\0\x01")],
    ids=["255", "256", "65535", "65536"],
)
def test_size_field_is_little_endian_and_as_short_as_possible(size: int, head: bytes) -> None:
    assert encoded(bytes(size), padding=b"pad").startswith(head)


@pytest.mark.parametrize("size", [0, 1, 188, 189, 253, 254, 255, 256, 1000, 65536])
@pytest.mark.parametrize("signed", [False, True])
def test_random_padding_fills_up_to_a_multiple_of_256(size: int, signed: bool) -> None:
    plaintext = encoded(bytes(size), signed=signed)
    assert len(plaintext) % 256 == 0
    assert 1 <= len(decode_body(plaintext).padding) <= 256
    assert len(plaintext) == body_bytes(size, signed=signed)


def test_aligned_plaintext_grows_by_a_whole_block() -> None:
    assert padding_bytes(254, signed=False) == 256
    assert padding_bytes(189, signed=True) == 256


def test_given_padding_is_used_as_it_is_and_draws_nothing() -> None:
    plaintext = encode_body(b"hello", padding=b"\0", signer=None, entropy=ScriptedEntropy([]))
    assert plaintext == b"\x01\x05hello\0"


def test_empty_padding_means_random_padding() -> None:
    assert len(encoded(b"hello", padding=b"")) == 256


@pytest.mark.parametrize("signed", [False, True])
def test_body_survives(signed: bool) -> None:
    body = decode_body(encoded(b"hello", padding=b"pad", signed=signed))
    assert body.payload == b"hello"
    assert body.padding == b"pad"
    assert body.transport_sender == (secp256k1.public_key(SIGNER) if signed else None)


def test_signed_flag_is_covered_by_the_signature() -> None:
    plaintext = encoded(b"hello", padding=b"pad", signed=True)
    assert plaintext[0] == 0b101
    unknown_flag_set = bytes((plaintext[0] | 0x80,)) + plaintext[1:]
    assert decode_body(unknown_flag_set).transport_sender != secp256k1.public_key(SIGNER)


def test_unknown_flags_are_ignored() -> None:
    body = decode_body(b"\xf9\x05hellopad")
    assert (body.payload, body.padding, body.transport_sender) == (b"hello", b"pad", None)


def test_no_size_field_makes_all_the_rest_padding() -> None:
    body = decode_body(b"\x00anything")
    assert (body.payload, body.padding) == (b"", b"anything")


@pytest.mark.parametrize(
    "plaintext",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x01", id="size field missing"),
        pytest.param(b"\x03\x01\x00", id="size field cut off"),
        pytest.param(b"\x01\x06hello", id="payload one byte too long"),
        pytest.param(b"\x03\xff\xff\xffhello", id="payload far too long"),
        pytest.param(b"\x05" + bytes(64), id="shorter than a signature"),
        pytest.param(b"\x04" + bytes(65), id="only flags and signature"),
        pytest.param(b"\x05\x01" + bytes(65), id="payload reaches into the signature"),
        pytest.param(b"\x05\x00" + bytes(65), id="signature of zeros"),
    ],
)
def test_malformed_plaintext_is_refused(plaintext: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_body(plaintext)


@pytest.mark.parametrize("recovery_id", [4, 27, 28, 255])
def test_recovery_id_above_three_is_refused(recovery_id: int) -> None:
    plaintext = encoded(b"hello", padding=b"pad", signed=True)
    with pytest.raises(RemoteProtocolError):
        decode_body(plaintext[:-1] + bytes((recovery_id,)))


def test_payload_beyond_the_size_field_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(bytes(PAYLOAD_BYTES_MAX + 1))
    with pytest.raises(LocalProtocolError):
        body_bytes(PAYLOAD_BYTES_MAX + 1, signed=False)
