"""Packets of Whisper as the nodes of status-go and go-ethereum send and receive them."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.gossip.dialect import Dialect, PacketKind
from sottovoce.gossip.direct_packets import (
    Completion,
    decode_completion_body,
    encode_completion_body,
    encode_request_complete,
)
from sottovoce.gossip.events import RequestCompleted
from sottovoce.gossip.keyring import key_pair_id
from sottovoce.gossip.registry import dialect_for
from sottovoce.gossip.whisper_v6 import GETH, STATUS_GO, WHISPER_V6
from sottovoce.gossip.wishes import decode_rate_limits, encode_rate_limits
from vectors.case import Case
from vectors.gossip_blocks import block_cases
from vectors.gossip_scene import PEER, Scene, packet_of
from vectors.text import unhex

_COMPLETE: Final = STATUS_GO.codes[PacketKind.REQUEST_COMPLETE]
_ERROR_PREFIX: Final = b"ERROR="


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield the cases of both nodes; each is checked against the dialect of its node."""
    assert dialect_for(WHISPER_V6) is STATUS_GO
    for block, dialect in (("status_go", STATUS_GO), ("geth", GETH)):
        section = document[block]
        yield from block_cases(block, section, dialect)
        for entry in section.get("request_complete_bodies", []):
            check = partial(_check_body, entry)
            yield Case(f"{block}.request_complete_bodies", entry["name"], check)
        for entry in section.get("deterministic_ids", []):
            name = entry["input"] or "empty"
            yield Case(f"{block}.deterministic_ids", name, partial(_check_key_id, entry))
        if "rate_limits_packet" in section:
            check = partial(_check_rate_limits, section["rate_limits_packet"], dialect)
            yield Case(f"{block}.rate_limits_packet", "packet", check)


def _check_body(entry: dict[str, Any]) -> None:
    body = unhex(entry["body"])
    packet = Packet(_COMPLETE, encode_request_complete(body))
    scene = Scene(STATUS_GO, now_s=0.0, trusted=True)
    scene.greet()
    outputs = scene.feed(packet)
    if entry["error"] is not None:
        with pytest.raises(RemoteProtocolError):
            decode_completion_body(body)
        assert not scene.connection_kept()
        return
    read = decode_completion_body(body)
    assert read == Completion(
        request_id=unhex(entry["request_id"]),
        last_envelope=unhex(entry["last_envelope_hash"]),
        cursor=unhex(entry["cursor"]),
        error=entry["server_error"],
    )
    assert outputs == [
        RequestCompleted(PEER, read.request_id, read.last_envelope, read.cursor, read.error)
    ]
    # A request id that spells the prefix cannot be told from a failure once it has a hash behind.
    if read.error is not None or not read.request_id.startswith(_ERROR_PREFIX):
        assert decode_completion_body(encode_completion_body(read)) == read


def _check_key_id(entry: dict[str, Any]) -> None:
    if entry["error"] is not None:
        with pytest.raises(LocalProtocolError):
            key_pair_id(entry["input"])
        return
    assert key_pair_id(entry["input"]) == entry["id"]


def _check_rate_limits(entry: dict[str, Any], dialect: Dialect) -> None:
    limits = (entry["ip"], entry["peer"], entry["topic"])
    packet = packet_of(entry)
    assert encode_rate_limits(limits) == packet.payload
    assert decode_rate_limits(packet.payload) == limits
    scene = Scene(dialect, now_s=0.0)
    scene.greet()
    scene.feed(packet)
    assert scene.connection_kept()
    assert scene.session.wishes.rate_limits == limits
