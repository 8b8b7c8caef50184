"""Many months: what they add up to, and what becomes of a bad one."""

import pytest

from sottovoce.sim import mail_runs as module
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_runs import judge_month, run_months
from sottovoce.sim.mail_storm import MailOutcome

BAD = "seed 2: it went wrong\n  replay: python -m sottovoce.sim --mail --seed 2"


def fake(seed: int) -> MailOutcome:
    if seed == 2:
        raise ViolationError("seed 2: it went wrong")
    return MailOutcome(
        seed=seed,
        trace_hash="ab",
        event_count=10,
        envelope_count=100,
        shown_count=200,
        checked_count=300,
        request_count=50,
        needed_count=20,
        factor=1.0 + seed,
        fail_over_s=9.0 - seed,
        faults={"disk full": seed},
    )


def test_good_seeds_add_up_and_bad_ones_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_mail", fake)
    told: list[MailOutcome | str] = []
    totals = run_months(range(1, 4), jobs=1, tell=told.append)
    assert told == [fake(1), BAD, fake(3)]
    assert (totals.seed_count, totals.envelope_count, totals.shown_count) == (2, 200, 400)
    assert (totals.checked_count, totals.request_count, totals.needed_count) == (600, 100, 40)
    assert (totals.factor, totals.fail_over_s) == (4.0, 8.0)
    assert totals.faults == {"disk full": 4}
    assert totals.violations == [BAD]


def test_bad_month_is_judged_with_the_way_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_mail", fake)
    assert judge_month(2) == BAD
    assert judge_month(1) == fake(1)
