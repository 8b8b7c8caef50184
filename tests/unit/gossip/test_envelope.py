"""Envelopes: fields, sizes, hashes, and the RLP that is refused."""

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.envelope import (
    ENVELOPES_PER_PACKET_MAX,
    Envelope,
    UnminedEnvelope,
    decode_envelope,
    decode_envelopes,
    encode_envelopes,
)

TOPIC = Topic(b"\x01\x02\x03\x04")
EXPIRY = 1_590_000_050


def unmined(*, ttl_s: int = 50, data: bytes = bytes(300)) -> UnminedEnvelope:
    return UnminedEnvelope(EXPIRY, ttl_s, TOPIC, data)


def raw_of(*items: rlp.Encodable) -> bytes:
    return rlp.encode(list(items))


def test_fields_are_read_in_their_order() -> None:
    envelope = decode_envelope(raw_of(EXPIRY, 50, TOPIC, b"sealed", 7))
    assert envelope.expiry_unix_s == EXPIRY
    assert envelope.ttl_s == 50
    assert envelope.topic == TOPIC
    assert envelope.data == b"sealed"
    assert envelope.nonce == 7


def test_hash_is_keccak_of_the_received_bytes() -> None:
    raw = raw_of(EXPIRY, 50, TOPIC, b"sealed", 7)
    assert decode_envelope(raw).hash == keccak256(raw)
    assert decode_envelope(raw).raw == raw


def test_size_is_twenty_and_the_data() -> None:
    assert decode_envelope(raw_of(EXPIRY, 50, TOPIC, b"sealed", 7)).size_bytes == 26
    assert unmined(data=b"sealed").size_bytes == 26


def test_sent_time_is_expiry_minus_ttl() -> None:
    assert decode_envelope(raw_of(EXPIRY, 50, TOPIC, b"", 0)).sent_unix_s == EXPIRY - 50


def test_prefix_is_the_list_of_the_first_four_items() -> None:
    envelope = decode_envelope(raw_of(EXPIRY, 50, TOPIC, bytes(300), 7))
    assert envelope.prefix == raw_of(EXPIRY, 50, TOPIC, bytes(300))


@pytest.mark.parametrize("data_bytes", [0, 1, 36, 41, 42, 43, 55, 56, 255, 256, 65535, 65536])
def test_prefix_before_and_after_mining_is_the_same(data_bytes: int) -> None:
    envelope = unmined(data=bytes(data_bytes))
    assert envelope.mined(300).prefix == envelope.prefix


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 2**63, 2**64 - 1])
@pytest.mark.parametrize("ttl_s", [0, 1, 127, 128, 86_400, 2**32 - 1])
def test_every_width_of_integer_survives(nonce: int, ttl_s: int) -> None:
    envelope = decode_envelope(raw_of(EXPIRY, ttl_s, TOPIC, bytes(300), nonce))
    assert (envelope.ttl_s, envelope.nonce) == (ttl_s, nonce)


@pytest.mark.parametrize("size", [0, 1, 55, 56, 255, 256, 65535, 65536])
def test_every_length_of_data_survives(size: int) -> None:
    data = bytes(size)
    assert decode_envelope(raw_of(EXPIRY, 50, TOPIC, data, 9)).data == data


def test_one_byte_of_data_below_0x80_is_its_own_header() -> None:
    assert decode_envelope(raw_of(EXPIRY, 50, TOPIC, b"\x05", 9)).data == b"\x05"


def test_list_of_envelopes_keeps_their_order_and_bytes() -> None:
    envelopes = [unmined(ttl_s=ttl).mined(ttl) for ttl in (1, 300, 20)]
    payload = encode_envelopes(envelopes)
    assert payload == rlp.encode_list([envelope.raw for envelope in envelopes])
    assert decode_envelopes(payload) == envelopes


