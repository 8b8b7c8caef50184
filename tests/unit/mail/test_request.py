"""The list of seven items inside a request."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.mail.request import (
    REQUEST_TOPICS_MAX,
    HistoryRequest,
    bloom_of,
    decode_request,
    encode_request,
)

FULL = b"\xff" * 64
REQUEST = HistoryRequest(1, 2, FULL, (b"\x01\x02\x03\x04",), 3, b"\x09" * 36, batch=False)
ITEMS = (1, 2, FULL, (b"\x01\x02\x03\x04",), 3, b"\x09" * 36, 0)


def test_request_is_a_list_of_seven_items() -> None:
    assert encode_request(REQUEST) == rlp.encode(ITEMS)
    assert decode_request(rlp.encode(ITEMS)) == REQUEST


def test_bloom_holds_the_bits_of_all_topics() -> None:
    topics = frozenset({Topic(b"\x01\x02\x03\x04"), Topic(b"\x90\xa0\xb0\x00")})
    bits = int.from_bytes(bloom_of(topics), "big")
    assert all(topic_bloom(topic) & bits == topic_bloom(topic) for topic in topics)
    assert bloom_of(frozenset()) == bytes(64)


def test_open_end_is_no_bound_that_is_the_wrong_way_round() -> None:
    request = replace(REQUEST, from_unix_s=5, to_unix_s=0)
    assert decode_request(encode_request(request)) == request


@pytest.mark.parametrize(
    "wrong",
    [
        replace(REQUEST, from_unix_s=3),
        replace(REQUEST, from_unix_s=-1),
        replace(REQUEST, to_unix_s=1 << 32),
        replace(REQUEST, limit=1001),
        replace(REQUEST, limit=-1),
        replace(REQUEST, bloom=b""),
        replace(REQUEST, bloom=FULL[1:]),
        replace(REQUEST, cursor=b"\x01" * 35),
        replace(REQUEST, topics=(b"\x01\x02\x03",)),
    ],
)
def test_what_a_server_would_refuse_is_not_asked(wrong: HistoryRequest) -> None:
    with pytest.raises(LocalProtocolError):
        encode_request(wrong)


@pytest.mark.parametrize(
    "items",
    [
        ITEMS[:6],
        (*ITEMS, 0),
        (1 << 32, *ITEMS[1:]),
        (*ITEMS[:3], b"", *ITEMS[4:]),
        (*ITEMS[:3], ((b"",),), *ITEMS[4:]),
        (*ITEMS[:6], 2),
        (*ITEMS[:2], (), *ITEMS[3:]),
        (*ITEMS[:3], (b"\x01\x02\x03\x04",) * (REQUEST_TOPICS_MAX + 1), *ITEMS[4:]),
    ],
)
def test_other_lists_are_no_request(items: tuple[rlp.Encodable, ...]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_request(rlp.encode(items))


@given(st.binary(max_size=100))
def test_garbage_is_no_request_and_nothing_worse(raw: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decode_request(raw)


@given(st.integers(0, len(rlp.encode(ITEMS)) - 1))
def test_cut_off_request_is_none(size: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_request(rlp.encode(ITEMS)[:size])


def test_nothing_private_is_in_its_text() -> None:
    text = repr(REQUEST)
    assert "x01" not in text
    assert "xff" not in text
    assert "\\t" not in text
