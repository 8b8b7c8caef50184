"""Hello and Disconnect: what is written, what is tolerated, what is refused."""

import pytest

from sottovoce.base.errors import InvalidKeyError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.devp2p.base_protocol import (
    EMPTY_BODY,
    decode_disconnect,
    decode_hello,
    encode_disconnect,
    encode_hello,
    name_reason,
)
from sottovoce.devp2p.events import DisconnectReason, Hello
from unit.devp2p.pair import INITIATOR

HELLO = Hello(5, "Name/v1", (("shh", 6), ("waku", 1)), 30303, INITIATOR)
ITEMS: list[rlp.Encodable] = [5, b"Name/v1", [[b"shh", 6], [b"waku", 1]], 30303, INITIATOR.raw]


def with_item(index: int, value: rlp.Encodable) -> bytes:
    return rlp.encode([*ITEMS[:index], value, *ITEMS[index + 1 :]])


def test_hello_round_trips() -> None:
    assert encode_hello(HELLO) == rlp.encode(ITEMS)
    assert decode_hello(rlp.encode(ITEMS)) == HELLO


def test_hello_sends_its_capabilities_sorted() -> None:
    unsorted = Hello(5, "Name/v1", (("waku", 1), ("shh", 6)), 30303, INITIATOR)
    assert encode_hello(unsorted) == rlp.encode(ITEMS)


def test_hello_tolerates_additional_elements_and_trailing_bytes() -> None:
    assert decode_hello(rlp.encode([*ITEMS, [1, [2]], b"more"]) + b"\xff\x00") == HELLO


def test_hello_of_exactly_the_limit_is_taken_and_one_byte_more_is_refused() -> None:
    rest = len(rlp.encode(ITEMS))
    full = rlp.encode(ITEMS) + bytes(2048 - rest)
    assert decode_hello(full) == HELLO
    with pytest.raises(RemoteProtocolError, match="2049"):
        decode_hello(full + b"\x00")


def test_client_id_that_is_no_utf8_is_kept_with_replacements() -> None:
    assert decode_hello(with_item(1, b"\xff\xfeok")).client_id == "��ok"


@pytest.mark.parametrize("key", [b"", bytes(64), INITIATOR.raw[1:], INITIATOR.raw + b"\x01"])
def test_hello_with_an_unusable_key_is_an_invalid_identity(key: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        decode_hello(with_item(4, key))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x05",
        b"\xf8\x01",
        EMPTY_BODY,
        rlp.encode(ITEMS[:4]),
        with_item(0, b"\x00\x05"),
        with_item(0, 2**64),
        with_item(0, []),
        with_item(1, []),
        with_item(2, b"shh"),
        with_item(2, [b"shh"]),
        with_item(2, [[b"shh"]]),
        with_item(2, [[b"shh", 6, 128]]),
        with_item(2, [[[b"shh"], 6]]),
        with_item(3, [30303]),
        with_item(4, [INITIATOR.raw]),
        rlp.encode(ITEMS)[:-1],
    ],
)
def test_hello_of_another_shape_is_refused(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_hello(payload)


def test_disconnect_is_written_as_a_list() -> None:
    assert encode_disconnect(DisconnectReason.REQUESTED) == b"\xc1\x80"
    assert encode_disconnect(DisconnectReason.SUBPROTOCOL_ERROR) == b"\xc1\x10"


@pytest.mark.parametrize(
    ("payload", "number"),
    [
        (b"\xc1\x04", 4),
        (b"\xc2\x04\x05", 4),
        (b"\x04", 4),
        (b"\x80", 0),
        (b"\xc0", 0),
        (b"", 0),
        (b"\xc1\x11", 17),
        (b"\xc3\x82\x01\x00", 256),
        (b"\xc1\x80\xff", 0),
        (b"\xc1\xc0", 0),
        (b"\xf8", 0),
        (b"\xc2\x81\x04", 0),
    ],
)
def test_every_form_of_disconnect_gives_a_number(payload: bytes, number: int) -> None:
    assert decode_disconnect(payload) == number


@pytest.mark.parametrize("number", [12, 15, 17, 255, 2**64 - 1])
def test_unknown_reasons_stay_unknown(number: int) -> None:
    assert name_reason(number) is None


def test_known_reasons_have_names() -> None:
    assert [name_reason(number) for number in (0, 4, 16)] == [
        DisconnectReason.REQUESTED,
        DisconnectReason.TOO_MANY_PEERS,
        DisconnectReason.SUBPROTOCOL_ERROR,
    ]
