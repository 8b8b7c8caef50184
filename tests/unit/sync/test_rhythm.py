"""Epochs and moments."""

import pytest

from sottovoce.base.moment import Moment
from sottovoce.sync.rhythm import Rhythm


@pytest.mark.parametrize("start_s", [0.0, 0.1, 123_456.789, 1_590_000_000.123])
def test_deadline_of_an_epoch_lies_in_that_epoch(start_s: float) -> None:
    rhythm = Rhythm(Moment(start_s, 0.0), 5)
    for epoch in range(6, 3000):
        deadline_s = rhythm.deadline_s(epoch)
        assert rhythm.epoch(Moment(deadline_s, 0.0)) == epoch


def test_epoch_lasts_300_ms() -> None:
    rhythm = Rhythm(Moment(10.0, 0.0), 0)
    assert [rhythm.epoch(Moment(s, 0.0)) for s in (10.0, 10.29, 10.3, 10.89, 13.0)] == [
        0, 0, 1, 2, 10,
    ]  # fmt: skip


def test_time_that_goes_back_stands_still() -> None:
    rhythm = Rhythm(Moment(10.0, 0.0), 0)
    assert rhythm.epoch(Moment(13.0, 0.0)) == 10
    assert rhythm.epoch(Moment(2.0, 0.0)) == 10


def test_deadline_in_the_past_is_the_latest_moment() -> None:
    rhythm = Rhythm(Moment(10.0, 0.0), 0)
    rhythm.epoch(Moment(13.1, 0.0))
    assert rhythm.deadline_s(4) == 13.1
