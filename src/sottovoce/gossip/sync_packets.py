"""Sync between mailservers: the request for an archive and the packets that answer it.

It owns the forms of codes 123 and 124. What is archived, and who may ask how often, is for others
to know. The answers carry no request id, so a server has one request open with a peer at a time.

Spec: status-go whisper/message.go (SyncMailRequest, SyncResponse); no specification has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.gossip.envelope import SECONDS_BITS, Envelope, decode_envelopes

SYNC_LIMIT_MAX: Final = 1000  # envelopes per request; servers refuse more
SYNC_TEXT_CHARS_MAX: Final = 500  # a server's words are for people; more is somebody's flood

_REQUEST_ITEMS: Final = 5
_RESPONSE_ITEMS: Final = 4
_LIMIT_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What a mailserver asks another one for.

    Attributes:
        lower_unix_s: Lower bound of the time sent, included.
        upper_unix_s: Upper bound, included.
        bloom: Which topics, 64 bytes or empty.
        limit: How many envelopes at most, 1 to 1000.
        cursor: Where to go on, or empty.
    """

    lower_unix_s: int
    upper_unix_s: int
    bloom: bytes = field(repr=False)
    limit: int
    cursor: bytes = b""


@dataclass(frozen=True, slots=True)
class SyncResponse:
    """One packet of an answer.

    Attributes:
        envelopes: Part of what was found.
        cursor: Where to go on; in the last packet only.
        final: Whether this is the last packet.
        error: The server's words if it failed, else empty.
    """

    envelopes: tuple[Envelope, ...] = ()
    cursor: bytes = b""
    final: bool = False
    error: str = ""


def _fault(request: SyncRequest) -> str | None:
    if request.limit < 1:
        return "a sync request is for at least one envelope"
    if request.limit > SYNC_LIMIT_MAX:
        return f"a sync request is for at most {SYNC_LIMIT_MAX} envelopes"
    if request.lower_unix_s > request.upper_unix_s:
        return "a sync request's lower bound is above its upper bound"
    return None


def encode_sync_request(request: SyncRequest) -> bytes:
    """Encode a request of our own.

    Raises:
        LocalProtocolError: The limit is not 1 to 1000, or the bounds are the wrong way round.
    """
    fault = _fault(request)
    if fault is not None:
        raise LocalProtocolError(fault)
    return rlp.encode(
        (request.lower_unix_s, request.upper_unix_s, request.bloom, request.limit, request.cursor)
    )


def decode_sync_request(payload: bytes) -> SyncRequest:
    """Decode a peer's request.

    Raises:
        RemoteProtocolError: It is not a list of five items of the right types, the limit is not 1
            to 1000, or the bounds are the wrong way round.
    """
    lower, upper, bloom, limit, cursor = _request_items(payload)
    request = SyncRequest(
        lower_unix_s=rlp.as_uint(lower, "lower bound", SECONDS_BITS),
        upper_unix_s=rlp.as_uint(upper, "upper bound", SECONDS_BITS),
        bloom=bloom,
        limit=rlp.as_uint(limit, "limit", _LIMIT_BITS),
        cursor=cursor,
    )
    fault = _fault(request)
    if fault is not None:
        raise RemoteProtocolError(fault)
    return request


def _request_items(payload: bytes) -> list[bytes]:
    """Read five items and not one more: a packet may have millions, and anybody may ask.

    Raises:
        RemoteProtocolError: They are fewer or more, or one is no string.
    """
    at, end = rlp.read_list(payload, 0, len(payload), "sync request")
    items: list[bytes] = []
    while at < end and len(items) < _REQUEST_ITEMS:
        item, at = rlp.read_string(payload, at, end, "sync request")
        items.append(item)
    if len(items) != _REQUEST_ITEMS or at != end:
        raise RemoteProtocolError("sync request: expected five items")
    return items


def encode_sync_response(response: SyncResponse) -> bytes:
    """Encode one packet of our answer."""
    raw = [envelope.raw for envelope in response.envelopes]
    return encode_archived_response(
        raw, response.cursor, final=response.final, error=response.error
    )


def encode_archived_response(
    raw_envelopes: Sequence[bytes], cursor: bytes, *, final: bool, error: str = ""
) -> bytes:
    """Encode one packet of our answer from envelopes that are at hand as bytes only."""
    return rlp.encode_list(
        (
            rlp.encode_list(raw_envelopes),
            rlp.encode(cursor),
            rlp.encode_uint(int(final)),
            rlp.encode(error.encode()),
        )
    )


def decode_sync_response(payload: bytes) -> SyncResponse:
    """Decode one packet of a peer's answer.

    Raises:
        RemoteProtocolError: It is not a list of four items of the right types.
    """
    spans = rlp.split_list(payload)
    if len(spans) != _RESPONSE_ITEMS:
        raise RemoteProtocolError("sync response: expected four items")
    envelopes, cursor, final, error = (payload[start:end] for start, end in spans)
    final_flag = rlp.as_uint(rlp.decode(final), "final flag")
    if final_flag > 1:
        raise RemoteProtocolError("sync response: a flag is neither 0 nor 1")
    text = rlp.as_bytes(rlp.decode(error), "sync error").decode(errors="replace")
    return SyncResponse(
        envelopes=tuple(decode_envelopes(envelopes)),
        cursor=rlp.as_bytes(rlp.decode(cursor), "cursor"),
        final=final_flag == 1,
        error=text[:SYNC_TEXT_CHARS_MAX],
    )
