"""The storm: twenty seeds here, as many as one likes with ``make test-long``."""

import pytest

from sottovoce.sim.storm import run_storm


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_network_in_a_storm_keeps_its_promises(seed: int) -> None:
    outcome = run_storm(seed)
    assert outcome.seed == seed
    assert min(outcome.faults.values()) > 0


@pytest.mark.slow
def test_storm_replays_to_the_last_event() -> None:
    assert run_storm(7) == run_storm(7)
    assert run_storm(7).trace_hash != run_storm(8).trace_hash
