"""How much of other people's traffic a bloom filter lets pass, exactly.

The rate is that of a topic drawn at random, with the habit of the network's nodes that a later bit
of a topic replaces an earlier one in the same byte (docs/spec-deviations.md, "Bloom").
"""

from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.quantities import TOPIC_BYTES, Topic, topic
from sottovoce.gossip.bloom import BLOOM_BYTES, bloom_to_bytes, topic_bloom

_BITS_PER_BYTE: Final = 8


def false_positive_rate(bloom: int) -> float:
    """Return the probability that a random topic passes a filter.

    Each topic has three places of eight bits, drawn at random; the last one counts in any case,
    the others only where no later one fell on the same byte.
    """
    shares = [byte.bit_count() / _BITS_PER_BYTE for byte in bloom_to_bytes(bloom)]
    total = sum(shares)
    squares = sum(share * share for share in shares)
    cubes = sum(share**3 for share in shares)
    # Three different bytes: ordered triples without repetition, by inclusion and exclusion.
    apart = total**3 - 3 * total * squares + 2 * cubes
    # Two of the three in one byte, in any of three ways, and the remaining one in another byte.
    paired = 3 * (total * total - squares)
    return (apart + paired + total) / BLOOM_BYTES**3


def topics_up_to_rate(own: frozenset[Topic], rate: float, random: Random) -> frozenset[Topic]:
    """Return some topics with as many random ones that their filter passes a share of all others.

    Args:
        own: What has to be in it.
        rate: The wanted share; the result is the nearest that topics allow.
        random: Draws the other topics.
    """
    topics = set(own)
    bloom = 0
    for each in own:
        bloom |= topic_bloom(each)
    before = false_positive_rate(bloom)
    while before < rate:
        decoy = topic(random.randbytes(TOPIC_BYTES))
        wider = bloom | topic_bloom(decoy)
        after = false_positive_rate(wider)
        if after - rate > rate - before:
            break
        topics.add(decoy)
        bloom, before = wider, after
    return frozenset(topics)
