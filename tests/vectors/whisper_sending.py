"""The packets that the Go code sends, made here by the relay or by the encoder of their form."""

import re
from dataclasses import replace
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import envelope_hash
from sottovoce.gossip.confirmations import (
    Refusal,
    batch_hash,
    decode_batch_acknowledged,
    decode_message_response,
    encode_batch_acknowledged,
    encode_message_response,
)
from sottovoce.gossip.direct_packets import (
    Completion,
    PlainRequest,
    decode_completion_body,
    decode_direct,
    decode_plain_request,
    encode_completion_body,
    encode_direct,
    encode_plain_request,
)
from sottovoce.gossip.envelope import Envelope, decode_envelope, decode_envelopes, encode_envelopes
from sottovoce.gossip.events import (
    BloomChanged,
    DirectPosted,
    DirectRequestAnswered,
    DirectRequestPosted,
    GossipEvent,
    MinimumPowChanged,
    SyncRequestPosted,
)
from sottovoce.gossip.settings import MESSAGE_BYTES_MAX
from sottovoce.gossip.sync_packets import (
    SyncRequest,
    SyncResponse,
    decode_sync_request,
    decode_sync_response,
    encode_sync_response,
)
from sottovoce.gossip.whisper_v6 import STATUS_GO
from sottovoce.gossip.wishes import pow_from_bits
from vectors.text import unhex
from vectors.whisper_scene import PEER, STATUS_GO_STATUS, Scene, packet_of


def check_sent(recorded: dict[str, Any], section: dict[str, Any]) -> None:
    """Make what was sent, or be refused as the Go code refused."""
    if recorded["packets"] is None:
        _check_refused(recorded, section)
        return
    expected = [packet_of(packet) for packet in recorded["packets"]]
    fields = recorded["fields"] or {}
    envelopes = [
        decode_envelope(unhex(section["envelopes"][label]["rlp"]))
        for label in fields.get("envelopes", ())
    ]
    make = {
        1: _envelopes,
        2: _pow_requirement,
        3: _bloom_filter,
        12: _confirmation,
        123: _sync_request,
        124: _sync_response,
        125: _request_complete,
        126: _request,
        127: _direct,
    }[expected[0].code]
    assert make(fields, envelopes) == expected
    _check_read_back(expected, envelopes)


def _sent_for(event: GossipEvent) -> list[Packet]:
    scene = Scene(STATUS_GO, now_s=0.0)
    scene.greet(STATUS_GO_STATUS)
    scene.handle(event)
    return scene.packets()


def _envelopes(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    payload = encode_envelopes(envelopes)
    assert batch_hash(payload) == unhex(fields["batch_hash"])
    return [Packet(1, payload)]


def _pow_requirement(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    minimum_pow = pow_from_bits(int(fields["pow"]["ieee754_bits"], 16))
    return _sent_for(MinimumPowChanged(minimum_pow))


def _bloom_filter(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    return _sent_for(BloomChanged(unhex(fields["bloom"])))


def _confirmation(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    batch = batch_hash(unhex(fields["confirmed_payload"]))
    refusals = [
        Refusal(envelope_hash(unhex(error["hash"])), error["code"], error["description"])
        for error in fields.get("errors") or ()
    ]
    response = encode_message_response(batch, refusals, MESSAGE_BYTES_MAX)
    decoded = decode_message_response(response)
    assert decoded is not None
    assert decoded.batch == batch
    assert list(decoded.refusals) == refusals
    return [Packet(12, response), Packet(11, encode_batch_acknowledged(batch))]


def _direct(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    if not envelopes:
        # The relay has no reason to send none; the form is Go's all the same.
        return [Packet(127, encode_direct([]))]
    return _sent_for(DirectPosted(PEER, tuple(envelopes)))


def _request(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    payload = envelopes[0].raw if envelopes else encode_plain_request(_plain_request(fields))
    return _sent_for(DirectRequestPosted(PEER, payload))


def _plain_request(fields: dict[str, Any]) -> PlainRequest:
    return PlainRequest(
        request_id=unhex(fields["id"]),
        from_unix_s=fields["from"],
        to_unix_s=fields["to"],
        limit=fields["limit"],
        cursor=unhex(fields["cursor"]),
        bloom=unhex(fields["bloom"]),
    )


def _request_complete(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    body = unhex(fields["body"])
    completion = decode_completion_body(body)
    assert completion.request_id == unhex(fields["request_id"])
    assert encode_completion_body(completion) == body
    if completion.error is None:
        _check_scene_parts(completion, fields)
    return _sent_for(DirectRequestAnswered(PEER, body))


def _check_scene_parts(completion: Completion, fields: dict[str, Any]) -> None:
    # The fields describe the scene; the body leaves out what there was none of.
    assert completion.cursor in (b"", unhex(fields["cursor"]))
    found_nothing = not any(completion.last_envelope)
    assert found_nothing or completion.last_envelope == unhex(fields["last_envelope_hash"])


def _sync_request(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    return _sent_for(SyncRequestPosted(PEER, _sync_request_of(fields)))


def _sync_request_of(fields: dict[str, Any]) -> SyncRequest:
    return SyncRequest(
        lower_unix_s=fields["lower"],
        upper_unix_s=fields["upper"],
        bloom=unhex(fields.get("bloom", "0x")),
        limit=fields["limit"],
        cursor=unhex(fields.get("cursor", "0x")),
    )


def _sync_response(fields: dict[str, Any], envelopes: list[Envelope]) -> list[Packet]:
    response = SyncResponse(
        envelopes=tuple(envelopes),
        cursor=unhex(fields["cursor"]),
        final=fields["final"],
        error=fields["error"],
    )
    payload = encode_sync_response(response)
    assert decode_sync_response(payload) == response
    return [Packet(124, payload)]


def _check_read_back(packets: list[Packet], envelopes: list[Envelope]) -> None:
    """Decode what the Go code sent."""
    for packet in packets:
        match packet.code:
            case 1:
                assert decode_envelopes(packet.payload) == envelopes
            case 11:
                decode_batch_acknowledged(packet.payload)
            case 123:
                decode_sync_request(packet.payload)
            case 126 if not envelopes:
                plain = decode_plain_request(packet.payload)
                assert encode_plain_request(plain) == packet.payload
            case 127:
                assert decode_direct(packet.payload, list_accepted=True) == envelopes
            case _:
                pass


def _check_refused(recorded: dict[str, Any], section: dict[str, Any]) -> None:
    fields = recorded["fields"]
    if fields is not None:
        with pytest.raises(LocalProtocolError):
            _sent_for(SyncRequestPosted(PEER, _sync_request_of(fields)))
        return
    plain = next(
        _plain_request(entry["fields"])
        for entry in section["packets_sent"]
        if entry["fields"] and {"id", "from", "to"} <= entry["fields"].keys()
    )
    with pytest.raises(LocalProtocolError):
        encode_plain_request(_changed(plain, recorded))


def _changed(request: PlainRequest, recorded: dict[str, Any]) -> PlainRequest:
    """Change the good request as the refusal's text and name say."""
    part = re.findall(r"'(\w+)'", recorded["error"])[0]
    number = [int(digits) for digits in re.findall(r"\d+", recorded["name"])]
    match part:
        case "ID":
            return replace(request, request_id=bytes(number[0]))
        case "From":
            return replace(request, from_unix_s=request.to_unix_s + 1)
        case "Limit":
            return replace(request, limit=number[0])
        case "Bloom":
            return replace(request, bloom=b"")
        case _:
            raise AssertionError(f"unknown part of a request: {part}")
