"""Bloom filters over topics: 512 bits in which a node says what it wants to receive.

Inside this package a bloom is a Python integer, so that matching is two machine-speed operations;
on the wire it is 64 bytes. The module knows topics and bits, not who asks for what.

Spec: EIP-627, "bloom filter"; go-ethereum whisper/whisperv6/envelope.go, whose bits of one topic
overwrite each other within a byte (docs/spec-deviations.md, "Bloom").
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import Topic

BLOOM_BYTES: Final = 64
FULL_BLOOM: Final = (1 << (8 * BLOOM_BYTES)) - 1  # what a full node wants: everything

_BITS_PER_BYTE: Final = 8
_POSITIONS: Final = 3  # a topic sets at most this many bits, one for each of its first bytes
_SELECTOR: Final = 3  # the topic's last byte moves positions into the upper half
_UPPER_HALF: Final = 256

# A busy node sees some thousand topics. At about 250 bytes each this is 2 MB at most; a flood of
# new topics costs it the cache's gain and nothing more.
_CACHED_TOPICS_MAX: Final = 8192


@lru_cache(maxsize=_CACHED_TOPICS_MAX)
def topic_bloom(topic: Topic) -> int:
    """Return the bloom of one topic, between one and three bits.

    When two positions share a byte the later one replaces the earlier one instead of joining it.
    Every deployed node does so, and a node that sets all three bits would hold envelopes back
    that its peers asked for.
    """
    bloom = bytearray(BLOOM_BYTES)
    for position in range(_POSITIONS):
        bit = topic[position]
        if topic[_SELECTOR] >> position & 1:
            bit += _UPPER_HALF
        bloom[bit // _BITS_PER_BYTE] = 1 << bit % _BITS_PER_BYTE
    return int.from_bytes(bloom, "big")


def topics_within(bloom: int) -> Callable[[Topic], bool]:
    """Return what tells whether all bits of a topic are in a bloom: for thousands of topics.

    Of a topic that is not, mostly one bit is looked at: the last one, which nothing replaces.
    """
    has_bit = [
        bool(byte >> bit & 1) for byte in bloom_to_bytes(bloom) for bit in range(_BITS_PER_BYTE)
    ]
    last = _POSITIONS - 1

    def is_within(topic: Topic) -> bool:
        if not has_bit[topic[last] + (topic[_SELECTOR] >> last & 1) * _UPPER_HALF]:
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
