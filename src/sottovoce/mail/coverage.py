"""Arithmetic of intervals of whole seconds: what was answered, and what is still open.

Intervals are pairs of first and last second, the last one included; a tuple of them is in order and
no two touch. Everything here is pure.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]

NOTHING: Final[Intervals] = ()
# A month in pieces of half a day. Whoever has more forgets the shortest piece and asks for it once
# more; it is never the gap between two that is forgotten.
INTERVALS_MAX: Final = 64


def joined(intervals: Iterable[Interval]) -> Intervals:
    """Return intervals of any order and overlap as one tuple in order, those that touch as one."""
    result: list[Interval] = []
    for first, last in sorted(intervals):
        if first > last:
            continue
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return tuple(result)


def without(intervals: Intervals, taken: Intervals) -> Intervals:
    """Return the seconds that are in the one and not in the other."""
    result: list[Interval] = []
    for first, last in intervals:
        for taken_first, taken_last in taken:
            if taken_last < first:
                continue
            if taken_first > last:
                break
            if taken_first > first:
                result.append((first, taken_first - 1))
            first = taken_last + 1
        if first <= last:
            result.append((first, last))
    return tuple(result)


def within(intervals: Intervals, first: int, last: int) -> Intervals:
    """Return the seconds that are between two, both included."""
    return tuple(
        (max(first, begin), min(last, end))
        for begin, end in intervals
        if max(first, begin) <= min(last, end)
    )


def shared_by(count: int, each: Iterable[Intervals]) -> Intervals:
    """Return the seconds that at least `count` of several have."""
    steps = sorted(
        step
        for intervals in each
        for first, last in intervals
        for step in ((first, 1), (last + 1, -1))
    )
    result: list[Interval] = []
    depth, begun = 0, 0
    for second, change in steps:
        if depth < count <= depth + change:
            begun = second
        elif depth + change < count <= depth:
            result.append((begun, second - 1))
        depth += change
    return joined(result)


def bounded(intervals: Intervals, count_max: int = INTERVALS_MAX) -> Intervals:
    """Return the longest of the intervals, so that there are not too many."""
    excess = len(intervals) - count_max
    if excess <= 0:
        return intervals
    dropped = set(sorted(intervals, key=lambda interval: interval[1] - interval[0])[:excess])
    return tuple(interval for interval in intervals if interval not in dropped)


def seconds(intervals: Intervals) -> int:
    """Return how many seconds there are."""
    return sum(last - first + 1 for first, last in intervals)
