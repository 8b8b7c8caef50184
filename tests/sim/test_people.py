"""The storm among people: a few seeds here, and many with ``make test-long``."""

import os
import subprocess
import sys

import pytest

from sottovoce.sim.people_storm import run_people


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 7])
def test_people_in_a_storm_lose_nothing_and_agree(seed: int) -> None:
    assert run_people(seed).message_count >= 200


@pytest.mark.slow
def test_storm_among_people_replays_in_another_process() -> None:
    """The order of sets and dictionaries of that process differs from ours."""
    done = subprocess.run(
        [sys.executable, "-m", "sottovoce.sim", "--people", "--seed", "2"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    outcome = run_people(2)
    assert outcome.message_count >= 200
    assert f"trace {outcome.trace_hash}\n" in done.stdout
