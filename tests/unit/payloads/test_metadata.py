"""The wrapper: who wrote a payload, and what names it."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.author_signature import sign_as_author
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.limits import TEXT_BYTES_MAX
from sottovoce.payloads.metadata import overhead_bytes, unwrap, wrap
from sottovoce.payloads.registry import PayloadType, UnknownPayload
from sottovoce.payloads.wire import Wrapper, decode_wrapper, encode_payload, encode_wrapper
from unit.payloads.people import ANNA, BRUNO, MESSAGE
from unit.payloads.protobuf_bytes import bytes_field, number_field

WRAPPED = wrap(MESSAGE, ANNA)
ENCODED = encode_payload(MESSAGE)[1]


def test_wrapped_payload_comes_out_with_its_author_and_id() -> None:
    unwrapped = unwrap(WRAPPED.raw)
    assert unwrapped.payload == MESSAGE
    assert unwrapped.author == public_key(ANNA)
    assert unwrapped.message_id == WRAPPED.message_id


def test_wrapping_again_gives_the_same_bytes_and_id() -> None:
    assert wrap(MESSAGE, ANNA) == WRAPPED


def test_same_words_of_somebody_else_have_another_author_and_id() -> None:
    other = wrap(MESSAGE, BRUNO)
    assert unwrap(other.raw).author == public_key(BRUNO)
    assert other.message_id != WRAPPED.message_id


def test_id_is_over_the_bytes_as_received_and_not_over_an_encoding_of_ours() -> None:
    raw = number_field(99, 1) + WRAPPED.raw
    unwrapped = unwrap(raw)
    assert unwrapped.payload == MESSAGE
    assert unwrapped.author == public_key(ANNA)
    assert unwrapped.message_id == keccak256(public_key(ANNA).uncompressed + raw)
    assert unwrapped.message_id != WRAPPED.message_id


def test_unsigned_wrapper_has_no_author_and_an_id_of_its_bytes() -> None:
    raw = encode_wrapper(Wrapper(None, ENCODED, PayloadType.CHAT_MESSAGE))
    unwrapped = unwrap(raw)
    assert unwrapped.author is None
    assert unwrapped.payload == MESSAGE
    assert unwrapped.message_id == keccak256(raw)


def test_changed_payload_has_another_author_or_none_at_all() -> None:
    signature = sign_as_author(ANNA, ENCODED)
    changed = encode_payload(replace(MESSAGE, text="Addio"))[1]
    raw = encode_wrapper(Wrapper(signature, changed, PayloadType.CHAT_MESSAGE))
    assert unwrap(raw).author != public_key(ANNA)


def test_type_is_not_signed_and_the_content_must_fit_the_new_one() -> None:
    wrapper = decode_wrapper(WRAPPED.raw)
    # As a public chat, the chat message's time stands where an id is wanted.
    with pytest.raises(RemoteProtocolError, match="another payload"):
        unwrap(encode_wrapper(replace(wrapper, type_number=14)))


@pytest.mark.parametrize(
    "signature",
    [b"", b"\x00", bytes(65), b"\xff" * 65, sign_as_author(ANNA, ENCODED)[:64] + b"\x1b"],
    ids=["empty", "one byte", "zeros", "ones", "v 27"],
)
def test_broken_signature_drops_the_message(signature: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        unwrap(encode_wrapper(Wrapper(signature, ENCODED, PayloadType.CHAT_MESSAGE)))


def test_malformed_payload_in_a_good_wrapper_is_refused() -> None:
    malformed = bytes_field(3, b"\xff")
    raw = encode_wrapper(Wrapper(sign_as_author(ANNA, malformed), malformed, 1))
    with pytest.raises(RemoteProtocolError, match="cannot be decoded"):
        unwrap(raw)


def test_payload_of_a_type_that_does_not_exist_yet_is_kept_with_its_author() -> None:
    payload = UnknownPayload(4711, b"\xffwhat comes")
    wrapped = wrap(payload, ANNA)
    unwrapped = unwrap(wrapped.raw)
    assert unwrapped.payload == payload
    assert unwrapped.author == public_key(ANNA)
    assert unwrapped.message_id == wrapped.message_id


def test_message_for_another_device_is_an_unknown_payload_and_no_error() -> None:
    # A message of the encryption layer: an installation id in field 2, its content in field 101.
    raw = bytes_field(2, b"3f2c1d0e-8a5b") + bytes_field(101, b"\x0a\x00")
    unwrapped = unwrap(raw)
    assert unwrapped.author is None
    assert unwrapped.payload == UnknownPayload(0, b"3f2c1d0e-8a5b")


def test_nothing_at_all_is_an_unknown_payload() -> None:
    assert unwrap(b"").payload == UnknownPayload(0, b"")


def test_payload_beyond_a_bound_is_not_wrapped() -> None:
    with pytest.raises(LocalProtocolError):
        wrap(replace(MESSAGE, text="a" * (TEXT_BYTES_MAX + 1)), ANNA)


@pytest.mark.parametrize("length", [0, 1, 60, 127, 128, 16_383, 16_384, 60_000])
def test_overhead_is_what_wrapping_adds(length: int) -> None:
    text = "a" * length
    payload = replace(MESSAGE, text=text) if length else ChatMessage()
    encoded = encode_payload(payload)[1]
    assert len(wrap(payload, ANNA).raw) == len(encoded) + overhead_bytes(len(encoded))


def test_no_text_form_shows_content_or_author() -> None:
    assert repr(WRAPPED) == "Wrapped(…)"
    assert repr(unwrap(WRAPPED.raw)) == "Unwrapped(…)"
