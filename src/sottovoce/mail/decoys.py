"""The filter of a request that hides which topics are wanted among others that are not.

Half of its bits are set: by the topics, and by decoys drawn once in a life. One of eight topics
in the world passes it by chance. A topic that is added later sets at most three bits more, which
who compares two requests sees; one that is removed takes none away.

Spec: none; docs/reference/mailserver-privacy.md.
"""

from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.quantities import TOPIC_BYTES, Topic, topic
from sottovoce.gossip.bloom import BLOOM_BYTES, topic_bloom
from sottovoce.mail.request import bloom_of

_FILLED_BITS: Final = 8 * BLOOM_BYTES // 2


class Decoys:
    """Draws decoys at first need and keeps them."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy: Final = entropy
        self._bits = 0

    def bloom(self, topics: frozenset[Topic]) -> bytes:
        """Return the 64 bytes of a filter that lets topics and decoys pass."""
        self._bits |= int.from_bytes(bloom_of(topics), "big")
        while self._bits.bit_count() < _FILLED_BITS:
            self._bits |= topic_bloom(topic(self._entropy.take(TOPIC_BYTES)))
        return self._bits.to_bytes(BLOOM_BYTES, "big")
