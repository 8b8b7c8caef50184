"""Intervals of seconds."""

from sottovoce.mail.coverage import bounded, joined, seconds, shared_by, within, without


def test_intervals_that_touch_are_one() -> None:
    assert joined([(5, 6), (1, 2), (3, 4), (9, 9)]) == ((1, 6), (9, 9))


def test_interval_that_ends_before_it_begins_is_none() -> None:
    assert joined([(5, 4), (1, 2)]) == ((1, 2),)


def test_what_is_taken_out_splits_what_is_left() -> None:
    assert without(((1, 10), (20, 30)), ((3, 4), (9, 22))) == ((1, 2), (5, 8), (23, 30))
    assert without(((1, 10),), ((0, 11),)) == ()


def test_both_bounds_are_within() -> None:
    assert within(((1, 5), (7, 9)), 5, 7) == ((5, 5), (7, 7))
    assert within(((5, 3),), 0, 9) == ()


def test_seconds_are_shared_by_as_many_as_are_wanted() -> None:
    each = (((1, 10),), ((5, 15),), ((10, 20),))
    assert shared_by(1, each) == ((1, 20),)
    assert shared_by(2, each) == ((5, 15),)
    assert shared_by(3, each) == ((10, 10),)
    assert shared_by(4, each) == ()


def test_shortest_intervals_are_forgotten_and_no_second_is_added() -> None:
    assert bounded(((1, 2), (4, 4), (6, 9)), 2) == ((1, 2), (6, 9))
    assert bounded(((1, 2), (4, 4)), 2) == ((1, 2), (4, 4))


def test_seconds_are_counted_with_both_ends() -> None:
    assert seconds(((1, 1), (3, 4))) == 3
