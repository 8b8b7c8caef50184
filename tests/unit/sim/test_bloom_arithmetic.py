"""The closed forms against figures that were drawn at random elsewhere."""

import pytest

from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_of_topics
from sottovoce.sim.bloom_arithmetic import expected_candidates, expected_fill, expected_share


@pytest.mark.parametrize(
    ("topics", "fill"),
    [(1, 0.006), (5, 0.028), (10, 0.057), (20, 0.108), (50, 0.250), (100, 0.440), (400, 0.907)],
)
def test_fill(topics: int, fill: float) -> None:
    assert expected_fill(topics) == pytest.approx(fill, abs=0.006)


@pytest.mark.parametrize(("topics", "share"), [(50, 0.0178), (100, 0.0891), (200, 0.33)])
def test_share_is_that_of_filters_whose_bits_replace_each_other(topics: int, share: float) -> None:
    assert expected_share(topics) == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize(("topics", "share"), [(5, 6.7e-5), (10, 3.2e-4), (20, 1.7e-3)])
def test_share_of_few_topics_is_more_than_three_bits_alone_would_let_pass(
    topics: int, share: float
) -> None:
    assert expected_share(topics) == pytest.approx(share, rel=0.2)
    assert expected_share(topics) > 1.2 * expected_fill(topics) ** 3


@pytest.mark.parametrize(("topics", "candidates"), [(5, 1), (20, 1), (50, 1), (100, 3), (200, 265)])
def test_candidates_for_one_more_topic_are_few_until_the_filter_is_full(
    topics: int, candidates: int
) -> None:
    expected = expected_candidates(topics, 100_000)
    assert round(expected) == pytest.approx(candidates, rel=0.05, abs=1)


def test_a_real_filter_is_as_full_as_expected() -> None:
    topics = [Topic((number * 2654435761 % 2**32).to_bytes(4, "big")) for number in range(100)]
    fill = bloom_of_topics(topics).bit_count() / FULL_BLOOM.bit_length()
    assert fill == pytest.approx(expected_fill(100), abs=0.05)
