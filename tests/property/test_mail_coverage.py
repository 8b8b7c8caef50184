"""Arithmetic of intervals does what sets of seconds do."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.mail.coverage import Intervals, bounded, joined, seconds, shared_by, within, without

_SECOND = st.integers(0, 40)
_PAIRS = st.lists(st.tuples(_SECOND, _SECOND), max_size=8)


def as_set(intervals: Intervals) -> set[int]:
    return {second for first, last in intervals for second in range(first, last + 1)}


def is_in_order(intervals: Intervals) -> bool:
    return all(first <= last for first, last in intervals) and all(
        before[1] + 1 < after[0] for before, after in pairwise(intervals)
    )


@given(_PAIRS)
def test_joined_has_the_same_seconds_in_order(pairs: list[tuple[int, int]]) -> None:
    intervals = joined(pairs)
    assert as_set(intervals) == as_set(tuple(pairs))
    assert is_in_order(intervals)
    assert seconds(intervals) == len(as_set(intervals))


@given(_PAIRS, _PAIRS, _SECOND, _SECOND)
def test_difference_and_section_are_those_of_sets(
    one: list[tuple[int, int]], other: list[tuple[int, int]], first: int, last: int
) -> None:
    left, right = joined(one), joined(other)
    rest = without(left, right)
    assert as_set(rest) == as_set(left) - as_set(right)
    assert is_in_order(rest)
    assert as_set(within(left, first, last)) == as_set(left) & set(range(first, last + 1))


@given(st.integers(1, 4), st.lists(_PAIRS, max_size=4))
def test_shared_seconds_are_those_that_so_many_have(
    count: int, each: list[list[tuple[int, int]]]
) -> None:
    depths = Counter(second for pairs in each for second in as_set(joined(pairs)))
    shared = shared_by(count, [joined(pairs) for pairs in each])
    assert as_set(shared) == {second for second, depth in depths.items() if depth >= count}
    assert is_in_order(shared)


@given(_PAIRS, st.integers(1, 4))
def test_bound_only_forgets(pairs: list[tuple[int, int]], count_max: int) -> None:
    intervals = joined(pairs)
    kept = bounded(intervals, count_max)
    assert set(kept) <= set(intervals)
    assert len(kept) == min(len(intervals), count_max)
