"""Every decoder of payloads under arbitrary, cut and changed bytes; every value on its way."""

import contextlib
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import parse_public_key, public_key
from sottovoce.payloads.amount import check_amount
from sottovoce.payloads.author_signature import recover_author, sign_as_author
from sottovoce.payloads.contact_id import contact_id, contact_key
from sottovoce.payloads.form import Blob, Number, Several, Text, Value
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import open_event, open_events, sign_event
from sottovoce.payloads.metadata import unwrap, wrap
from sottovoce.payloads.picture import decode_data_uri
from sottovoce.payloads.registry import PAYLOAD_CLASSES, KnownPayload, UnknownPayload
from sottovoce.payloads.validity import check_received
from sottovoce.payloads.wire import (
    decode_event,
    decode_payload,
    decode_wrapper,
    encode_event,
    encode_payload,
    encode_wrapper,
)
from unit.payloads.people import GROUP_ID, MESSAGE
from unit.payloads.protobuf_bytes import bytes_field, group, number_field

AUTHOR = PrivateKey(b"\x0a" * 32)
TEXT_CHARS_MAX = 20

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=TEXT_CHARS_MAX)
type_numbers = st.sampled_from(sorted(PAYLOAD_CLASSES)) | st.integers(-(2**31), 2**31 - 1)


def of_kind(hint: Any) -> st.SearchStrategy[Any]:
    """Draw what a field may hold; its annotation says it."""
    for note in getattr(hint, "__metadata__", ()):
        match note:
            case Number(least, most):
                return st.integers(least, most) | st.integers(0, min(5, most))
            case Text():
                return texts
            case Blob():
                return st.binary(max_size=TEXT_CHARS_MAX)
            case Several(each=Text()):
                return st.lists(texts, max_size=3).map(tuple)
            case Several(each=Blob()):
                return st.lists(st.binary(max_size=80), max_size=3).map(tuple)
            case Several(each=None):
                element = get_args(get_args(hint)[0])[0]
                return st.lists(values(element), max_size=3).map(tuple)
            case _:
                raise AssertionError(note)
    if hint is bool:
        return st.booleans()
    inner = [each for each in get_args(hint) if each is not type(None)]
    return st.none() | st.one_of([values(each) for each in inner])


def values(value_class: type[Any]) -> st.SearchStrategy[Any]:
    """Draw values of a class."""
    hints = get_type_hints(value_class, include_extras=True)
    return st.builds(
        value_class, **{each.name: of_kind(hints[each.name]) for each in fields(value_class)}
    )


group_ids = st.builds(group_chat_id, st.uuids().map(str), st.just(public_key(AUTHOR)))
payloads = st.one_of([values(value_class) for value_class in PAYLOAD_CLASSES.values()])
# An event that says nothing at all is never signed.
events = values(MembershipEvent).filter(lambda event: event != MembershipEvent())
unknown_payloads = st.builds(
    UnknownPayload,
    st.integers(-(2**31), 2**31 - 1).filter(lambda number: number not in PAYLOAD_CLASSES),
    st.binary(max_size=50),
)
# Bytes that look like protobuf, with every field number that any payload has and one that none has.
field_numbers = st.integers(1, 12) | st.just(4711)
protobufs = st.recursive(
    st.binary(max_size=12),
    lambda inner: st.lists(
        st.one_of(
            st.builds(bytes_field, field_numbers, inner),
            st.builds(number_field, field_numbers, st.integers(0, 2**64 - 1)),
            st.builds(group, field_numbers, inner),
        ),
        max_size=5,
    ).map(b"".join),
    max_leaves=8,
)


def read(type_number: int, raw: bytes) -> None:
    """Decode and check; whatever the bytes are, one error may come out."""
    with contextlib.suppress(RemoteProtocolError):
        payload = decode_payload(type_number, raw)
        # What was read can be written, and reads as the same again.
        assert decode_payload(*encode_payload(payload)) == payload
        check_received(payload, envelope_unix_ms=1 << 50)
        if isinstance(payload, MembershipUpdate):
            open_events(payload, now_unix_ms=1 << 50)


@given(payloads)
def test_payload_survives_a_round_trip(payload: KnownPayload) -> None:
    assert decode_payload(*encode_payload(payload)) == payload


@given(payloads | unknown_payloads)
def test_wrapped_payload_comes_out_with_its_author_and_id(
    payload: KnownPayload | UnknownPayload,
) -> None:
    wrapped = wrap(payload, AUTHOR)
    unwrapped = unwrap(wrapped.raw)
    assert unwrapped.payload == payload
    assert unwrapped.author == public_key(AUTHOR)
    assert unwrapped.message_id == wrapped.message_id
    assert wrapped.message_id == keccak256(public_key(AUTHOR).uncompressed + wrapped.raw)


@given(payloads)
def test_checks_of_a_received_payload_raise_only_the_remote_error(payload: KnownPayload) -> None:
    with contextlib.suppress(RemoteProtocolError):
        check_received(payload, envelope_unix_ms=1_591_000_000_000)


@given(payloads)
def test_no_payload_shows_what_it_holds(payload: Value) -> None:
    assert repr(payload) == f"{type(payload).__name__}(…)"


@given(type_numbers, st.binary(max_size=200) | protobufs)
def test_arbitrary_payload_raises_only_the_remote_error(type_number: int, raw: bytes) -> None:
    read(type_number, raw)


