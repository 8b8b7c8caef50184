"""Bloom filters over topics: 512 bits in which a node says what it wants to receive.

Inside this package a bloom is a Python integer, so that matching is two machine-speed operations;
on the wire it is 64 bytes. The module knows topics and bits, not who asks for what.

Spec: EIP-627, "bloom filter"; go-ethereum whisper/whisperv6/envelope.go, whose bits of one topic
overwrite each other within a byte (docs/spec-deviations.md, "Bloom").
"""

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import Topic

BLOOM_BYTES: Final = 64
FULL_BLOOM: Final = (1 << (8 * BLOOM_BYTES)) - 1  # what a full node wants: everything

_BITS_PER_BYTE: Final = 8
# A topic sets at most one bit for each of its first three bytes; one bit of its last byte for each
# of them moves it into the upper half.
_FIRST_IS_UPPER: Final = 1
_SECOND_IS_UPPER: Final = 2
_THIRD_IS_UPPER: Final = 4
_UPPER_HALF: Final = 256

# A busy node sees some thousand topics. At about 250 bytes each this is 2 MB at most; a flood of
# new topics costs it the cache's gain and nothing more.
_CACHED_TOPICS_MAX: Final = 8192


# More topics at once than these, which a hostile peer may announce, are kept out of the cache: it
# is there for the envelopes that pass.
_TOPICS_FOR_CACHE_MAX: Final = 512

# Each bit of the wire's 64 bytes in the integer that they are here.
_BITS: Final = tuple(
    1 << ((BLOOM_BYTES - 1 - bit // _BITS_PER_BYTE) * _BITS_PER_BYTE + bit % _BITS_PER_BYTE)
    for bit in range(_BITS_PER_BYTE * BLOOM_BYTES)
)


def _bloom_of(topic: Topic) -> int:
    first, second, third, selector = topic
    if selector & _FIRST_IS_UPPER:
        first += _UPPER_HALF
    if selector & _SECOND_IS_UPPER:
        second += _UPPER_HALF
    if selector & _THIRD_IS_UPPER:
        third += _UPPER_HALF
    bloom = _BITS[third]
    byte_of_third = third // _BITS_PER_BYTE
    byte_of_second = second // _BITS_PER_BYTE
    if byte_of_second != byte_of_third:
        bloom |= _BITS[second]
    if first // _BITS_PER_BYTE not in (byte_of_second, byte_of_third):
        bloom |= _BITS[first]
    return bloom


@lru_cache(maxsize=_CACHED_TOPICS_MAX)
def topic_bloom(topic: Topic) -> int:
    """Return the bloom of one topic, between one and three bits.

    When two positions share a byte the later one replaces the earlier one instead of joining it.
    Every deployed node does so, and a node that sets all three bits would hold envelopes back
    that its peers asked for.
    """
    return _bloom_of(topic)


def bloom_of_topics(topics: Collection[Topic]) -> int:
    """Return the union of the blooms of some topics."""
    one = topic_bloom if len(topics) <= _TOPICS_FOR_CACHE_MAX else _bloom_of
    bloom = 0
    for topic in topics:
        bloom |= one(topic)
    return bloom


def topics_within(bloom: int) -> Callable[[Topic], bool]:
    """Return what tells whether all bits of a topic are in a bloom: for thousands of topics.

    Of a topic that is not, mostly one bit is looked at: the last one, which nothing replaces.
    """
    has_bit = [
        bool(byte >> bit & 1) for byte in bloom_to_bytes(bloom) for bit in range(_BITS_PER_BYTE)
    ]

    def is_within(topic: Topic) -> bool:
        _, _, third, selector = topic
        if not has_bit[third + _UPPER_HALF if selector & _THIRD_IS_UPPER else third]:
            return False
        bits = topic_bloom(topic)
        return bits & bloom == bits

    return is_within


def bloom_to_bytes(bloom: int) -> bytes:
    """Return the 64 bytes that go over the wire."""
    return bloom.to_bytes(BLOOM_BYTES, "big")


def bloom_from_bytes(raw: bytes) -> int:
    """Read a bloom of 64 bytes.

    Raises:
        RemoteProtocolError: The length is not 64.
    """
    if len(raw) != BLOOM_BYTES:
        raise RemoteProtocolError(f"a bloom filter has {BLOOM_BYTES} bytes, not {len(raw)}")
    return int.from_bytes(raw, "big")


def bloom_matches(filter: int | None, sample: int) -> bool:
    """Tell whether the filter lets the sample pass; no filter lets everything pass."""
    return filter is None or sample & filter == sample
