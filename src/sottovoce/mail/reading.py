"""Reading a request: its forms, and whether what it asks for makes sense.

How often a peer may ask is not its business. Texts of refusals are those of status-go where it has
one, because its clients know them; its servers in Whisper and in Waku differ in some. Only those
in Whisper know the old binary form.

Spec: status-go mailserver/mailserver.go (docs/spec-deviations.md, "Requests of mailservers").
"""

import struct
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import TOPIC_BYTES, PublicKey, Topic
from sottovoce.gossip.bloom import BLOOM_BYTES, FULL_BLOOM, bloom_from_bytes, bloom_to_bytes
from sottovoce.gossip.dialect import WAKU_WORLD, WHISPER_WORLD
from sottovoce.gossip.direct_packets import PlainRequest, decode_plain_request
from sottovoce.gossip.envelope import SECONDS_MAX, Envelope, decode_envelope
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.seal import OpenedMessage, open_envelope
from sottovoce.gossip.sync_packets import SyncRequest
from sottovoce.mail.archive import Selection
from sottovoce.mail.cursor import CURSOR_BYTES, Cursor, decode_cursor
from sottovoce.mail.request import REQUEST_LIMIT_MAX, HistoryRequest, decode_request
from sottovoce.mail.server_statistics import Refusal
from sottovoce.mail.settings import DAY_S, ServerSettings

# The ten thousand topics that a request may name take 50,000 bytes; the rest is for its wrapping.
REQUEST_BYTES_MAX: Final = 64 * 1024
BINARY_RANGE_S_MAX: Final = DAY_S  # status-go's, in the old binary form alone

_REQUEST_ID_BYTES: Final = 32
_OPEN_END_S: Final = 60  # status-go's: no upper bound means so many seconds from now
_BOUNDS: Final = struct.Struct(">II")
_LIMIT: Final = struct.Struct(">I")
_BINARY_BLOOM_END: Final = _BOUNDS.size + BLOOM_BYTES
_BINARY_LIMIT_END: Final = _BINARY_BLOOM_END + _LIMIT.size

Recognized: TypeAlias = Envelope | PlainRequest


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that can be answered.

    Attributes:
        selection: What the archive is asked for.
        batch: Whether envelopes may come many to a packet.
        finds_nothing: Whether its upper bound is the last second there is: status-go counts one
            further, comes to zero, and finds nothing.
    """

    selection: Selection
    batch: bool
    finds_nothing: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that cannot be answered; `detail` is for whoever asked."""

    reason: Refusal
    detail: str


@dataclass(frozen=True, slots=True)
class _Texts:
    """What the servers of one world say of a sealed request before they have read it."""

    low_pow: str
    unsigned: str


# In Whisper the old binary form is tried after every failure, and its error is the one told.
_TEXTS: Final = {
    WHISPER_WORLD: _Texts("PoW() is too low", "wrong signature of p2p request"),
    WAKU_WORLD: _Texts(
        "PoW too low", "check message signature failed: wrong signature of p2p request"
    ),
}

