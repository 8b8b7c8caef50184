"""A request for history as it stands inside its envelope: a list of seven items.

Who may ask, and what becomes of it, is not its business.

Spec: status-go mailserver/request.go (docs/spec-deviations.md, "Mail request").
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import TOPIC_BYTES, Topic
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import BLOOM_BYTES, topic_bloom
from sottovoce.gossip.envelope import SECONDS_BITS, SECONDS_MAX
from sottovoce.mail.cursor import CURSOR_BYTES

REQUEST_LIMIT_MAX: Final = 1000  # envelopes of one page; every server refuses more
# A person has some hundred topics. The rest of the megabyte is for the envelope.
REQUEST_TOPICS_MAX: Final = 10_000

_ITEMS: Final = 7
_LIMIT_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """One page of history that is wanted.

    Attributes:
        from_unix_s: Lower bound of the second sent, included.
        to_unix_s: Upper bound, included; 0 stands for now.
        bloom: 64 bytes that the topics' bits are in; servers of status-go look at nothing else.
        topics: The topics by name; servers of ours give exactly these. Empty to go by the bloom.
        limit: How many envelopes at most, up to 1000; 0 stands for 1000.
        cursor: Where to go on, 36 bytes of the same server, or empty.
        batch: Whether envelopes may come many to a packet.
    """

    from_unix_s: int
    to_unix_s: int
    bloom: bytes = field(repr=False)
    topics: tuple[bytes, ...] = field(default=(), repr=False)
    limit: int = REQUEST_LIMIT_MAX
    cursor: bytes = field(default=b"", repr=False)
    batch: bool = True


def bloom_of(topics: frozenset[Topic]) -> bytes:
    """Return the 64 bytes that the bits of some topics are in."""
    bits = 0
    for topic in topics:
        bits |= topic_bloom(topic)
    return bits.to_bytes(BLOOM_BYTES, "big")


def encode_request(request: HistoryRequest) -> bytes:
    """Encode a request of our own.

    Raises:
        LocalProtocolError: A server would refuse it: the bounds are the wrong way round or no
            seconds, the limit is not 0 to 1000, or bloom, a topic or the cursor has a wrong length.
    """
    in_order = 0 <= request.from_unix_s <= (request.to_unix_s or SECONDS_MAX) <= SECONDS_MAX
    if not in_order:
        raise LocalProtocolError("the bounds of a request are seconds, the lower one first")
    if not 0 <= request.limit <= REQUEST_LIMIT_MAX:
        raise LocalProtocolError(f"a request is for at most {REQUEST_LIMIT_MAX} envelopes")
    if len(request.bloom) != BLOOM_BYTES or len(request.cursor) not in (0, CURSOR_BYTES):
        raise LocalProtocolError("the bloom filter or the cursor of a request has a wrong length")
    if any(len(topic) != TOPIC_BYTES for topic in request.topics):
        raise LocalProtocolError(f"a topic has {TOPIC_BYTES} bytes")
    return rlp.encode(
        (
            request.from_unix_s,
            request.to_unix_s,
            request.bloom,
            request.topics,
            request.limit,
            request.cursor,
            int(request.batch),
        )
    )


def decode_request(payload: bytes) -> HistoryRequest:
    """Decode a request; whether its values make sense is for the server to judge.

    Raises:
        RemoteProtocolError: It is not a list of seven items of the right types, or names too many
            topics.
    """
    items = rlp.as_list(rlp.decode(payload), "mail request")
    if len(items) != _ITEMS:
        raise RemoteProtocolError("mail request: expected seven items")
    lower, upper, bloom, topics, limit, cursor, batch = items
    named = rlp.as_list(topics, "topics")
    if len(named) > REQUEST_TOPICS_MAX:
        raise RemoteProtocolError(f"mail request: more than {REQUEST_TOPICS_MAX} topics")
    flag = rlp.as_uint(batch, "batch flag")
    if flag > 1:
        raise RemoteProtocolError("mail request: a flag is neither 0 nor 1")
    return HistoryRequest(
        from_unix_s=rlp.as_uint(lower, "lower bound", SECONDS_BITS),
        to_unix_s=rlp.as_uint(upper, "upper bound", SECONDS_BITS),
        bloom=rlp.as_bytes(bloom, "bloom filter"),
        topics=tuple(rlp.as_bytes(topic, "topic") for topic in named),
        limit=rlp.as_uint(limit, "limit", _LIMIT_BITS),
        cursor=rlp.as_bytes(cursor, "cursor"),
        batch=flag == 1,
    )
