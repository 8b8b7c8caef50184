"""Which seconds are open for which topics, found once for all topics that are alike.

A person with a thousand topics has them in a few rows, and an answer changes few of them: what was
found for a row stays until no topic is of that kind any more.
"""

from typing import Final, NamedTuple, TypeAlias

from sottovoce.base.quantities import Topic
from sottovoce.mail.coverage import Intervals, joined, shared_by, within, without

# What is told of a topic, to look it up by: numbers, and the identities of intervals.
Mark: TypeAlias = tuple[object, ...]
OpenRow: TypeAlias = tuple[list[Topic], tuple[Intervals, ...]]


class Facts(NamedTuple):
    """What is known of a topic; the tuples are in the order of the servers."""

    since: int
    goal: int
    settled: tuple[Intervals, ...]
    fresh: tuple[Intervals, ...]
    underway: tuple[Intervals, ...]


class _Row(NamedTuple):
    """What decides about a topic's open seconds; topics with equal rows share them."""

    since: int
    goal: int
    answered: tuple[Intervals, ...]
    underway: tuple[Intervals, ...]


class OpenRows:
    """Finds open seconds, and remembers them.

    Args:
        witnesses: How many servers each second is wanted of.
        joined_since: From which second on each server is asked for what others answered.
    """

    def __init__(self, witnesses: int, joined_since: tuple[int, ...]) -> None:
        self._witnesses: Final = witnesses
        self._joined_since: Final = joined_since
        # The facts are kept with their marks, so that no other intervals get the same identity.
        self._seen: dict[Mark, tuple[Facts, _Row]] = {}
        self._gaps: dict[_Row, tuple[Intervals, ...]] = {}

    def find(self, alike: dict[Mark, tuple[Facts, list[Topic]]]) -> list[OpenRow]:
        """Return topics with their open seconds at each server.

        Args:
            alike: All topics, by what is known of them.
        """
        seen: dict[Mark, tuple[Facts, _Row]] = {}
        rows: dict[_Row, list[Topic]] = {}
        for mark, (facts, topics) in alike.items():
            seen[mark] = self._seen.get(mark) or (facts, _row(facts))
            rows.setdefault(seen[mark][1], []).extend(topics)
        self._seen = seen
        self._gaps = {row: self._gaps.get(row) or self._open(row) for row in rows}
        return [(topics, self._gaps[row]) for row, topics in rows.items()]

    def _open(self, row: _Row) -> tuple[Intervals, ...]:
        return tuple(self._open_at(place, row) for place in range(len(self._joined_since)))

    def _open_at(self, place: int, row: _Row) -> Intervals:
        wanted = within(((row.since, row.goal),), row.since, row.goal)  # A goal may lie before.
        gaps = without(wanted, row.answered[place])
        others = [n for n in range(len(self._joined_since)) if n != place]
        if not gaps or not others:
            return gaps
        since = self._joined_since[place]
        if since > 0:
            by_any = shared_by(1, [row.answered[n] for n in others])
            gaps = without(gaps, within(by_any, 0, since - 1))
        if len(others) >= self._witnesses:
            told = [joined((*row.answered[n], *row.underway[n])) for n in others]
            gaps = without(gaps, shared_by(self._witnesses, told))
        return gaps


def _row(facts: Facts) -> _Row:
    answered = tuple(
        joined((*old, *young)) for old, young in zip(facts.settled, facts.fresh, strict=True)
    )
    return _Row(facts.since, facts.goal, answered, facts.underway)
