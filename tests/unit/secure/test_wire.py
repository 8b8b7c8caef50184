"""Bytes of messages and bundles: round trip, order, limits."""

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.double_ratchet import RatchetHeader
from sottovoce.secure.message import DirectMessage, ProtocolMessage, SessionHeader, X3dhHeader
from sottovoce.secure.wire import (
    BUNDLES_PER_MESSAGE_MAX,
    DIRECT_ENTRIES_MAX,
    INSTALLATION_ID_BYTES_MAX,
    PREKEYS_PER_BUNDLE_MAX,
    decode_bundle,
    decode_message,
    encode_bundle,
    encode_message,
)

KEY = b"\x02" + b"\x01" * 32
PREKEY = SignedPrekey(KEY, 1, 1)
BUNDLE = Bundle(KEY, {"2": SignedPrekey(KEY, 1, 1), "10": SignedPrekey(KEY, 2, 0)}, -5, bytes(65))
DIRECT = DirectMessage(
    b"payload", X3dhHeader(KEY, KEY), SessionHeader(KEY, RatchetHeader(KEY, 1, 2)), KEY
)
MESSAGE = ProtocolMessage("id", (BUNDLE,), {"2": DIRECT, "10": DirectMessage(b"")}, b"")


def test_message_is_read_as_it_was_written() -> None:
    assert decode_message(encode_message(MESSAGE)) == MESSAGE


def test_bundle_is_read_as_it_was_written() -> None:
    assert decode_bundle(encode_bundle(BUNDLE)) == BUNDLE


def test_entries_are_written_in_the_order_of_their_bytes() -> None:
    assert list(decode_message(encode_message(MESSAGE)).direct) == ["10", "2"]
    assert list(decode_bundle(encode_bundle(BUNDLE)).prekeys) == ["10", "2"]


def test_absent_and_empty_public_content_differ() -> None:
    assert decode_message(encode_message(ProtocolMessage("id"))).public is None
    assert decode_message(encode_message(ProtocolMessage("id", public=b""))).public == b""


def test_headers_that_are_absent_stay_absent() -> None:
    message = decode_message(encode_message(ProtocolMessage("", direct={"": DirectMessage(b"x")})))
    assert message.direct == {"": DirectMessage(b"x", None, None, None)}


def test_unknown_fields_are_ignored() -> None:
    assert decode_message(encode_message(MESSAGE) + b"\x38\x01") == MESSAGE


@pytest.mark.parametrize(
    "raw",
    [
        b"\x12\x02\xff\xfe",  # an installation id that is no UTF-8
        b"\x12\x7f",  # a length beyond the end
        b"\xaa\x06\x04\x0a\x02\xff\xfe",  # an entry for an installation that is no UTF-8
        b"\x07",  # a wire type that does not exist
        b"\x1a\x02\x0a\x7f",  # a bundle with a length beyond its end
    ],
)
def test_bytes_that_are_no_message_are_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_message(raw)
    assert caught.value.__context__ is None, "it may hold the bytes"


def test_too_many_bundles_are_refused() -> None:
    bundle = Bundle(b"", {}, 0, b"")
    many = ProtocolMessage("", (bundle,) * BUNDLES_PER_MESSAGE_MAX)
    assert decode_message(encode_message(many)) == many
    with pytest.raises(RemoteProtocolError):
        decode_message(encode_message(ProtocolMessage("", (*many.bundles, bundle))))


@pytest.mark.parametrize(("extra", "refused"), [(0, False), (1, True)])
def test_limits_of_lists_and_texts_are_exact(extra: int, refused: bool) -> None:
    prekeys = {str(n): SignedPrekey(KEY, 1, 1) for n in range(PREKEYS_PER_BUNDLE_MAX + extra)}
    entries = {str(n): DirectMessage(b"") for n in range(DIRECT_ENTRIES_MAX + extra)}
    name = "x" * (INSTALLATION_ID_BYTES_MAX + extra)
    for message in (
        ProtocolMessage("", (Bundle(KEY, prekeys, 0, b""),)),
        ProtocolMessage("", direct=entries),
        ProtocolMessage(name),
        ProtocolMessage("", (Bundle(KEY, {name: SignedPrekey(KEY, 1, 1)}, 0, b""),)),
    ):
        if refused:
            with pytest.raises(RemoteProtocolError):
                decode_message(encode_message(message))
        else:
            assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        ProtocolMessage("\ud800"),
        ProtocolMessage("", (Bundle(KEY, {"a": SignedPrekey(KEY, -1, 1)}, 0, b""),)),
        ProtocolMessage("", (Bundle(KEY, {}, 1 << 63, b""),)),
        ProtocolMessage("", direct={"\ud800": DirectMessage(b"")}),
    ],
)
def test_what_cannot_be_encoded_is_a_mistake_of_ours(message: ProtocolMessage) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        encode_message(message)
    assert caught.value.__context__ is None, "it may hold the text"


def test_bundle_that_cannot_be_encoded_is_a_mistake_of_ours() -> None:
    for bundle in (Bundle(KEY, {}, 1 << 63, b""), Bundle(KEY, {"\ud800": PREKEY}, 0, b"")):
        with pytest.raises(LocalProtocolError) as caught:
            encode_bundle(bundle)
        assert caught.value.__context__ is None, "it may hold the text"


@pytest.mark.parametrize("raw", [b"\x0a\x7f", b"\x12\x04\x0a\x02\xff\xfe"])
def test_bytes_that_are_no_bundle_are_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_bundle(raw)
    assert caught.value.__context__ is None, "it may hold the bytes"


def test_deep_nesting_ends_in_the_one_error() -> None:
    raw = b""
    for _ in range(200):
        raw = b"\x0b" + raw + b"\x0c"  # groups within groups, which nobody sends
    with pytest.raises(RemoteProtocolError):
        decode_message(raw)
