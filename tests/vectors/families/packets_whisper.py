"""Packets of Whisper as the nodes of status-go and go-ethereum send and receive them."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.confirmations import decode_message_response
from sottovoce.gossip.dialect import Dialect, PacketKind
from sottovoce.gossip.direct_packets import (
    Completion,
    decode_completion_body,
    decode_plain_request,
    encode_completion_body,
    encode_request_complete,
)
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.events import (
    DirectRequestReceived,
    GossipOutput,
    PeerGreeted,
    RequestCompleted,
    SyncReceived,
    SyncRefused,
    SyncRequested,
)
from sottovoce.gossip.keyring import key_pair_id
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.registry import dialect_for
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.status import decode_status
from sottovoce.gossip.sync_packets import SyncRequest
from sottovoce.gossip.whisper_v6 import GETH, STATUS_GO, WHISPER_V6
from sottovoce.gossip.wishes import (
    decode_rate_limits,
    encode_rate_limits,
    pow_from_bits,
    pow_to_bits,
)
from vectors.case import Case
from vectors.text import unhex
from vectors.whisper_scene import (
    PEER,
    Scene,
    check_peer,
    packet_of,
    text,
    time_after_all,
)
from vectors.whisper_sending import check_sent

_KEPT: Final = "connection kept"
_RESPONSE: Final = STATUS_GO.codes[PacketKind.MESSAGE_RESPONSE]
_COMPLETE: Final = STATUS_GO.codes[PacketKind.REQUEST_COMPLETE]
_ERROR_PREFIX: Final = b"ERROR="


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield the cases of both nodes; each is checked against the dialect of its node."""
    for block, dialect in (("status_go", STATUS_GO), ("geth", GETH)):
        section = document[block]
        for entry in section.get("status_sent", []):
            yield _case(block, "status_sent", entry, partial(_check_status_sent, entry, dialect))
        for entry in section.get("status_received", []):
            check = partial(_check_status_received, entry, dialect)
            yield _case(block, "status_received", entry, check)
        for entry in section.get("packets_received", []):
            check = partial(_check_packet_received, entry, dialect)
            yield _case(block, "packets_received", entry, check)
        for entry in section.get("packets_sent", []):
            yield _case(block, "packets_sent", entry, partial(check_sent, entry, section))
        for entry in section.get("request_complete_bodies", []):
            yield _case(block, "request_complete_bodies", entry, partial(_check_body, entry))
        yield from _tables(block, section, dialect)


def _case(block: str, key: str, entry: dict[str, Any], check: Any) -> Case:
    return Case(f"{block}.{key}", entry["name"], check)


def _tables(block: str, section: dict[str, Any], dialect: Dialect) -> Iterator[Case]:
    for entry in section.get("deterministic_ids", []):
        name = entry["input"] or "empty"
        yield Case(f"{block}.deterministic_ids", name, partial(_check_key_id, entry))
    for label, entry in section.get("envelopes", {}).items():
        yield Case(f"{block}.envelopes", label, partial(_check_envelope, entry))
    if "error_codes" in section:
        check = partial(_check_error_codes, section["error_codes"], dialect)
        yield Case(f"{block}.error_codes", "numbers", check)
    if "rate_limits_packet" in section:
        check = partial(_check_rate_limits, section["rate_limits_packet"], dialect)
        yield Case(f"{block}.rate_limits_packet", "packet", check)


def _check_status_sent(entry: dict[str, Any], dialect: Dialect) -> None:
    minimum_pow = pow_from_bits(int(entry["min_pow"]["ieee754_bits"], 16))
    limits = tuple(entry.get("rate_limits", (0, 0, 0)))
    settings = GossipSettings(
        minimum_pow=minimum_pow,
        light=entry["light"],
        confirmations=entry.get("confirmations", True),
        rate_limits=(limits[0], limits[1], limits[2]),
        bloom=unhex(entry["bloom"]),
    )
    assert entry["error"] is None
    scene = Scene(dialect, now_s=0.0, settings=settings)
    assert scene.greeting == [packet_of(entry)]
    said = decode_status(scene.greeting[0].payload, dialect)
    assert pow_to_bits(said.minimum_pow) == pow_to_bits(minimum_pow)
    assert (said.bloom, said.light) == (unhex(entry["bloom"]), entry["light"])


def _check_status_received(entry: dict[str, Any], dialect: Dialect) -> None:
    settings = GossipSettings(light=entry.get("we_are_light", False))
    scene = Scene(dialect, now_s=0.0, settings=settings)
    scene.feed(packet_of(entry))
    accepted = entry["error"] is None
    assert scene.connection_kept() == accepted
    assert (PeerGreeted(PEER) in scene.outputs) == accepted
    assert scene.session.is_greeted == accepted
    if accepted:
        check_peer(scene.session, entry["peer_after"])


