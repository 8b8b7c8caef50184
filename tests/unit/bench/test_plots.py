"""Pictures: the choice of axes and labels; drawing itself needs matplotlib, which no test has."""

import pytest

from bench.curves import Curve, Point
from bench.growth import workloads
from bench.plots import PARTS, is_logarithmic, tick_label, values_of

POINTS = (Point(1, 20.0, 400.0, 1.0, 2.0, 56.0, 6.0), Point(10, 30.0, 500.0, 3.0, 4.0, 60.0, 9.0))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 7.9], False), ([1.0, 8.0], True), ([0.0, 100.0], False), ([-1.0, 100.0], False)],
)
def test_axis_is_logarithmic_if_values_spread(values: list[float], expected: bool) -> None:
    assert is_logarithmic(values) is expected


def test_axis_follows_everything_that_is_shown_on_it() -> None:
    shown = [sorted(values_of([Curve("peers", "all", POINTS)], part)) for part in PARTS]
    assert shown == [[20.0, 30.0, 400.0, 500.0], [1.0, 2.0, 3.0, 4.0], [50.0, 51.0, 56.0, 60.0]]


@pytest.mark.parametrize(
    ("value", "label"),
    [(0.5, "0.5"), (20, "20"), (1_000, "1k"), (50_000, "50k"), (1_000_000, "1M"), (2.5e6, "2.5M")],
)
def test_label_has_few_letters(value: float, label: str) -> None:
    assert tick_label(value) == label


def test_every_curve_of_a_picture_has_a_colour() -> None:
    families: dict[str, set[str]] = {}
    for work in workloads(full=True):
        families.setdefault(work.family, set()).add(work.curve)
    assert max(len(curves) for curves in families.values()) <= 3
