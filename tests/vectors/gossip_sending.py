"""The packets that the Go code sends, made here by the relay or by the encoder of their form."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import envelope_hash
from sottovoce.codec import rlp
from sottovoce.gossip.confirmations import (
    Refusal,
    batch_hash,
    decode_batch_acknowledged,
    decode_message_response,
    encode_batch_acknowledged,
    encode_message_response,
)
from sottovoce.gossip.dialect import Dialect
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
    FilterInstalled,
    GossipEvent,
    MinimumPowChanged,
    ReceivingPaused,
    SyncRequestPosted,
    TimePassed,
)
from sottovoce.gossip.options import StatusOptions, decode_options, encode_options
from sottovoce.gossip.settings import MESSAGE_BYTES_MAX, GossipSettings, Interest
from sottovoce.gossip.status import decode_status
from sottovoce.gossip.sync_packets import (
    SyncRequest,
    SyncResponse,
    decode_sync_request,
    decode_sync_response,
    encode_sync_response,
)
from sottovoce.gossip.wishes import pow_from_bits, pow_to_bits
from vectors.gossip_scene import PEER, STATUS_GO_STATUSES, Scene, packet_of, topics_of, wanting
from vectors.text import unhex

_UPDATE: Final = 22


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a packet of the file was made of."""

    dialect: Dialect
    fields: dict[str, Any]
    envelopes: list[Envelope]

    def by_relay(self, *events: GossipEvent, interest: Interest = Interest.EVERYTHING) -> Any:
        """Return what the relay sends a peer for these events."""
        settings = GossipSettings(own_delay_s_max=0.0, interest=interest)
        scene = Scene(self.dialect, now_s=0.0, settings=settings)
        scene.greet(STATUS_GO_STATUSES[self.dialect.status_form])
        for event in events:
            scene.handle(event)
        return scene.packets()


def check_status_sent(entry: dict[str, Any], dialect: Dialect) -> None:
    """Greet as the recorded node did with the same settings."""
    minimum_pow = pow_from_bits(int(entry["min_pow"]["ieee754_bits"], 16))
    by_address, by_peer, by_topic = entry.get("rate_limits", (0, 0, 0))
    topics = entry.get("topic_interest_any_order")
    # One that goes by topics and has none set keeps its bloom to itself: we have no such state.
    goes_by_bloom = entry.get("bloom_filter_mode", True)
    settings = GossipSettings(
        interest=Interest.EVERYTHING if topics is None else Interest.TOPICS,
        minimum_pow=minimum_pow,
        light=entry["light"],
        confirmations=entry.get("confirmations", True),
        rate_limits=(by_address, by_peer, by_topic),
        bloom=unhex(entry.get("bloom", "0x")) if goes_by_bloom else b"",
    )
    assert entry["error"] is None
    scene = Scene(dialect, now_s=0.0, settings=settings, topics=topics_of(topics or []))
    assert list(map(in_order, scene.greeting)) == [in_order(packet_of(entry))]
    said = decode_status(scene.greeting[0].payload, dialect)
    assert said.minimum_pow is not None
    assert pow_to_bits(said.minimum_pow) == pow_to_bits(minimum_pow)
    assert (said.bloom or b"", said.light) == (settings.bloom, entry["light"])
    assert said.topics == (None if topics is None else set(topics_of(topics)))


def check_sent(recorded: dict[str, Any], section: dict[str, Any], dialect: Dialect) -> None:
    """Make what was sent, or be refused as the Go code refused."""
    fields = recorded["fields"] or {}
    if recorded["packets"] is None:
        _check_refused(recorded, section, _Sent(dialect, fields, []))
        return
    assert recorded["error"] is None
    expected = [packet_of(packet) for packet in recorded["packets"]]
    envelopes = [
        decode_envelope(unhex(section["envelopes"][label]["rlp"]))
        for label in fields.get("envelopes", ())
    ]
    made = _MAKERS[expected[0].code](_Sent(dialect, fields, envelopes))
    assert [in_order(packet) for packet in made] == [in_order(packet) for packet in expected]
    _check_read_back(expected, envelopes, dialect)