def test_empty_list_of_envelopes_is_fine() -> None:
    assert decode_envelopes(b"\xc0") == []


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc0", id="no items"),
        pytest.param(rlp.encode(b"text"), id="a string"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300)), id="four items"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300), 1, 1), id="six items"),
        pytest.param(raw_of(EXPIRY, 50, b"\x01" * 3, bytes(300), 1), id="topic of three bytes"),
        pytest.param(raw_of(EXPIRY, 50, b"\x01" * 5, bytes(300), 1), id="topic of five bytes"),
        pytest.param(raw_of(2**32, 50, TOPIC, bytes(300), 1), id="expiry of 33 bits"),
        pytest.param(raw_of(EXPIRY, 2**32, TOPIC, bytes(300), 1), id="ttl of 33 bits"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300), 2**64), id="nonce of 65 bits"),
        pytest.param(raw_of(b"\0" * 3 + b"\x01", 50, TOPIC, bytes(300), 1), id="expiry padded"),
        pytest.param(raw_of(EXPIRY, b"\0\x32", TOPIC, bytes(300), 1), id="ttl padded"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300), b"\0\xff"), id="nonce padded"),
        pytest.param(raw_of(EXPIRY, b"\0", TOPIC, bytes(300), 1), id="ttl is a zero byte"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300), b"\0"), id="nonce is a zero byte"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300), [1]), id="nonce is a list"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, [b"data"], 1), id="data are a list"),
        pytest.param(raw_of(EXPIRY, 50, TOPIC, bytes(300), 1) + b"\x01", id="a byte after the end"),
    ],
)
def test_anything_but_one_canonical_envelope_is_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_envelope(raw)
    with pytest.raises(RemoteProtocolError):
        decode_envelopes(rlp.encode_list([raw or b"\x80"]))


def test_nonce_in_long_form_is_refused() -> None:
    raw = raw_of(EXPIRY, 50, TOPIC, bytes(300), b"\xff")
    with pytest.raises(RemoteProtocolError):
        decode_envelope(raw[:-1] + b"\x05")


def test_bytes_after_the_list_of_envelopes_are_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_envelopes(encode_envelopes([unmined().mined(1)]) + b"\x80")


def test_bare_envelope_is_no_list_of_envelopes() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_envelopes(unmined().mined(1).raw)


def test_envelope_that_reaches_over_the_end_of_its_packet_is_refused() -> None:
    raw = unmined().mined(1).raw
    with pytest.raises(RemoteProtocolError):
        decode_envelopes(rlp.encode_list([raw[:-1]]))


def test_envelopes_are_equal_when_their_bytes_are() -> None:
    assert unmined().mined(1) == unmined().mined(1)
    assert unmined().mined(1) != unmined().mined(2)
    assert unmined().mined(1) != unmined()
    assert len({unmined().mined(1), unmined().mined(1), unmined().mined(2)}) == 2


def test_mined_envelope_has_the_fields_of_the_unmined_one() -> None:
    envelope: Envelope = unmined(data=b"sealed").mined(7)
    assert envelope.raw == raw_of(EXPIRY, 50, TOPIC, b"sealed", 7)


@pytest.mark.parametrize("nonce", [-1, 2**64])
def test_nonce_outside_64_bits_is_refused(nonce: int) -> None:
    with pytest.raises(LocalProtocolError):
        unmined().mined(nonce)


@pytest.mark.parametrize(("expiry", "ttl"), [(-1, 1), (2**32, 1), (1, -1), (1, 2**32)])
def test_seconds_outside_32_bits_are_refused(expiry: int, ttl: int) -> None:
    with pytest.raises(LocalProtocolError):
        UnminedEnvelope(expiry, ttl, TOPIC, b"")


def test_unmined_envelope_refuses_a_topic_of_another_length() -> None:
    with pytest.raises(LocalProtocolError):
        UnminedEnvelope(EXPIRY, 50, Topic(b"\x01\x02\x03"), b"")


def test_packet_with_more_envelopes_than_any_honest_one_is_refused() -> None:
    raw = UnminedEnvelope(1_600_000_000, 50, Topic(b"\x01\x02\x03\x04"), b"").mined(0).raw
    assert len(decode_envelopes(rlp.encode_list([raw] * ENVELOPES_PER_PACKET_MAX))) == 8192
    with pytest.raises(RemoteProtocolError, match="more than 8192"):
        decode_envelopes(rlp.encode_list([raw] * (ENVELOPES_PER_PACKET_MAX + 1)))
