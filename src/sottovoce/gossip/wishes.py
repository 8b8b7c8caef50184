"""What a peer wants to receive: its requirement of work, its bloom or topics, its rate limits.

It owns these values and their packets. Whether an envelope is sent at all is decided elsewhere.
Bytes after the item of a packet are ignored, as the Go nodes ignore them.

Spec: EIP-627, "PoW Requirement" and "Bloom Filter"; status-go whisper/rate_limiter.go.
"""

import math
import struct
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import (
    BLOOM_BYTES,
    FULL_BLOOM,
    bloom_from_bytes,
    bloom_of_topics,
    bloom_to_bytes,
)

_FLOAT64: Final = struct.Struct(">d")
_FLOAT64_BITS: Final = struct.Struct(">Q")
_RATE_LIMIT_COUNT: Final = 3  # by address, by peer, by topic
LONGEST_RATE_LIMITS_BYTES: Final = 64  # three integers of 64 bits, with their headers, take 28

RateLimits = tuple[int, int, int]
NO_RATE_LIMITS: Final[RateLimits] = (0, 0, 0)


@dataclass(slots=True)
class Wishes:
    """A peer's wishes, as far as it told them; the defaults hold before it told any.

    Attributes:
        minimum_pow: It wants no envelope with less work.
        bloom: It wants matching envelopes only; None wants everything (a full node). With topics
            it is the bloom of these.
        topics: It wants these topics only, or None if it named none.
        announced_bloom: The bloom filter in its own bytes, empty if it announced an empty one, or
            topics.
        rate_limits: Packets per second that it announced.
        byte_limits: Bytes per second that it announced.
    """

    minimum_pow: float = 0.0
    bloom: int | None = None
    announced_bloom: bytes = field(default=bloom_to_bytes(FULL_BLOOM), repr=False)
    rate_limits: RateLimits = NO_RATE_LIMITS
    topics: frozenset[Topic] | None = field(default=None, repr=False)
    byte_limits: RateLimits = NO_RATE_LIMITS

    @property
    def is_full_node(self) -> bool:
        """Whether it takes envelopes of any topic."""
        return self.bloom is None

    def accept(self, pow: float, bloom: int) -> bool:
        """Tell whether the peer wants an envelope of this work and this bloom.

        If it named topics, envelopes of others may pass here, whose topics have to be compared.
        """
        return pow >= self.minimum_pow and (self.bloom is None or bloom & self.bloom == bloom)

    def set_minimum_pow(self, minimum_pow: float) -> bool:
        """Take a new requirement and tell whether more envelopes pass than before."""
        widened = minimum_pow < self.minimum_pow
        self.minimum_pow = minimum_pow
        return widened

    def set_bloom(self, announced: bytes) -> bool:
        """Take a new bloom of 64 bytes, or none, and tell whether more envelopes may pass.

        Raises:
            RemoteProtocolError: Another length.
        """
        new = parse_bloom(announced)
        widened = _is_wider(new, self.bloom) or self._drops_topics(new)
        self.bloom, self.topics, self.announced_bloom = new, None, announced
        return widened

    def _drops_topics(self, bloom: int | None) -> bool:
        """Whether a bloom lets more than the topics themselves pass."""
        return self.topics is not None and bool(bloom is None or bloom)

    def set_topics(self, topics: frozenset[Topic]) -> bool:
        """Take the topics of interest in place of a bloom; tell whether more may pass."""
        new = bloom_of_topics(topics)
        known = self.topics
        widened = _is_wider(new, self.bloom) if known is None else not topics <= known
        self.bloom, self.topics, self.announced_bloom = new, topics, b""
        return widened


def _is_wider(new: int | None, old: int | None) -> bool:
    """Tell whether a filter lets something pass that another does not."""
    return old is not None and (new is None or new & ~old != 0)


