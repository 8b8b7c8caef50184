"""Our rule of what a request is answered with, computed from the stored envelopes alone.

It stands in for what the Go server sent where that contradicts the rule (`better_than_peer`), and
takes nothing from the mailserver and the archives under test.
"""

from collections.abc import Iterator
from typing import Any, Final

from sottovoce.codec import rlp
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import Envelope, decode_envelope
from vectors.text import unhex

CODE_ARCHIVED: Final = 127
CODE_COMPLETE: Final = 125

_LIMIT: Final = 1000
_CURSOR_BYTES: Final = 36


def stored_envelopes(document: dict[str, Any]) -> list[Envelope]:
    """Return the stored envelopes in the order of the archive: second sent, hash."""
    envelopes = [decode_envelope(unhex(entry["rlp"])) for entry in document["stored"]]
    return sorted(envelopes, key=_place)


def better_answer(document: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Say what is to be sent: of the topics, in the bounds, behind the cursor, up to the limit."""
    items = rlp.as_list(rlp.decode(unhex(entry["request_payload"])), "request")
    lower, upper, bloom, topics, limit, cursor, batch = items
    named = rlp.as_list(topics, "topics")
    after = rlp.as_bytes(cursor, "cursor")
    found = [
        envelope
        for envelope in stored_envelopes(document)
        if rlp.as_uint(lower, "lower") <= envelope.sent_unix_s
        and (not upper or envelope.sent_unix_s <= rlp.as_uint(upper, "upper"))
        and (len(after) != _CURSOR_BYTES or _place(envelope) > after)
        and (envelope.topic in named if named else _in_bloom(envelope, bloom))
    ]
    count = rlp.as_uint(limit, "limit") or _LIMIT
    page = found[:count]
    bytes_max = entry["max_message_size"] if batch else 0
    packets = [
        {
            "code": CODE_ARCHIVED,
            "envelope_hashes": ["0x" + envelope.hash.hex() for envelope in packet],
            "total_rlp_bytes": sum(len(envelope.raw) for envelope in packet),
        }
        for packet in _packets(page, bytes_max, limit_reached=len(page) == count)
    ]
    last = page[-1].hash if page else bytes(32)
    further = _place(page[-1]) if len(page) == count else b""
    body = entry["request_id"] + last.hex() + further.hex()
    return [*packets, {"code": CODE_COMPLETE, "body": body}]


def _packets(
    page: list[Envelope], bytes_max: int, *, limit_reached: bool
) -> Iterator[list[Envelope]]:
    rest = page[-1:] if limit_reached else []
    packet: list[Envelope] = []
    for envelope in page[: len(page) - len(rest)]:
        if packet and sum(len(each.raw) for each in [*packet, envelope]) >= bytes_max:
            yield packet
            packet = []
        packet.append(envelope)
    if packet:
        yield packet
    if rest:
        yield rest


def _place(envelope: Envelope) -> bytes:
    return envelope.sent_unix_s.to_bytes(4, "big") + envelope.hash


def _in_bloom(envelope: Envelope, bloom: Any) -> bool:
    bits = topic_bloom(envelope.topic)
    return bits & int.from_bytes(rlp.as_bytes(bloom, "bloom"), "big") == bits