def _check_packet_received(entry: dict[str, Any], dialect: Dialect) -> None:
    packet = packet_of(entry)
    scene = _scene_for(entry, dialect, packet)
    scene.greet()
    outputs = scene.feed(packet)
    refused = entry["result"] != _KEPT
    saw = entry.get("mailserver_saw")
    if saw is not None:
        _check_mail(scene, outputs, saw)
        if refused and saw["sync_requests"]:
            # The mail server says no; its words travel.
            scene.handle(SyncRefused(PEER, entry["result"]))
    assert scene.connection_kept() == (not refused)
    assert scene.direct_queue_count() == entry["p2p_queue"]
    if "forward_queue" in entry:
        assert scene.statistics.offered == entry["forward_queue"]
    if "answers" in entry:
        _check_answers(scene.packets(), entry["answers"] or [])
    if "pool_after" in entry:
        _check_pool(scene, entry)
    if "events" in entry:
        assert _event_counts(scene) == Counter(entry["events"] or [])
    if "peer_after" in entry:
        check_peer(scene.session, entry["peer_after"])


def _scene_for(entry: dict[str, Any], dialect: Dialect, packet: Packet) -> Scene:
    setup = entry.get("setup")
    if setup is None:
        now_s = float(entry.get("now", time_after_all(packet.payload)))
        return Scene(dialect, now_s=now_s, trusted=entry["trusted"])
    settings = GossipSettings(
        minimum_pow=float(setup["min_pow"]),
        message_bytes_max=setup["max_message_size"],
        light=setup["light"],
        serves_mail=setup["mailserver"],
        own_delay_s_max=0.0,
    )
    return Scene(
        dialect,
        now_s=float(setup["now"]),
        settings=settings,
        trusted=setup["trusted"],
        bloom=unhex(setup["bloom"]),
    )


def _check_answers(sent: list[Packet], expected: list[dict[str, Any]]) -> None:
    wanted = [packet_of(answer) for answer in expected]
    assert [packet.code for packet in sent] == [packet.code for packet in wanted]
    for ours, theirs in zip(sent, wanted, strict=True):
        if ours.code != _RESPONSE:
            assert ours.payload == theirs.payload
            continue
        # The texts are for people; everything else is the protocol.
        assert _without_texts(ours.payload) == _without_texts(theirs.payload)


def _without_texts(payload: bytes) -> tuple[bytes, list[tuple[bytes, int]]]:
    response = decode_message_response(payload)
    assert response is not None
    return response.batch, [(refusal.hash, refusal.code) for refusal in response.refusals]


def _check_pool(scene: Scene, entry: dict[str, Any]) -> None:
    pooled = sorted(text(part.envelope.hash) for part in scene.relay.pool.entries())
    known = sorted(text(part) for part in scene.relay.pool.known_by(scene.session.bit))
    assert pooled == (entry["pool_after"] or [])
    assert known == (entry["peer_knows_after"] or [])


def _event_counts(scene: Scene) -> Counter[str]:
    finished = sum(
        isinstance(output, SyncReceived) and (output.final or bool(output.error))
        for output in scene.outputs
    )
    archived = len(scene.archived()) if scene.statistics.envelopes_pooled else 0
    return +Counter(
        {
            "envelope.received": scene.statistics.envelopes_received,
            "batch.acknowleged": scene.statistics.confirmations_received,
            "mailserver.envelope.archived": archived,
            "mailserver.sync.finished": finished,
        }
    )


def _check_mail(scene: Scene, outputs: list[GossipOutput], saw: dict[str, Any]) -> None:
    requests = [part.payload for part in outputs if isinstance(part, DirectRequestReceived)]
    envelopes, plain = [], []
    for payload in requests:
        try:
            envelopes.append(text(decode_envelope(payload).hash))
        except RemoteProtocolError:
            plain.append(_plain_fields(payload))
    sync = [_sync_fields(part.request) for part in outputs if isinstance(part, SyncRequested)]
    assert scene.archived() == (saw["archived"] or [])
    assert envelopes == (saw["envelope_requests"] or [])
    assert plain == (saw["plain_requests"] or [])
    assert sync == (saw["sync_requests"] or [])


def _plain_fields(payload: bytes) -> dict[str, Any]:
    request = decode_plain_request(payload)
    return {
        "id": text(request.request_id),
        "from": request.from_unix_s,
        "to": request.to_unix_s,
        "limit": request.limit,
        "cursor": text(request.cursor),
        "bloom": text(request.bloom),
    }


def _sync_fields(request: SyncRequest) -> dict[str, Any]:
    return {
        "lower": request.lower_unix_s,
        "upper": request.upper_unix_s,
        "bloom": text(request.bloom),
        "limit": request.limit,
        "cursor": text(request.cursor),
    }


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


def _check_envelope(entry: dict[str, Any]) -> None:
    envelope = decode_envelope(unhex(entry["rlp"]))
    assert text(envelope.hash) == entry["hash"]
    assert text(envelope.topic) == entry["topic"]
    assert pow_to_bits(envelope_pow(envelope)) == int(entry["pow"]["ieee754_bits"], 16)
    assert topic_bloom(envelope.topic) > 0


def _check_error_codes(entry: dict[str, Any], dialect: Dialect) -> None:
    assert dialect_for(WHISPER_V6) is dialect
    assert dialect.error_code_time == entry["time_not_synced"]
    assert dialect.error_code_other == entry["other"]
    assert dialect.error_code_sent == entry["code_given_to_an_ordinary_error"]


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
