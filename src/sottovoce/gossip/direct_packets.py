"""Packets between two peers that pass the pool: direct envelopes, requests for history, their end.

It owns the forms of codes 125, 126 and 127. Who may send them, and what a request means, is for
others to know; a request in an envelope stays sealed here.

Spec: EIP-627, "P2P Message" and "P2P Request"; status-go whisper/message.go and
whisper/mailserver.go (the answer is one byte string, docs/spec-deviations.md, "Request complete").
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import HASH_BYTES, TOPIC_BYTES
from sottovoce.codec import rlp
from sottovoce.gossip.envelope import (
    SECONDS_BITS,
    Envelope,
    decode_envelope,
    decode_envelopes,
)

REQUEST_ID_BYTES: Final = 32
CURSOR_BYTES: Final = 36  # time and hash of the last envelope that was sent
REQUEST_LIMIT_MAX: Final = 1000  # envelopes per request; servers refuse more
REQUEST_TOPICS_MAX: Final = 10_000  # as many as a node may be interested in
SERVER_TEXT_CHARS_MAX: Final = 500  # a server's words are for people; more is somebody's flood

_NO_ENVELOPE: Final = bytes(HASH_BYTES)  # what stands for the last envelope when none was found
_ERROR_PREFIX: Final = b"ERROR="
_ERROR_BYTES_MIN: Final = len(_ERROR_PREFIX) + REQUEST_ID_BYTES
_ERROR_BYTES_READ: Final = _ERROR_BYTES_MIN + 4 * SERVER_TEXT_CHARS_MAX  # four a letter at most
_SUCCESS_BYTES_MAX: Final = REQUEST_ID_BYTES + HASH_BYTES + CURSOR_BYTES
_PLAIN_REQUEST_ITEMS: Final = 6
_PLAIN_REQUEST_ITEMS_WITH_TOPICS: Final = 7
_LIMIT_BITS: Final = 32


# ---- code 127


def encode_direct(raw_envelopes: Sequence[bytes], *, bare: bool) -> bytes:
    """Encode direct envelopes: as a list, but one alone where the dialect sends it bare."""
    if bare and len(raw_envelopes) == 1:
        return raw_envelopes[0]
    return rlp.encode_list(raw_envelopes)


def decode_direct(payload: bytes, *, list_accepted: bool, bare_accepted: bool) -> list[Envelope]:
    """Decode direct envelopes, bare or as a list, whichever the dialect has.

    Raises:
        RemoteProtocolError: It is neither, or what the dialect has not.
    """
    if list_accepted:
        try:
            return decode_envelopes(payload)
        except RemoteProtocolError:
            # It may still be one envelope; if not, that error is the one to tell.
            if not bare_accepted:
                raise
    return [decode_envelope(payload)]


# ---- code 126


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request for history that is not sealed in an envelope.

    Attributes:
        request_id: 32 bytes.
        from_unix_s: Lower bound of the time sent, included.
        to_unix_s: Upper bound, included.
        limit: How many envelopes at most.
        cursor: Where to go on, or empty.
        bloom: Which topics; 64 bytes.
        topics: The topics themselves, of four bytes each; None in the form that has none.
    """

    request_id: bytes
    from_unix_s: int
    to_unix_s: int
    limit: int
    cursor: bytes
    bloom: bytes = field(repr=False)
    topics: tuple[bytes, ...] | None = field(default=None, repr=False)


def encode_plain_request(request: PlainRequest) -> bytes:
    """Encode a plain request of our own.

    Raises:
        LocalProtocolError: The id has not 32 bytes, the bounds are the wrong way round, the limit
            is above 1000, the bloom and the topics are missing, or a time or the limit is negative.
    """
    if len(request.request_id) != REQUEST_ID_BYTES:
        raise LocalProtocolError(f"a request id has {REQUEST_ID_BYTES} bytes")
    if request.from_unix_s > request.to_unix_s:
        raise LocalProtocolError("a request's lower bound is above its upper bound")
    if request.limit > REQUEST_LIMIT_MAX:
        raise LocalProtocolError(f"a request is for at most {REQUEST_LIMIT_MAX} envelopes")
    if not request.bloom and not request.topics:
        raise LocalProtocolError("a request has a bloom filter, or topics where it may have them")
    items: list[rlp.Encodable] = [
        request.request_id,
        request.from_unix_s,
        request.to_unix_s,
        request.limit,
        request.cursor,
        request.bloom,
    ]
    return rlp.encode(items if request.topics is None else [*items, request.topics])