def in_order(packet: Packet) -> tuple[int, object]:
    """Return a packet with the topics of its options sorted, for Go takes them from a map."""
    if packet.code not in (0, _UPDATE):
        return packet.code, packet.payload
    items = rlp.as_list(rlp.decode(packet.payload), "packet")
    return packet.code, [_in_order(item) for item in items]


def _in_order(item: rlp.RlpItem) -> object:
    if not isinstance(item, list):
        return item
    match item:
        case [b"5" | b"\x05" as key, [*topics]]:
            return [key, sorted(map(bytes, topics))]  # type: ignore[arg-type]
        case _:
            return [_in_order(part) for part in item]


def _envelopes(sent: _Sent) -> list[Packet]:
    payload = encode_envelopes(sent.envelopes)
    assert batch_hash(payload) == unhex(sent.fields["batch_hash"])
    return [Packet(1, payload)]


def _pow_requirement(sent: _Sent) -> list[Packet]:
    minimum_pow = pow_from_bits(int(sent.fields["pow"]["ieee754_bits"], 16))
    return list(sent.by_relay(MinimumPowChanged(minimum_pow)))


def _bloom_filter(sent: _Sent) -> list[Packet]:
    return list(sent.by_relay(BloomChanged(unhex(sent.fields["bloom"]))))


def _status_update(sent: _Sent) -> list[Packet]:
    fields = sent.fields
    if "pow" in fields:
        return _pow_requirement(sent)
    if "bloom" in fields:
        return _bloom_filter(sent)
    if fields.get("topics"):
        installed = FilterInstalled(0, wanting(topics_of(fields["topics"])))
        return list(sent.by_relay(installed, TimePassed(), interest=Interest.TOPICS))
    if "topics" in fields:
        return list(sent.by_relay(ReceivingPaused(paused=True), interest=Interest.TOPICS))
    # The relay has no reason to tell nothing; the form is Go's all the same.
    return [Packet(_UPDATE, encode_options(sent.dialect, StatusOptions()))]


def _confirmation(sent: _Sent) -> list[Packet]:
    batch = batch_hash(unhex(sent.fields["confirmed_payload"]))
    refusals = [
        Refusal(envelope_hash(unhex(error["hash"])), error["code"], error["description"])
        for error in sent.fields.get("errors") or ()
    ]
    response = encode_message_response(batch, refusals, MESSAGE_BYTES_MAX)
    decoded = decode_message_response(response)
    assert decoded is not None
    assert decoded.batch == batch
    assert list(decoded.refusals) == refusals
    return [Packet(12, response), Packet(11, encode_batch_acknowledged(batch))]


def _direct(sent: _Sent) -> list[Packet]:
    if not sent.envelopes:
        # The relay has no reason to send none; the form is Go's all the same.
        return [Packet(127, encode_direct([], bare=sent.dialect.direct_bare_sent))]
    return list(sent.by_relay(DirectPosted(PEER, tuple(sent.envelopes))))


def _request(sent: _Sent) -> list[Packet]:
    payload = (
        sent.envelopes[0].raw
        if sent.envelopes
        else encode_plain_request(_plain_request(sent.fields))
    )
    return list(sent.by_relay(DirectRequestPosted(PEER, payload)))


def _plain_request(fields: dict[str, Any]) -> PlainRequest:
    return PlainRequest(
        request_id=unhex(fields["id"]),
        from_unix_s=fields["from"],
        to_unix_s=fields["to"],
        limit=fields["limit"],
        cursor=unhex(fields["cursor"]),
        bloom=unhex(fields["bloom"]),
        topics=topics_of(fields["topics"]) if "topics" in fields else None,
    )


def _request_complete(sent: _Sent) -> list[Packet]:
    body = unhex(sent.fields["body"])
    completion = decode_completion_body(body)
    assert completion.request_id == unhex(sent.fields["request_id"])
    assert encode_completion_body(completion) == body
    if completion.error is None:
        _check_scene_parts(completion, sent.fields)
    return list(sent.by_relay(DirectRequestAnswered(PEER, body)))


