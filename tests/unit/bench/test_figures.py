"""Figures: ratios, verdicts, and the table."""

from dataclasses import replace

import pytest

from bench.figures import Figure, table

TIME = Figure(3, "seal", "400 B", "CPU us", ours=20.0, peers={"wnode": 50.0, "statusd": 10.0})
RATE = Figure(1, "search", "64 B", "hashes/s", ours=300.0, higher_is_better=True)


def test_ratio_above_one_says_that_we_are_ahead() -> None:
    assert TIME.ratios == {"wnode": 2.5, "statusd": 0.5}
    assert replace(RATE, peers={"wnode": 200.0}).ratios == {"wnode": 1.5}


def test_nothing_is_divided_by_zero() -> None:
    assert replace(TIME, ours=0.0).ratios == {}
    assert replace(RATE, peers={"wnode": 0.0}).ratios == {}


def test_without_target_or_peer_there_is_no_verdict() -> None:
    assert TIME.is_met is None
    assert replace(TIME, peers={}, ratio_target=2.0).is_met is None


@pytest.mark.parametrize(("target", "is_met"), [(2.5, True), (2.6, False)])
def test_the_first_peer_decides_about_the_ratio(target: float, is_met: bool) -> None:
    assert replace(TIME, ratio_target=target).is_met is is_met


@pytest.mark.parametrize(("bound", "is_met"), [(20.0, True), (19.0, False)])
def test_bound_holds_without_a_peer(bound: float, is_met: bool) -> None:
    assert replace(TIME, peers={}, bound=bound).is_met is is_met


@pytest.mark.parametrize(("bound", "is_met"), [(300.0, True), (301.0, False)])
def test_bound_of_what_should_be_high_is_a_least(bound: float, is_met: bool) -> None:
    assert replace(RATE, bound=bound).is_met is is_met


def test_both_targets_have_to_be_met() -> None:
    assert replace(TIME, ratio_target=2.0, bound=19.0).is_met is False
    assert replace(TIME, ratio_target=2.0, bound=21.0).is_met is True


def test_json_has_ratios_and_verdict() -> None:
    values = replace(TIME, ratio_target=2.0).as_json()
    assert values["peers"] == {"wnode": 50.0, "statusd": 10.0}
    assert values["ratios"] == {"wnode": 2.5, "statusd": 0.5}
    assert values["is_met"] is True


def test_table_is_aligned_markdown_with_a_column_for_each_peer() -> None:
    lines = table([replace(TIME, ratio_target=2.0), replace(RATE, bound=1234.0)]).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[0][5:] == ["wnode", "statusd", "ratio", "target", "met"]
    assert cells[2] == [
        *("3", "seal", "400 B", "CPU us", "20"),
        *("50", "10", "2.50x / 0.50x", "2x", "yes"),
    ]
    assert cells[3] == ["1", "search", "64 B", "hashes/s", "300", "", "", "", ">= 1,234", "NO"]
    assert len({len(line) for line in lines}) == 1
