"""Many seeds: what they add up to, and what becomes of a bad one."""

import pytest

from sottovoce.sim import people_runs as module
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_runs import judge, run_seeds
from sottovoce.sim.people_storm import PeopleOutcome

BAD = "seed 2: it went wrong\n  replay: python -m sottovoce.sim --people --seed 2"


def fake(seed: int) -> PeopleOutcome:
    if seed == 2:
        raise ViolationError("seed 2: it went wrong")
    return PeopleOutcome(seed, "ab", 10, 200, 500, {"loss": seed}, {"MarkRead": 1})


def test_good_seeds_add_up_and_bad_ones_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_people", fake)
    told: list[PeopleOutcome | str] = []
    totals = run_seeds(range(1, 4), jobs=1, tell=told.append)
    assert told == [fake(1), BAD, fake(3)]
    assert (totals.seed_count, totals.message_count, totals.envelope_count) == (2, 400, 1000)
    assert totals.faults == {"loss": 4}
    assert totals.actions == {"MarkRead": 2}
    assert totals.violations == [BAD]


def test_bad_seed_is_judged_with_the_way_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_people", fake)
    assert judge(2) == BAD
    assert judge(1) == fake(1)
