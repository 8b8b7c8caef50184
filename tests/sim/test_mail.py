"""Months of history: a few here, as many as one likes with ``make test-long``."""

import os
import subprocess
import sys
from collections import Counter
from typing import Final

import pytest

from sottovoce.sim.mail_faults import FAULTS
from sottovoce.sim.mail_people import run_mail_people
from sottovoce.sim.mail_storm import run_mail

SEEDS: Final = (1, 3)
# An hour of whole nodes takes seconds: one world for so many simulations that were asked for.
SIMULATIONS_A_WORLD: Final = 10
WORLDS: Final = int(os.environ.get("SOTTOVOCE_NETWORKS", "0")) // SIMULATIONS_A_WORLD


@pytest.mark.slow
def test_clients_of_an_honest_mailserver_miss_nothing_and_months_replay() -> None:
    faults: Counter[str] = Counter()
    trace_hash = ""
    for seed in SEEDS:
        outcome = run_mail(seed)
        trace_hash = outcome.trace_hash
        assert outcome.checked_count > 500
        assert outcome.fail_over_s <= 15.0
        faults.update(outcome.faults)
    # Which of the wrong clocks a client has is drawn; a few months do not have all of them.
    assert {kind for kind in FAULTS if not faults[kind]} <= {
        "clock back by an hour",
        "clock ahead by an hour",
        "year 1970",
        "year 2038",
        "year 2106",
    }
    assert f"trace {trace_hash}\n" in said_in_another_process(SEEDS[-1])


def said_in_another_process(seed: int) -> str:
    """Run a month where the order of sets and dictionaries differs from ours."""
    done = subprocess.run(
        [sys.executable, "-m", "sottovoce.sim", "--mail", "--seed", f"{seed}"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "hours"), [(1, 0.3), *((2 + n, 1.0) for n in range(WORLDS))])
def test_people_who_were_away_show_all_that_was_said_once(seed: int, hours: float) -> None:
    outcome = run_mail_people(seed, hours=hours)
    assert outcome.message_count > 30 * hours
    assert outcome.history_count > 0
    assert outcome.faults["absence"] > 0
