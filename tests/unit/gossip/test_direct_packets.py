"""Direct packets: bare or listed envelopes, requests for history, and how they end."""

from dataclasses import replace
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.gossip.direct_packets import (
    REQUEST_TOPICS_MAX,
    SERVER_TEXT_CHARS_MAX,
    Completion,
    PlainRequest,
    check_direct_request,
    decode_completion_body,
    decode_direct,
    decode_plain_request,
    decode_request_complete,
    encode_completion_body,
    encode_direct,
    encode_plain_request,
    encode_request_complete,
)
from unit.gossip.network import make_envelope

ONE, TWO = make_envelope(b"1"), make_envelope(b"2")
REQUEST = PlainRequest(b"\x09" * 32, 100, 200, 50, b"\x01" * 36, b"\xff" * 64)


def test_one_direct_envelope_goes_bare_and_several_as_a_list() -> None:
    assert encode_direct([ONE.raw], bare=True) == ONE.raw
    assert encode_direct([ONE.raw], bare=False) == rlp.encode_list((ONE.raw,))
    assert encode_direct([ONE.raw, TWO.raw], bare=True) == rlp.encode_list((ONE.raw, TWO.raw))
    assert encode_direct([], bare=True) == b"\xc0"


@pytest.mark.parametrize("envelopes", [[], [ONE], [ONE, TWO]])
def test_direct_envelopes_survive_their_packet(envelopes: list[Any]) -> None:
    payload = encode_direct([envelope.raw for envelope in envelopes], bare=True)
    assert decode_direct(payload, list_accepted=True, bare_accepted=True) == envelopes


def test_bare_envelope_is_refused_where_the_dialect_sends_lists_only() -> None:
    payload = encode_direct([ONE.raw], bare=False)
    assert decode_direct(payload, list_accepted=True, bare_accepted=False) == [ONE]
    with pytest.raises(RemoteProtocolError):
        decode_direct(ONE.raw, list_accepted=True, bare_accepted=False)


def test_list_is_refused_where_the_dialect_has_none() -> None:
    assert decode_direct(ONE.raw, list_accepted=False, bare_accepted=True) == [ONE]
    with pytest.raises(RemoteProtocolError):
        decode_direct(rlp.encode_list((ONE.raw,)), list_accepted=False, bare_accepted=True)


def test_plain_request_survives_its_packet() -> None:
    assert decode_plain_request(encode_plain_request(REQUEST)) == REQUEST


@pytest.mark.parametrize(
    "change",
    [{"request_id": bytes(31)}, {"from_unix_s": 201}, {"limit": 1001}, {"bloom": b""}],
)
def test_senseless_plain_request_is_not_sent(change: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError):
        encode_plain_request(replace(REQUEST, **change))


@pytest.mark.parametrize("count", [5, 7])
def test_plain_request_has_six_items(count: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_plain_request(rlp.encode([1] * count))


def test_request_is_an_envelope_or_a_plain_list() -> None:
    check_direct_request(ONE.raw, plain_items=0)
    check_direct_request(encode_plain_request(REQUEST), plain_items=6)
    with pytest.raises(RemoteProtocolError):
        check_direct_request(encode_plain_request(REQUEST), plain_items=0)
    with pytest.raises(RemoteProtocolError):
        check_direct_request(b"\x01", plain_items=6)


@pytest.mark.parametrize(
    "completion",
    [
        Completion(b"\x01" * 32),
        Completion(b"\x01" * 32, b"\x02" * 32),
        Completion(b"\x01" * 32, b"\x02" * 32, b"\x03" * 36),
        Completion(b"\x01" * 32, error="rate limit exceeded"),
        Completion(b"\x01" * 32, error=""),
    ],
)
def test_completion_survives_its_packet(completion: Completion) -> None:
    payload = encode_request_complete(encode_completion_body(completion))
    assert decode_request_complete(payload) == completion


@pytest.mark.parametrize(
    "completion",
    [
        Completion(b"\x01" * 31),
        Completion(b"\x01" * 32, b"\x02" * 31),
        Completion(b"\x01" * 32, b"\x02" * 32, b"\x03" * 35),
    ],
)
def test_completion_with_a_wrong_length_is_not_sent(completion: Completion) -> None:
    with pytest.raises(LocalProtocolError):
        encode_completion_body(completion)


@pytest.mark.parametrize("length", [0, 31, 101, 500])
def test_completion_of_an_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_completion_body(bytes(length))


def test_parts_that_are_cut_off_count_as_missing() -> None:
    assert decode_completion_body(b"\x01" * 63) == Completion(b"\x01" * 32)
    assert decode_completion_body(b"\x01" * 99) == Completion(b"\x01" * 32, b"\x01" * 32)


def test_completion_in_a_list_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_request_complete(rlp.encode((bytes(32),)))


def test_words_of_a_server_are_cut() -> None:
    body = b"ERROR=" + bytes(32) + b"e" * 9999
    assert decode_completion_body(body).error == "e" * SERVER_TEXT_CHARS_MAX


@pytest.mark.parametrize("topics", [(), (b"abcd",), (b"abcd", b"efgh")])
def test_plain_request_with_topics_survives_its_packet(topics: tuple[bytes, ...]) -> None:
    named = replace(REQUEST, topics=topics)
    assert decode_plain_request(encode_plain_request(named)) == named


@pytest.mark.parametrize("change", [{"bloom": b""}, {"topics": ()}])
def test_plain_request_of_waku_has_a_bloom_or_topics(change: dict[str, Any]) -> None:
    named = replace(REQUEST, topics=(b"abcd",))
    changed = replace(named, **change)
    assert decode_plain_request(encode_plain_request(changed)) == changed
    with pytest.raises(LocalProtocolError):
        encode_plain_request(replace(named, bloom=b"", topics=()))


@pytest.mark.parametrize(
    "item", [b"abcd", (b"abc",), ((b"abcd",),), [b"abcd"] * (REQUEST_TOPICS_MAX + 1)]
)
def test_topics_of_a_plain_request_have_four_bytes_and_a_bound(item: rlp.Encodable) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_plain_request(rlp.encode((bytes(32), 1, 2, 3, b"", bytes(64), item)))


def test_plain_request_ends_with_its_packet() -> None:
    with pytest.raises(RemoteProtocolError, match="after its end"):
        decode_plain_request(encode_plain_request(REQUEST) + b"\x00")
