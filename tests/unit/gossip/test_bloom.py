"""Blooms: the bits of a topic, the wire form, matching."""

from random import Random

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import (
    BLOOM_BYTES,
    FULL_BLOOM,
    bloom_from_bytes,
    bloom_matches,
    bloom_of_topics,
    bloom_to_bytes,
    topic_bloom,
    topics_within,
)


def bits_of(topic: bytes) -> set[int]:
    raw = bloom_to_bytes(topic_bloom(Topic(topic)))
    return {8 * place + bit for place in range(64) for bit in range(8) if raw[place] >> bit & 1}


def test_three_first_bytes_choose_three_bits() -> None:
    assert bits_of(b"\x00\x10\xff\x00") == {0, 16, 255}


def test_last_byte_moves_bits_into_the_upper_half() -> None:
    assert bits_of(b"\x00\x10\xff\x05") == {256, 16, 511}


def test_later_bit_overwrites_an_earlier_one_in_the_same_byte() -> None:
    assert bits_of(b"\x00\x01\x80\x00") == {1, 128}
    assert bits_of(b"\x02\x01\x00\x00") == {0}


def test_upper_five_bits_of_the_last_byte_mean_nothing() -> None:
    assert bits_of(b"\x01\x22\x43\xf8") == bits_of(b"\x01\x22\x43\x00")


def test_wire_form_has_64_bytes_and_survives() -> None:
    bloom = topic_bloom(Topic(b"\x00\x10\xff\x05"))
    assert len(bloom_to_bytes(bloom)) == BLOOM_BYTES
    assert bloom_from_bytes(bloom_to_bytes(bloom)) == bloom


def test_full_bloom_is_all_ones() -> None:
    assert bloom_to_bytes(FULL_BLOOM) == b"\xff" * 64


@pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
def test_bloom_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(RemoteProtocolError):
        bloom_from_bytes(bytes(size))


def test_absent_filter_and_full_filter_let_everything_pass() -> None:
    sample = topic_bloom(Topic(b"\x01\x22\x43\x00"))
    assert bloom_matches(None, sample)
    assert bloom_matches(FULL_BLOOM, sample)


def test_filter_lets_its_own_topics_pass_and_no_others() -> None:
    first, second = (topic_bloom(Topic(raw)) for raw in (b"\x01\x22\x43\x00", b"\x01\x22\x44\x00"))
    assert bloom_matches(first, first)
    assert not bloom_matches(first, second)
    assert bloom_matches(first | second, second)


def test_empty_filter_lets_no_topic_pass() -> None:
    assert not bloom_matches(0, topic_bloom(Topic(bytes(4))))


def test_many_topics_are_told_apart_as_one_is() -> None:
    random = Random(1)  # the same ones each time
    topics = [Topic(random.randbytes(4)) for _ in range(500)]
    for bloom in (0, FULL_BLOOM, topic_bloom(topics[7]), random.getrandbits(512)):
        is_within = topics_within(bloom)
        assert [is_within(topic) for topic in topics] == [
            bloom_matches(bloom, topic_bloom(topic)) for topic in topics
        ]


@pytest.mark.parametrize("count", [0, 1, 512, 2000])
def test_bloom_of_topics_joins_those_of_each(count: int) -> None:
    random = Random(count)
    topics = [Topic(random.randbytes(2) + bytes(2)) for _ in range(count)]
    joined = {bit for topic in topics for bit in bits_of(topic)}
    assert bloom_of_topics(topics) == sum(1 << (8 * (63 - bit // 8) + bit % 8) for bit in joined)