def _check_scene_parts(completion: Completion, fields: dict[str, Any]) -> None:
    # The fields describe the scene; the body leaves out what there was none of.
    assert completion.cursor in (b"", unhex(fields["cursor"]))
    found_nothing = not any(completion.last_envelope)
    assert found_nothing or completion.last_envelope == unhex(fields["last_envelope_hash"])


def _sync_request(sent: _Sent) -> list[Packet]:
    return list(sent.by_relay(SyncRequestPosted(PEER, _sync_request_of(sent.fields))))


def _sync_request_of(fields: dict[str, Any]) -> SyncRequest:
    return SyncRequest(
        lower_unix_s=fields["lower"],
        upper_unix_s=fields["upper"],
        bloom=unhex(fields.get("bloom", "0x")),
        limit=fields["limit"],
        cursor=unhex(fields.get("cursor", "0x")),
    )


def _sync_response(sent: _Sent) -> list[Packet]:
    response = SyncResponse(
        envelopes=tuple(sent.envelopes),
        cursor=unhex(sent.fields["cursor"]),
        final=sent.fields["final"],
        error=sent.fields["error"],
    )
    payload = encode_sync_response(response)
    assert decode_sync_response(payload) == response
    return [Packet(124, payload)]


_MAKERS: Final[Mapping[int, Callable[[_Sent], list[Packet]]]] = {
    1: _envelopes,
    2: _pow_requirement,
    3: _bloom_filter,
    12: _confirmation,
    _UPDATE: _status_update,
    123: _sync_request,
    124: _sync_response,
    125: _request_complete,
    126: _request,
    127: _direct,
}


def _check_read_back(packets: list[Packet], envelopes: list[Envelope], dialect: Dialect) -> None:
    """Decode what the Go code sent."""
    for packet in packets:
        match packet.code:
            case 1:
                assert decode_envelopes(packet.payload) == envelopes
            case 11:
                decode_batch_acknowledged(packet.payload)
            case 22:
                said = decode_options(packet.payload, dialect)
                assert in_order(Packet(22, encode_options(dialect, said))) == in_order(packet)
            case 123:
                decode_sync_request(packet.payload)
            case 126 if not envelopes:
                plain = decode_plain_request(packet.payload)
                assert encode_plain_request(plain) == packet.payload
            case 127:
                read = decode_direct(
                    packet.payload,
                    list_accepted=dialect.direct_list_accepted,
                    bare_accepted=dialect.direct_bare_accepted,
                )
                assert read == envelopes
            case _:
                pass


def _check_refused(recorded: dict[str, Any], section: dict[str, Any], sent: _Sent) -> None:
    if sent.fields:
        with pytest.raises(LocalProtocolError):
            _sync_request(sent)
        return
    check_plain_request(recorded, section)


def check_plain_request(recorded: dict[str, Any], section: dict[str, Any]) -> None:
    """Refuse to send, or send, the good plain request of the file changed as a name says."""
    plain = next(
        _plain_request(entry["fields"])
        for entry in section["packets_sent"]
        if entry["fields"] and {"id", "from", "to"} <= entry["fields"].keys()
    )
    changed = _changed(plain, recorded["name"])
    if recorded["error"] is None:
        assert decode_plain_request(encode_plain_request(changed)) == changed
        return
    with pytest.raises(LocalProtocolError):
        encode_plain_request(changed)


def _changed(request: PlainRequest, name: str) -> PlainRequest:
    number = [int(digits) for digits in re.findall(r"\d+", name)]
    if "id of" in name:
        return replace(request, request_id=bytes(number[0]))
    if "from after to" in name:
        return replace(request, from_unix_s=request.to_unix_s + 1)
    if "limit" in name:
        return replace(request, limit=number[0])
    changes: dict[str, Any] = {}
    if "no bloom" in name or "neither" in name:
        changes["bloom"] = b""
    if "no topics" in name or "neither" in name:
        changes["topics"] = ()
    assert changes, f"unknown change of a request: {name}"
    return replace(request, **changes)
