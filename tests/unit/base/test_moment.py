import pytest

from sottovoce.base.moment import Moment, earliest


@pytest.mark.parametrize(
    ("unix_s", "whole"),
    [(0.0, 0), (1_600_000_000.0, 1_600_000_000), (1_600_000_000.999, 1_600_000_000)],
)
def test_whole_seconds_are_rounded_down(unix_s: float, whole: int) -> None:
    assert Moment(monotonic_s=5.0, unix_s=unix_s).unix_whole_s == whole


def test_first_of_some_deadlines_is_found_if_there_is_any() -> None:
    assert earliest([None, 3.0, 2.0, None]) == 2.0
    assert earliest([0.0, 1.0]) == 0.0
    assert earliest([None, None]) is None
    assert earliest([]) is None
