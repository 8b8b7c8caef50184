from random import Random

import pytest

from sottovoce.base.quantities import Topic, topic
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_of_topics, topic_bloom
from sottovoce.sim.bloom_rate import false_positive_rate, topics_up_to_rate


def random_topics(seed: int, count: int) -> frozenset[Topic]:
    random = Random(seed)
    return frozenset(topic(random.randbytes(4)) for _ in range(count))


def test_empty_filter_passes_nothing_and_full_one_everything() -> None:
    assert false_positive_rate(0) == 0
    assert false_positive_rate(FULL_BLOOM) == 1


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_rate_is_what_all_topics_of_a_small_part_give(count: int) -> None:
    """Compare with counting where it can be done: places of two bytes only, weighed."""
    bloom = bloom_of_topics(random_topics(count, count))
    passing = sum(topic_bloom.__wrapped__(each) & ~bloom == 0 for each in random_topics(9, 20_000))
    assert passing / 20_000 == pytest.approx(false_positive_rate(bloom), abs=0.001)


def test_rate_of_many_topics_is_the_measured_one() -> None:
    # The published Monte-Carlo of `assign_byte` for 100 topics; its error is 0.004.
    rates = [false_positive_rate(bloom_of_topics(random_topics(each, 100))) for each in range(60)]
    assert sum(rates) / len(rates) == pytest.approx(0.0891, abs=0.004)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_filter_is_filled_up_to_the_wanted_rate(rate: float) -> None:
    own = random_topics(1, 2)
    topics = topics_up_to_rate(own, rate, Random(2))
    assert topics > own
    assert false_positive_rate(bloom_of_topics(topics)) == pytest.approx(rate, rel=0.05)


def test_topics_that_pass_enough_already_stay_as_they_are() -> None:
    own = random_topics(1, 200)
    assert topics_up_to_rate(own, 0.1, Random(2)) == own
