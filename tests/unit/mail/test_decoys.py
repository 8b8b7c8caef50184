"""Filters with decoys."""

from sottovoce.base.quantities import topic
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.bloom import bloom_matches, topic_bloom
from sottovoce.mail.decoys import Decoys
from sottovoce.mail.request import bloom_of
from sottovoce.sim.entropy import SeededEntropy
from unit.mail.history import OTHER, TOPIC


def bits(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def test_half_of_the_filter_is_set_and_topics_pass() -> None:
    filled = bits(Decoys(SeededEntropy("decoys")).bloom(frozenset({TOPIC})))
    assert 256 <= filled.bit_count() <= 258
    assert bloom_matches(filled, topic_bloom(TOPIC))


def test_decoys_stay_for_a_life() -> None:
    decoys = Decoys(SeededEntropy("decoys"))
    first = bits(decoys.bloom(frozenset({TOPIC})))
    more = bits(decoys.bloom(frozenset({TOPIC, OTHER})))
    assert more & first == first
    assert (more ^ first).bit_count() <= 3
    assert bits(decoys.bloom(frozenset({TOPIC}))) == more


def test_many_topics_need_no_decoys() -> None:
    topics = frozenset(topic(keccak256(bytes([n]))[:4]) for n in range(200))
    assert Decoys(SeededEntropy("decoys")).bloom(topics) == bloom_of(topics)
