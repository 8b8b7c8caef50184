"""Packets given to a relay, and what the recorded node knew, answered and queued after each."""

from collections import Counter
from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.gossip.confirmations import decode_message_response
from sottovoce.gossip.dialect import Dialect, PacketKind
from sottovoce.gossip.direct_packets import decode_plain_request
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.events import (
    DirectRequestReceived,
    GossipOutput,
    PeerGreeted,
    SyncReceived,
    SyncRefused,
    SyncRequested,
)
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.sync_packets import SyncRequest
from vectors.gossip_scene import (
    PEER,
    Scene,
    check_peer,
    packet_of,
    text,
    time_after_all,
    topics_of,
)
from vectors.text import unhex

_KEPT: Final = "connection kept"
# Whisper's name of an event is misspelt.
_BATCH_EVENTS: Final = frozenset({"batch.acknowleged", "batch.acknowledged"})
_BATCH_EVENT: Final = "batch.acknowledged"


def check_status_received(entry: dict[str, Any], dialect: Dialect) -> None:
    """Take a status as the recorded node did, and hold the same of the peer."""
    settings = GossipSettings(light=entry.get("we_are_light", False))
    scene = Scene(dialect, now_s=0.0, settings=settings)
    scene.feed(packet_of(entry))
    accepted = entry["error"] is None
    assert scene.connection_kept() == accepted
    assert (PeerGreeted(PEER) in scene.outputs) == accepted
    assert scene.session.is_greeted == accepted
    if accepted:
        check_peer(scene.session, entry["peer_after"])


def check_packet_received(entry: dict[str, Any], dialect: Dialect) -> None:
    """Take one packet, and come to the state that the recorded node came to."""
    packet = packet_of(entry)
    scene = _scene_for(entry, dialect, packet)
    scene.greet()
    outputs = scene.feed(packet)
    refused = entry["result"] != _KEPT
    saw = entry.get("mailserver_saw")
    if saw is not None:
        _check_mail(scene, outputs, saw)
        if refused and saw.get("sync_requests"):
            # The mail server says no; its words travel.
            scene.handle(SyncRefused(PEER, entry["result"]))
    assert scene.connection_kept() == (not refused)
    assert scene.direct_queue_count() == entry["p2p_queue"]
    if "forward_queue" in entry:
        assert scene.statistics.offered == entry["forward_queue"]
    if "answers" in entry:
        _check_answers(scene, entry["answers"] or [])
    if "pool_after" in entry:
        _check_pool(scene, entry)
    if "events" in entry:
        assert _event_counts(scene) == _named_events(entry["events"] or [])
    if "peer_after" in entry:
        check_peer(scene.session, entry["peer_after"])


def _scene_for(entry: dict[str, Any], dialect: Dialect, packet: Packet) -> Scene:
    setup = entry.get("setup")
    if setup is None:
        now_s = float(entry.get("now", time_after_all(packet.payload)))
        return Scene(dialect, now_s=now_s, trusted=entry["trusted"])
    topics = wanted_topics(setup)
    settings = GossipSettings(
        interest=Interest.EVERYTHING if topics is None else Interest.TOPICS,
        minimum_pow=float(setup["min_pow"]),
        message_bytes_max=setup["max_message_size"],
        packet_bytes_max=setup["max_message_size"],
        light=setup["light"],
        confirmations=setup.get("confirmations", True),
        serves_mail=setup["mailserver"],
        own_delay_s_max=0.0,
    )
    return Scene(
        dialect,
        now_s=float(setup["now"]),
        settings=settings,
        trusted=setup["trusted"],
        bloom=unhex(setup.get("bloom", "0x")),
        topics=topics_of(topics or []),
    )


def wanted_topics(setup: dict[str, Any]) -> list[str] | None:
    """Return the topics that restrict a recorded node; those of one that goes by a bloom do not."""
    named: list[str] | None = setup.get("topic_interest")
    return None if setup.get("bloom_filter_mode", True) else named


def _check_answers(scene: Scene, expected: list[dict[str, Any]]) -> None:
    sent, response = scene.packets(), scene.dialect.codes[PacketKind.MESSAGE_RESPONSE]
    wanted = [packet_of(answer) for answer in expected]
    assert [packet.code for packet in sent] == [packet.code for packet in wanted]
    for ours, theirs in zip(sent, wanted, strict=True):
        if ours.code != response:
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
    if "peer_knows_after" in entry:
        assert known == (entry["peer_knows_after"] or [])
    if "pooled_and_known_by_peer" in entry:
        assert len(known) == entry["pooled_and_known_by_peer"]


def _named_events(names: list[str]) -> Counter[str]:
    return Counter(_BATCH_EVENT if name in _BATCH_EVENTS else name for name in names)


def _event_counts(scene: Scene) -> Counter[str]:
    finished = sum(
        isinstance(output, SyncReceived) and (output.final or bool(output.error))
        for output in scene.outputs
    )
    archived = len(scene.archived()) if scene.statistics.envelopes_pooled else 0
    return +Counter(
        {
            "envelope.received": scene.statistics.envelopes_received,
            _BATCH_EVENT: scene.statistics.confirmations_received,
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
    if "sync_requests" not in saw:
        saw = {**saw, "sync_requests": None}  # Waku has none
    sync = [_sync_fields(part.request) for part in outputs if isinstance(part, SyncRequested)]
    assert scene.archived() == (saw["archived"] or [])
    assert envelopes == (saw["envelope_requests"] or [])
    assert plain == (saw["plain_requests"] or [])
    assert sync == (saw["sync_requests"] or [])


def _plain_fields(payload: bytes) -> dict[str, Any]:
    request = decode_plain_request(payload)
    topics = {} if request.topics is None else {"topics": [text(part) for part in request.topics]}
    return topics | {
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