def decode_plain_request(payload: bytes) -> PlainRequest:
    """Decode a plain request; whether its values make sense is for the server to judge.

    Raises:
        RemoteProtocolError: It is not a list of six or, with topics, seven items of the right
            types, a topic has not four bytes, or there are more than 10,000.
    """
    at, end = rlp.read_list(payload, 0, len(payload), "plain request")
    if end != len(payload):
        raise RemoteProtocolError("plain request: there are bytes after its end")
    request_id, at = rlp.read_string(payload, at, end, "request id")
    lower, at = rlp.read_string(payload, at, end, "lower bound")
    upper, at = rlp.read_string(payload, at, end, "upper bound")
    limit, at = rlp.read_string(payload, at, end, "limit")
    cursor, at = rlp.read_string(payload, at, end, "cursor")
    bloom, at = rlp.read_string(payload, at, end, "bloom filter")
    return PlainRequest(
        request_id=request_id,
        from_unix_s=rlp.as_uint(lower, "lower bound", SECONDS_BITS),
        to_unix_s=rlp.as_uint(upper, "upper bound", SECONDS_BITS),
        limit=rlp.as_uint(limit, "limit", _LIMIT_BITS),
        cursor=cursor,
        bloom=bloom,
        topics=_topics_of(payload, at, end) if at < end else None,
    )


def _topics_of(data: bytes, start: int, limit: int) -> tuple[bytes, ...]:
    at, end = rlp.read_list(data, start, limit, "topics")
    if end != limit:
        raise RemoteProtocolError("plain request: expected six or seven items")
    topics: list[bytes] = []
    while at < end:
        if len(topics) == REQUEST_TOPICS_MAX:
            raise RemoteProtocolError(f"plain request: more than {REQUEST_TOPICS_MAX} topics")
        topic, at = rlp.read_string(data, at, end, "topic")
        topics.append(rlp.as_bytes(topic, "topic", TOPIC_BYTES))
    return tuple(topics)


def check_direct_request(payload: bytes, *, plain_items: int) -> None:
    """Check that a request has one of its two forms.

    Args:
        payload: The packet's body.
        plain_items: How many items a plain request has in the peer's dialect; 0 if there is none.

    Raises:
        RemoteProtocolError: It is no envelope and, where that is allowed, no plain request.
    """
    try:
        decode_envelope(payload)
    except RemoteProtocolError:
        if not plain_items:
            raise
        request = decode_plain_request(payload)
        with_topics = plain_items == _PLAIN_REQUEST_ITEMS_WITH_TOPICS
        if (request.topics is not None) != with_topics:
            raise RemoteProtocolError(f"plain request: expected {plain_items} items") from None


# ---- code 125


@dataclass(frozen=True, slots=True)
class Completion:
    """How a request for history ended.

    Attributes:
        request_id: 32 bytes.
        last_envelope: Hash of the last envelope sent, 32 bytes, zeros if none was.
        cursor: 36 bytes, or empty when there is no more.
        error: The server's words if it failed, else None.
    """

    request_id: bytes
    last_envelope: bytes = _NO_ENVELOPE
    cursor: bytes = b""
    error: str | None = None


def encode_completion_body(completion: Completion) -> bytes:
    """Encode how a request ended, without the RLP around it.

    Raises:
        LocalProtocolError: A part has a wrong length.
    """
    if len(completion.request_id) != REQUEST_ID_BYTES:
        raise LocalProtocolError(f"a request id has {REQUEST_ID_BYTES} bytes")
    if completion.error is not None:
        return _ERROR_PREFIX + completion.request_id + completion.error.encode()
    if len(completion.last_envelope) != HASH_BYTES:
        raise LocalProtocolError(f"an envelope hash has {HASH_BYTES} bytes")
    if len(completion.cursor) not in (0, CURSOR_BYTES):
        raise LocalProtocolError(f"a cursor has {CURSOR_BYTES} bytes or none")
    return completion.request_id + completion.last_envelope + completion.cursor


def decode_completion_body(body: bytes) -> Completion:
    """Decode how a request ended.

    A request id that spells the error prefix would be misread; ids are hashes, so nobody minds.

    Raises:
        RemoteProtocolError: The body is too short or too long.
    """
    if body.startswith(_ERROR_PREFIX) and len(body) >= _ERROR_BYTES_MIN:
        text = body[_ERROR_BYTES_MIN:_ERROR_BYTES_READ].decode(errors="replace")
        return Completion(
            request_id=body[len(_ERROR_PREFIX) : _ERROR_BYTES_MIN],
            error=text[:SERVER_TEXT_CHARS_MAX],
        )
    if not REQUEST_ID_BYTES <= len(body) <= _SUCCESS_BYTES_MAX:
        raise RemoteProtocolError(f"request complete: a body of {len(body)} bytes")
    request_id, rest = body[:REQUEST_ID_BYTES], body[REQUEST_ID_BYTES:]
    last_envelope, cursor = rest[:HASH_BYTES], rest[HASH_BYTES:]
    return Completion(
        request_id=request_id,
        last_envelope=last_envelope if len(last_envelope) == HASH_BYTES else _NO_ENVELOPE,
        cursor=cursor if len(cursor) == CURSOR_BYTES else b"",
    )


def encode_request_complete(body: bytes) -> bytes:
    """Wrap a body into the packet: one byte string, in no list."""
    return rlp.encode(body)


def decode_request_complete(payload: bytes) -> Completion:
    """Decode the packet that ends a request.

    Raises:
        RemoteProtocolError: It is not one byte string, or its body is too short or too long.
    """
    return decode_completion_body(rlp.decode_string(payload, "request complete"))