_NOT_ADMITTED: Final = Refused(
    Refusal.NOT_ADMITTED, "this mailserver has a password; seal the request with it"
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all forms of a request have; the attributes are those of `HistoryRequest`."""

    from_unix_s: int
    to_unix_s: int
    bloom: bytes = field(repr=False)
    limit: int
    cursor: bytes = field(default=b"", repr=False)
    topics: tuple[bytes, ...] = field(default=(), repr=False)
    batch: bool = True


def recognize(payload: bytes) -> Recognized | None:
    """Tell which of its forms a request (code 126) has; None if it has none of them."""
    try:
        return decode_envelope(payload)
    except RemoteProtocolError:
        pass
    try:
        return decode_plain_request(payload)
    except RemoteProtocolError:
        return None


def request_id(recognized: Recognized) -> bytes:
    """Return the 32 bytes by which whoever asked knows the answer."""
    if isinstance(recognized, Envelope):
        return recognized.hash
    return recognized.request_id[-_REQUEST_ID_BYTES:].rjust(_REQUEST_ID_BYTES, b"\x00")


def understand(
    recognized: Recognized,
    key: PublicKey,
    settings: ServerSettings,
    now: Moment,
    *,
    world: int = WHISPER_WORLD,
) -> Wanted | Refused:
    """Read a request to its end.

    Args:
        recognized: The request.
        key: Node key of the peer that sent it.
        settings: Keys and bounds of the mailserver.
        now: A missing upper bound is counted from here.
        world: Whose servers the peer takes us for.
    """
    if isinstance(recognized, PlainRequest):
        return _understand_plain(recognized, key, settings, now)
    if len(recognized.raw) > REQUEST_BYTES_MAX:
        detail = f"request is invalid: it has more than {REQUEST_BYTES_MAX} bytes"
        return Refused(Refusal.TOO_LARGE, detail)
    texts = _TEXTS[world]
    if envelope_pow(recognized) < settings.minimum_pow:
        return Refused(Refusal.LOW_POW, texts.low_pow)
    message = _open(recognized, settings)
    if message is None:
        return Refused(Refusal.NOT_OPENED, "failed to decrypt p2p request")
    if message.transport_sender is None:
        return Refused(Refusal.UNSIGNED, texts.unsigned)
    if world == WAKU_WORLD:
        sealed = _read_list_alone(message.payload, now)
    else:
        sealed = _read_list(message.payload) or _read_binary(message.payload, key)
    return sealed if isinstance(sealed, Refused) else _checked(sealed, settings, now)


def _understand_plain(
    request: PlainRequest, key: PublicKey, settings: ServerSettings, now: Moment
) -> Wanted | Refused:
    if not _may_ask(key, settings):
        return _NOT_ADMITTED
    asked = _Asked(
        request.from_unix_s,
        request.to_unix_s,
        request.bloom,
        request.limit,
        request.cursor,
        request.topics or (),
    )
    return _checked(asked, settings, now)


def understand_sync(
    request: SyncRequest, key: PublicKey, settings: ServerSettings, now: Moment
) -> Wanted | Refused:
    """Read another mailserver's request to its end; the arguments are those of `understand`."""
    if not _may_ask(key, settings):
        return _NOT_ADMITTED
    asked = _Asked(
        request.lower_unix_s, request.upper_unix_s, request.bloom, request.limit, request.cursor
    )
    return _checked(asked, settings, now)


def _may_ask(key: PublicKey, settings: ServerSettings) -> bool:
    """Tell whether a peer may ask in a form that proves no password."""
    return settings.is_public or key in settings.admitted


def _open(envelope: Envelope, settings: ServerSettings) -> OpenedMessage | None:
    for key in (settings.node_key, settings.password_key):
        if key is not None:
            # Its work is known to be enough, and nobody asks how much it was.
            message = open_envelope(envelope, key, pow=settings.minimum_pow)
            if message is not None:
                return message
    return None


def _read_list(payload: bytes) -> _Asked | None:
    """Read the list of seven items; None if it is none, or its bounds are the wrong way round."""
    try:
        request: HistoryRequest = decode_request(payload)
    except RemoteProtocolError:
        return None
    if 0 < request.to_unix_s < request.from_unix_s:
        return None
    return _asked(request)


def _read_list_alone(payload: bytes, now: Moment) -> _Asked | Refused:
    """Read the list of seven items, which is all that the servers in Waku know."""
    try:
        request = decode_request(payload)
    except RemoteProtocolError as error:
        return Refused(Refusal.INVALID, f"failed to decode data: {error}")
    if (request.to_unix_s or _open_end(now)) < request.from_unix_s:
        return Refused(Refusal.INVALID, "query range is invalid: lower > upper")
    return _asked(request)


def _asked(request: HistoryRequest) -> _Asked:
    return _Asked(
        request.from_unix_s,
        request.to_unix_s,
        request.bloom,
        request.limit,
        request.cursor,
        request.topics,
        request.batch,
    )


def _read_binary(payload: bytes, key: PublicKey) -> _Asked | Refused:
    """Read the form from before the list: bounds, and perhaps a filter and a limit.

    A cursor of this form has 40 bytes, which no server ever went by.
    """
    if len(payload) < _BOUNDS.size:
        return Refused(Refusal.INVALID, "Undersized p2p request")
    if _BOUNDS.size < len(payload) < _BINARY_BLOOM_END:
        return Refused(Refusal.INVALID, "Undersized bloom filter in p2p request")
    lower, upper = _BOUNDS.unpack_from(payload)
    if upper < lower:
        detail = f"query range is invalid: from > to ({lower} > {upper})"
        return Refused(Refusal.INVALID, detail)
    if upper - lower > BINARY_RANGE_S_MAX:
        return Refused(Refusal.INVALID, f"query range too big for peer {key.raw.hex()}")
    bloom = payload[_BOUNDS.size : _BINARY_BLOOM_END] or bloom_to_bytes(FULL_BLOOM)
    limit = 0
    if len(payload) >= _BINARY_LIMIT_END:
        (limit,) = _LIMIT.unpack_from(payload, _BINARY_BLOOM_END)
    return _Asked(lower, upper, bloom, limit, batch=False)


def _checked(asked: _Asked, settings: ServerSettings, now: Moment) -> Wanted | Refused:
    to_unix_s = asked.to_unix_s or _open_end(now)
    fault = _fault(asked, to_unix_s)
    if fault is not None:
        return Refused(Refusal.INVALID, f"request is invalid: {fault}")
    selection = Selection(
        from_unix_s=asked.from_unix_s,
        to_unix_s=to_unix_s,
        topics=frozenset(Topic(topic) for topic in asked.topics),
        bloom=bloom_from_bytes(asked.bloom),
        after=_place(asked.cursor),
        limit=asked.limit or REQUEST_LIMIT_MAX,
        bytes_max=settings.answer_bytes_max,
    )
    return Wanted(selection, asked.batch, finds_nothing=to_unix_s == SECONDS_MAX)


def _open_end(now: Moment) -> int:
    return now.unix_whole_s + _OPEN_END_S


def _fault(asked: _Asked, to_unix_s: int) -> str | None:
    if to_unix_s < asked.from_unix_s:
        return "query range is invalid: lower > upper"
    if not asked.bloom:
        return "bloom filter is empty"
    if asked.limit > REQUEST_LIMIT_MAX:
        return "limit exceeds the maximum allowed value"
    if len(asked.bloom) != BLOOM_BYTES:
        return f"bloom filter has {len(asked.bloom)} bytes, not {BLOOM_BYTES}"
    if any(len(topic) != TOPIC_BYTES for topic in asked.topics):
        return f"a topic has not {TOPIC_BYTES} bytes"
    return None


def _place(cursor: bytes) -> Cursor | None:
    """Read a cursor; servers go by none that has another length."""
    return decode_cursor(cursor) if len(cursor) == CURSOR_BYTES else None
