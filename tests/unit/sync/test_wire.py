"""Payloads in protobuf, and bytes that are none."""

import contextlib

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.sync.records import Message, Payload
from sottovoce.sync.settings import ACKS_PER_PEER_MAX, REQUESTED_PER_PEER_MAX, WAITING_PER_PEER_MAX
from sottovoce.sync.wire import (
    ACKS_READ_MAX,
    ID_RECORD_BYTES,
    MESSAGES_READ_MAX,
    OFFERS_READ_MAX,
    PAYLOAD_BYTES_MAX,
    REQUESTS_READ_MAX,
    decode_message,
    decode_payload,
    encode_message,
    encode_payload,
    overhead_bytes,
)
from unit.sync.people import GROUP, id_of, message

ALL_KINDS = Payload((id_of(b"1"),), (id_of(b"2"),), (id_of(b"3"),), (message(b"4"), message(b"5")))


def test_payload_keeps_every_record() -> None:
    assert decode_payload(encode_payload(ALL_KINDS)) == ALL_KINDS


def test_payload_without_records_has_no_bytes() -> None:
    assert encode_payload(Payload()) == b""
    assert decode_payload(b"").is_empty


def test_record_of_an_identifier_has_36_bytes() -> None:
    assert len(encode_payload(Payload(acks=(id_of(),)))) == ID_RECORD_BYTES == 36


@pytest.mark.parametrize("cut", range(1, 60))
def test_truncated_payload_is_refused_or_lacks_the_end(cut: int) -> None:
    raw = encode_payload(ALL_KINDS)[:-cut]
    with contextlib.suppress(RemoteProtocolError):
        assert decode_payload(raw) != ALL_KINDS


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00",  # field number 0
        b"\xff" * 11,  # a number without end
        b"\xca\xb8\x02\xff\xff\xff\xff\x07",  # a length of 2 GiB
        b"\xca\xb8\x02\x20short",
        b"\xe2\xb8\x02\x02\x8a\xf7",  # a message cut inside a tag
        b"\x0b" * 1000,  # groups in groups
        b"\x0c",  # the end of a group that never began
    ],
)
def test_hostile_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_payload(raw)


def test_known_field_of_another_wire_type_is_no_record() -> None:
    assert decode_payload(b"\xc8\xb8\x02\x01").is_empty


def test_unknown_fields_of_a_message_are_skipped() -> None:
    # Field 6004 is the metadata of VAC 4.
    assert decode_message(encode_message(message()) + b"\xa2\xf7\x02\x02\x08\x01") == message()


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_message(b"\x8a\xf7\x02\x20short")


def test_identifiers_and_groups_of_any_length_are_read() -> None:
    strange = Payload(acks=(b"", b"x" * 33), messages=(Message(b"", -1, b""),))
    assert decode_payload(encode_payload(strange)) == strange


def test_payload_beyond_an_envelope_is_refused() -> None:
    large = encode_payload(Payload(messages=(message(bytes(PAYLOAD_BYTES_MAX)),)))
    with pytest.raises(RemoteProtocolError):
        decode_payload(large)


def test_messages_beyond_the_bound_are_not_read() -> None:
    raw = b"\xe2\xb8\x02\x00" * (MESSAGES_READ_MAX + 5)
    assert len(decode_payload(raw).messages) == MESSAGES_READ_MAX


def numbered(count: int) -> tuple[bytes, ...]:
    return tuple(number.to_bytes(32) for number in range(count))


def test_identifiers_beyond_their_bounds_are_not_read() -> None:
    flood = Payload(
        acks=numbered(ACKS_READ_MAX + 5),
        offers=numbered(OFFERS_READ_MAX + 5),
        requests=numbered(REQUESTS_READ_MAX + 5),
    )
    assert decode_payload(encode_payload(flood)) == Payload(
        acks=numbered(ACKS_READ_MAX),
        offers=numbered(OFFERS_READ_MAX),
        requests=numbered(REQUESTS_READ_MAX),
    )


def test_no_bound_of_records_cuts_what_we_send_ourselves() -> None:
    assert ACKS_READ_MAX >= ACKS_PER_PEER_MAX
    assert OFFERS_READ_MAX >= WAITING_PER_PEER_MAX
    assert REQUESTS_READ_MAX >= REQUESTED_PER_PEER_MAX
    assert MESSAGES_READ_MAX >= WAITING_PER_PEER_MAX


@pytest.mark.parametrize("body_bytes", [0, 1, 60, 90, 127, 128, 16_300, 16_384, 2_097_152])
def test_overhead_is_never_exceeded_and_never_far_off(body_bytes: int) -> None:
    for timestamp_s in (-1, 0, 1_590_000_000):
        raw = encode_payload(Payload(messages=(Message(GROUP, timestamp_s, bytes(body_bytes)),)))
        assert 0 <= body_bytes + overhead_bytes(body_bytes) - len(raw) <= 20


def test_error_does_not_show_the_bytes() -> None:
    with pytest.raises(RemoteProtocolError) as raised:
        decode_payload(b"\xca\xb8\x02\x20secret")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
