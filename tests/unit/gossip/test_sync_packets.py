"""Sync packets: the request's bounds and the parts of an answer."""

import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.gossip.settings import PACKET_BYTES_MAX
from sottovoce.gossip.sync_packets import (
    SYNC_TEXT_CHARS_MAX,
    SyncRequest,
    SyncResponse,
    decode_sync_request,
    decode_sync_response,
    encode_sync_request,
    encode_sync_response,
)
from unit.gossip.network import make_envelope

REQUEST = SyncRequest(10, 20, b"\xff" * 64, 1000, b"\x01" * 36)


def test_request_survives_its_packet() -> None:
    assert decode_sync_request(encode_sync_request(REQUEST)) == REQUEST


@pytest.mark.parametrize("change", [{"limit": 0}, {"limit": 1001}, {"lower_unix_s": 21}])
def test_senseless_request_is_refused_on_both_sides(change: dict[str, Any]) -> None:
    request = replace(REQUEST, **change)
    with pytest.raises(LocalProtocolError):
        encode_sync_request(request)
    items = (request.lower_unix_s, request.upper_unix_s, b"", request.limit, b"")
    with pytest.raises(RemoteProtocolError):
        decode_sync_request(rlp.encode(items))


def test_request_as_large_as_a_packet_is_refused_at_its_sixth_item() -> None:
    payload = rlp.encode_list([rlp.encode(1) * (PACKET_BYTES_MAX // 4)])
    tracemalloc.start()
    with pytest.raises(RemoteProtocolError):
        decode_sync_request(payload)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < len(payload) // 100


@pytest.mark.parametrize("count", [4, 6])
def test_request_has_five_items(count: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_sync_request(rlp.encode([1] * count))


@pytest.mark.parametrize(
    "response",
    [
        SyncResponse(),
        SyncResponse(envelopes=(make_envelope(b"1"), make_envelope(b"2"))),
        SyncResponse(cursor=b"\x01" * 36, final=True),
        SyncResponse(error="requests per seconds limit exceeded"),
    ],
)
def test_response_survives_its_packet(response: SyncResponse) -> None:
    assert decode_sync_response(encode_sync_response(response)) == response


@pytest.mark.parametrize(
    "items",
    [
        ((), b"", 0),
        ((), b"", 0, b"", b""),
        (b"", b"", 0, b""),
        ((b"x",), b"", 0, b""),
        ((), (), 0, b""),
        ((), b"", 2, b""),
        ((), b"", 0, ()),
    ],
)
def test_malformed_response_is_refused(items: rlp.Encodable) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_sync_response(rlp.encode(items))


def test_words_of_a_server_are_cut() -> None:
    response = decode_sync_response(rlp.encode(((), b"", 0, b"e" * 9999)))
    assert response.error == "e" * SYNC_TEXT_CHARS_MAX
