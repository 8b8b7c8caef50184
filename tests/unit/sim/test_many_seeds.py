"""Runs of many seeds."""

from sottovoce.sim.many_seeds import judge_each


def test_one_process_judges_in_order() -> None:
    assert list(judge_each(lambda seed: seed * 2, range(3), jobs=1)) == [0, 2, 4]


def test_several_processes_judge_all() -> None:
    assert sorted(judge_each(abs, range(-3, 0), jobs=2)) == [1, 2, 3]
