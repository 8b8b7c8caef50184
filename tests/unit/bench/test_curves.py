"""Curves: the file, the median of rounds, and how fast something grows."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.curves import Curve, Growth, Point, exponent, lines, middle, read

POINT = Point(10, 20.0, 400.0, 1.0, 2.0, 56.0, 6.0)


def curve(*figures: tuple[float, float]) -> tuple[Point, ...]:
    """Make points with these sizes and processor times."""
    return tuple(replace(POINT, size=size, cpu_bundled_us=cpu_us) for size, cpu_us in figures)


def test_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    growth = Growth({"cpu": "one"}, "quick", 1, (Curve("peers", "all", (POINT,)),))
    growth.write(tmp_path / "growth.json")
    assert read(tmp_path / "growth.json") == growth


def test_curves_are_found_by_family() -> None:
    peers, pool = Curve("peers", "all", (POINT,)), Curve("pool", "one peer", (POINT,))
    assert Growth({}, "quick", 1, (peers, pool)).of_family("pool") == [pool]


def test_median_is_taken_of_each_figure_alone() -> None:
    rounds = [
        replace(POINT, cpu_bundled_us=cpu_us, latency_p50_ms=latency_ms)
        for cpu_us, latency_ms in ((1.0, 9.0), (3.0, 5.0), (2.0, 7.0))
    ]
    assert middle(rounds) == replace(POINT, cpu_bundled_us=2.0, latency_p50_ms=7.0)


def test_memory_beside_the_pool_is_what_is_left() -> None:
    assert POINT.beside_pool_mb == 50.0


@pytest.mark.parametrize(
    ("figures", "power"),
    [
        (((1, 5.0), (10, 5.0), (100, 5.0)), 0.0),
        (((1, 5.0), (10, 5.0), (100, 50.0)), 1.0),
        (((1, 5.0), (10, 5.0), (100, 500.0)), 2.0),
        # Only the last decade counts, from its first point on.
        (((1, 700.0), (20, 3.0), (50, 999.0), (200, 30.0)), 1.0),
    ],
)
def test_growth_is_the_power_over_the_last_decade(
    figures: tuple[tuple[float, float], ...], power: float
) -> None:
    assert exponent(curve(*figures), "cpu_bundled_us") == pytest.approx(power)


@pytest.mark.parametrize(
    "figures", [((10, 5.0),), ((1, 5.0), (1000, 5.0)), ((0, 5.0), (10, 5.0)), ((1, 0.0), (10, 5.0))]
)
def test_too_few_points_say_nothing(figures: tuple[tuple[float, float], ...]) -> None:
    assert exponent(curve(*figures), "cpu_bundled_us") is None


def test_text_has_a_line_for_each_point_and_one_for_the_end() -> None:
    said = lines([Curve("peers", "all", curve((1, 5.0), (10, 50.0)))])
    assert said[0] == "peers: all"
    assert said[2].split()[:3] == ["10", "cpu_bundled_us", "50"]
    assert said[3].startswith("  exponents at the end: cpu_bundled_us 1.00, ")
