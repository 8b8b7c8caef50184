"""Every payload survives its encoding, and no bytes raise anything but the declared error."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import Message, Payload
from sottovoce.sync.wire import decode_message, decode_payload, encode_message, encode_payload

ids = st.lists(st.binary(min_size=32, max_size=32) | st.binary(max_size=40), max_size=5).map(tuple)
messages = st.builds(
    Message, st.binary(max_size=40), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=200)
)
payloads = st.builds(
    Payload, acks=ids, offers=ids, requests=ids, messages=st.lists(messages, max_size=4).map(tuple)
)


def reads(raw: bytes) -> Payload | None:
    with suppress(RemoteProtocolError):
        return decode_payload(raw)
    return None


@given(payload=payloads)
def test_payload_survives_its_encoding(payload: Payload) -> None:
    raw = encode_payload(payload)
    assert decode_payload(raw) == payload
    assert payload.is_empty == (raw == b"")


@given(message=messages)
def test_message_survives_its_encoding_with_its_identifier(message: Message) -> None:
    read = decode_message(encode_message(message))
    assert read == message
    assert message_id(read) == message_id(message)


@given(raw=st.binary(max_size=300))
def test_garbage_is_a_payload_or_refused(raw: bytes) -> None:
    reads(raw)
    with suppress(RemoteProtocolError):
        decode_message(raw)


@given(payload=payloads, data=st.data())
def test_truncation_never_adds_anything(payload: Payload, data: st.DataObject) -> None:
    raw = encode_payload(payload)
    read = reads(raw[: data.draw(st.integers(0, len(raw)))])
    if read is not None:
        assert read.acks == payload.acks[: len(read.acks)]
        assert read.offers == payload.offers[: len(read.offers)]
        assert read.requests == payload.requests[: len(read.requests)]
        assert read.messages == payload.messages[: len(read.messages)]


@given(payload=payloads.filter(lambda payload: not payload.is_empty), data=st.data())
def test_changed_byte_is_read_or_refused(payload: Payload, data: st.DataObject) -> None:
    changed = bytearray(encode_payload(payload))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    read = reads(bytes(changed))
    if read is not None:
        assert decode_payload(encode_payload(read)) == read


@given(payload=payloads, extra=st.binary(max_size=30))
def test_bytes_behind_a_payload_are_read_or_refused(payload: Payload, extra: bytes) -> None:
    reads(encode_payload(payload) + extra)