def parse_bloom(announced: bytes) -> int | None:
    """Read a bloom of 64 bytes or none; a full one and none both mean everything.

    Raises:
        RemoteProtocolError: Another length.
    """
    if not announced:
        return None
    bloom = bloom_from_bytes(announced)
    return None if bloom == FULL_BLOOM else bloom


def pow_to_bits(minimum_pow: float) -> int:
    """Return the IEEE 754 bits of a requirement as an integer."""
    (bits,) = _FLOAT64_BITS.unpack(_FLOAT64.pack(minimum_pow))
    return int(bits)


def pow_from_bits(bits: int) -> float:
    """Read a requirement of its IEEE 754 bits, 64 of them.

    Raises:
        RemoteProtocolError: It is infinite, no number, or negative.
    """
    (value,) = _FLOAT64.unpack(_FLOAT64_BITS.pack(bits))
    if not math.isfinite(value) or value < 0:
        raise RemoteProtocolError("a pow requirement is infinite, no number, or negative")
    return float(value)


def check_minimum_pow(minimum_pow: float) -> None:
    """Refuse what cannot be a requirement of our own.

    Raises:
        LocalProtocolError: It is infinite, no number, or negative.
    """
    if not math.isfinite(minimum_pow) or minimum_pow < 0:
        raise LocalProtocolError("a minimum of work is a finite number that is not negative")


def encode_pow_requirement(minimum_pow: float) -> bytes:
    """Encode the body of a requirement packet.

    Raises:
        LocalProtocolError: It is infinite, no number, or negative.
    """
    check_minimum_pow(minimum_pow)
    return rlp.encode_uint(pow_to_bits(minimum_pow))


def decode_pow_requirement(payload: bytes) -> float:
    """Decode the body of a requirement packet.

    Raises:
        RemoteProtocolError: It is no integer, or stands for no requirement.
    """
    return pow_from_bits(rlp.as_uint(rlp.decode_string(payload, "pow requirement"), "pow"))


def check_bloom(bloom: bytes) -> None:
    """Refuse what cannot be a bloom filter of our own.

    Raises:
        LocalProtocolError: It has not 64 bytes.
    """
    if len(bloom) != BLOOM_BYTES:
        raise LocalProtocolError(f"a bloom filter has {BLOOM_BYTES} bytes, not {len(bloom)}")


def encode_bloom_filter(bloom: bytes) -> bytes:
    """Encode the body of a bloom filter packet.

    Raises:
        LocalProtocolError: The bloom has not 64 bytes.
    """
    check_bloom(bloom)
    return rlp.encode(bloom)


def decode_bloom_filter(payload: bytes) -> bytes:
    """Decode the body of a bloom filter packet: exactly 64 bytes, for here none is no wish.

    Raises:
        RemoteProtocolError: It is anything else.
    """
    return rlp.decode_string(payload, "bloom filter", BLOOM_BYTES)


def encode_rate_limits(limits: RateLimits) -> bytes:
    """Encode the body of a rate limits packet: by address, by peer, by topic."""
    return rlp.encode(limits)


def decode_rate_limits(payload: bytes) -> RateLimits:
    """Decode the body of a rate limits packet.

    Raises:
        RemoteProtocolError: It is not a list of three integers.
    """
    _, _, end = rlp.read_header(payload, 0, len(payload))
    if end > LONGEST_RATE_LIMITS_BYTES:
        raise RemoteProtocolError("rate limits: there are more than three items")
    item, _ = rlp.decode_prefix(payload)
    return rate_limits_of(rlp.as_list(item, "rate limits"))


def rate_limits_of(items: list[rlp.RlpItem]) -> RateLimits:
    """Read rate limits of their decoded items.

    Raises:
        RemoteProtocolError: They are not three integers.
    """
    if len(items) != _RATE_LIMIT_COUNT:
        raise RemoteProtocolError("rate limits: expected three items")
    by_address, by_peer, by_topic = (rlp.as_uint(item, "rate limit") for item in items)
    return by_address, by_peer, by_topic