@given(st.binary(max_size=200) | protobufs)
def test_arbitrary_wrapper_raises_only_the_remote_error(raw: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        unwrap(raw)
    with contextlib.suppress(RemoteProtocolError):
        wrapper = decode_wrapper(raw)
        assert decode_wrapper(encode_wrapper(wrapper)) == wrapper


@given(payloads, st.integers(0, 10_000), st.integers(0, 255))
def test_cut_or_changed_wrapper_raises_only_the_remote_error(
    payload: KnownPayload, place: int, byte: int
) -> None:
    raw = wrap(payload, AUTHOR).raw
    changed = bytearray(raw)
    changed[place % len(raw)] = byte
    for broken in (raw[: place % len(raw)], bytes(changed)):
        with contextlib.suppress(RemoteProtocolError):
            unwrap(broken)


@given(payloads, st.integers(0, 10_000), st.integers(0, 255))
def test_cut_or_changed_payload_raises_only_the_remote_error(
    payload: KnownPayload, place: int, byte: int
) -> None:
    type_number, raw = encode_payload(payload)
    if raw:
        changed = bytearray(raw)
        changed[place % len(raw)] = byte
        read(type_number, raw[: place % len(raw)])
        read(type_number, bytes(changed))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_changed_wrapper_keeps_its_author_only_with_the_payload_that_he_signed(
    place: int, difference: int
) -> None:
    wrapped = wrap(MESSAGE, AUTHOR)
    changed = bytearray(wrapped.raw)
    changed[place % len(changed)] ^= difference
    with contextlib.suppress(RemoteProtocolError):
        unwrapped = unwrap(bytes(changed))
        assert unwrapped.message_id != wrapped.message_id
        if unwrapped.author == public_key(AUTHOR):
            # What he signed is untouched; the type and unknown fields are nobody's word.
            assert decode_wrapper(bytes(changed)).payload == decode_wrapper(wrapped.raw).payload


@given(payloads, protobufs)
def test_fields_that_do_not_exist_yet_change_nothing(payload: KnownPayload, later: bytes) -> None:
    type_number, raw = encode_payload(payload)
    extended = bytes_field(4711, later) + raw + number_field(4712, 1)
    assert decode_payload(type_number, extended) == payload


@given(events, group_ids)
def test_event_survives_signing_and_opening(event: MembershipEvent, chat_id: str) -> None:
    assert decode_event(encode_event(event)) == event
    signed = sign_event(event, chat_id=chat_id, author_key=AUTHOR)
    assert open_event(signed.wire, chat_id=chat_id) == signed


@given(events, st.text(max_size=200))
def test_event_is_signed_for_nothing_but_an_id_that_is_one(
    event: MembershipEvent, chat_id: str
) -> None:
    with pytest.raises(LocalProtocolError):
        sign_event(event, chat_id=chat_id, author_key=AUTHOR)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_author_of_what_was_signed_is_recovered_and_of_nothing_else(
    material: bytes, other: bytes
) -> None:
    signature = sign_as_author(AUTHOR, material)
    assert recover_author(material, signature) == public_key(AUTHOR)
    with contextlib.suppress(RemoteProtocolError):
        assert (recover_author(other, signature) == public_key(AUTHOR)) == (other == material)


@given(st.binary(max_size=70) | st.binary(min_size=65, max_size=65), st.integers(0, 4))
def test_arbitrary_signature_raises_only_the_remote_error(raw: bytes, v: int) -> None:
    for signature in (raw, raw[:64] + bytes((v,))):
        with contextlib.suppress(RemoteProtocolError):
            author = recover_author(b"words", signature)
            assert parse_public_key(author.uncompressed) == author


@given(st.integers(0, 64), st.integers(1, 255))
def test_changed_signature_is_never_that_of_the_author(place: int, difference: int) -> None:
    changed = bytearray(sign_as_author(AUTHOR, b"words"))
    changed[place] ^= difference
    with contextlib.suppress(RemoteProtocolError):
        assert recover_author(b"words", bytes(changed)) != public_key(AUTHOR)


@given(st.binary(max_size=200), texts)
def test_arbitrary_event_raises_only_the_remote_error(wire: bytes, chat_id: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        open_event(wire, chat_id=chat_id)
    with contextlib.suppress(RemoteProtocolError):
        decode_event(wire)


@given(events, st.integers(0, 10_000), st.integers(1, 255))
def test_cut_or_changed_event_never_keeps_its_author(
    event: MembershipEvent, place: int, difference: int
) -> None:
    signed = sign_event(event, chat_id=GROUP_ID, author_key=AUTHOR)
    changed = bytearray(signed.wire)
    changed[place % len(changed)] ^= difference
    for broken in (signed.wire[: place % len(changed)], bytes(changed)):
        with contextlib.suppress(RemoteProtocolError):
            assert open_event(broken, chat_id=GROUP_ID).author != public_key(AUTHOR)


@given(st.text(max_size=140) | st.integers(0, 2**520 - 1).map(lambda number: f"0x04{number:0128x}"))
def test_arbitrary_contact_id_raises_only_the_remote_error(text: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        assert contact_id(contact_key(text)) == text


@given(st.text(max_size=40) | st.from_regex(r"[+-]?[0-9xpe_.]{1,9}", fullmatch=True))
def test_arbitrary_amount_raises_only_the_remote_error(text: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        check_amount(text)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**256), 2**256))
def test_every_number_is_an_amount(number: float) -> None:
    check_amount(str(number))


@given(
    st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: f"data:image/png;base64,{raw!r}")
)
def test_arbitrary_data_uri_raises_only_the_remote_error(text: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decode_data_uri(text)
