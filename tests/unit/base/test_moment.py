import pytest

from sottovoce.base.moment import Moment


@pytest.mark.parametrize(
    ("unix_s", "whole"),
    [(0.0, 0), (1_600_000_000.0, 1_600_000_000), (1_600_000_000.999, 1_600_000_000)],
)
def test_whole_seconds_are_rounded_down(unix_s: float, whole: int) -> None:
    assert Moment(monotonic_s=5.0, unix_s=unix_s).unix_whole_s == whole
