"""The storm among people: twenty seeds here, as many as one likes with ``make test-long``."""

import os
import subprocess
import sys

import pytest

from sottovoce.sim.people_storm import run_people


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_people_in_a_storm_lose_nothing_and_agree(seed: int) -> None:
    assert run_people(seed).message_count >= 200


@pytest.mark.slow
def test_storm_among_people_replays_in_another_process() -> None:
    """The order of sets and dictionaries of that process differs from ours."""
    done = subprocess.run(
        [sys.executable, "-m", "sottovoce.sim", "--people", "--seed", "7"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    assert f"trace {run_people(7).trace_hash}\n" in done.stdout
