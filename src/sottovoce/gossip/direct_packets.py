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
from sottovoce.base.quantities import HASH_BYTES
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
SERVER_TEXT_CHARS_MAX: Final = 500  # a server's words are for people; more is somebody's flood

_NO_ENVELOPE: Final = bytes(HASH_BYTES)  # what stands for the last envelope when none was found
_ERROR_PREFIX: Final = b"ERROR="
_ERROR_BYTES_MIN: Final = len(_ERROR_PREFIX) + REQUEST_ID_BYTES
_SUCCESS_BYTES_MAX: Final = REQUEST_ID_BYTES + HASH_BYTES + CURSOR_BYTES
_PLAIN_REQUEST_ITEMS: Final = 6
_LIMIT_BITS: Final = 32


# ---- code 127


def encode_direct(envelopes: Sequence[Envelope]) -> bytes:
    """Encode direct envelopes: one goes bare, every other number as a list."""
    return encode_archived([envelope.raw for envelope in envelopes])


def encode_archived(raw_envelopes: Sequence[bytes]) -> bytes:
    """Encode direct envelopes that are at hand as bytes only, in the same two forms."""
    if len(raw_envelopes) == 1:
        return raw_envelopes[0]
    return rlp.encode_list(raw_envelopes)


def decode_direct(payload: bytes, *, list_accepted: bool) -> list[Envelope]:
    """Decode direct envelopes, bare or, where the dialect has it, as a list.

    Raises:
        RemoteProtocolError: It is neither.
    """
    if list_accepted:
        try:
            return decode_envelopes(payload)
        except RemoteProtocolError:
            # It may still be one envelope; if not, that error is the one to tell.
            pass
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
    """

    request_id: bytes
    from_unix_s: int
    to_unix_s: int
    limit: int
    cursor: bytes
    bloom: bytes = field(repr=False)


def encode_plain_request(request: PlainRequest) -> bytes:
    """Encode a plain request of our own.

    Raises:
        LocalProtocolError: The id has not 32 bytes, the bounds are the wrong way round, the limit
            is above 1000, the bloom is missing, or a time or the limit is negative.
    """
    if len(request.request_id) != REQUEST_ID_BYTES:
        raise LocalProtocolError(f"a request id has {REQUEST_ID_BYTES} bytes")
    if request.from_unix_s > request.to_unix_s:
        raise LocalProtocolError("a request's lower bound is above its upper bound")
    if request.limit > REQUEST_LIMIT_MAX:
        raise LocalProtocolError(f"a request is for at most {REQUEST_LIMIT_MAX} envelopes")
    if not request.bloom:
        raise LocalProtocolError("a request has a bloom filter")
    return rlp.encode(
        (
            request.request_id,
            request.from_unix_s,
            request.to_unix_s,
            request.limit,
            request.cursor,
            request.bloom,
        )
    )


def decode_plain_request(payload: bytes) -> PlainRequest:
    """Decode a plain request; whether its values make sense is for the server to judge.

    Raises:
        RemoteProtocolError: It is not a list of six items of the right types.
    """
    items = rlp.as_list(rlp.decode(payload), "plain request")
    if len(items) != _PLAIN_REQUEST_ITEMS:
        raise RemoteProtocolError("plain request: expected six items")
    request_id, lower, upper, limit, cursor, bloom = items
    return PlainRequest(
        request_id=rlp.as_bytes(request_id, "request id"),
        from_unix_s=rlp.as_uint(lower, "lower bound", SECONDS_BITS),
        to_unix_s=rlp.as_uint(upper, "upper bound", SECONDS_BITS),
        limit=rlp.as_uint(limit, "limit", _LIMIT_BITS),
        cursor=rlp.as_bytes(cursor, "cursor"),
        bloom=rlp.as_bytes(bloom, "bloom filter"),
    )


def check_direct_request(payload: bytes, *, plain_accepted: bool) -> None:
    """Check that a request has one of its two forms.

    Raises:
        RemoteProtocolError: It is no envelope and, where that is allowed, no plain request.
    """
    try:
        decode_envelope(payload)
    except RemoteProtocolError:
        if not plain_accepted:
            raise
        decode_plain_request(payload)


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
        text = body[_ERROR_BYTES_MIN:].decode(errors="replace")
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
    item, _ = rlp.decode_prefix(payload)
    return decode_completion_body(rlp.as_bytes(item, "request complete"))
