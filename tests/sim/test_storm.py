"""The storm: a few seeds here (one more in `tests/unit`), and many with ``make test-long``."""

import os
import subprocess
import sys

import pytest

from sottovoce.sim.storm import run_storm


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_network_in_a_storm_keeps_its_promises(seed: int) -> None:
    outcome = run_storm(seed)
    assert outcome.seed == seed
    assert min(outcome.faults.values()) > 0


@pytest.mark.slow
def test_storm_replays_to_the_last_event_in_another_process() -> None:
    """The order of sets and dictionaries of that process differs from ours."""
    done = subprocess.run(
        [sys.executable, "-m", "sottovoce.sim", "--seed", "7"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    assert f"trace {run_storm(7).trace_hash}\n" in done.stdout
