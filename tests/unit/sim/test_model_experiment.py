from fractions import Fraction

import pytest

from sottovoce.sim.model_experiment import ModelSettings, run_model
from sottovoce.sim.scaling_model import CASES, ModelParameters

# A network so small that no case takes longer than other tests: much talk for a short while.
MODEL = ModelParameters(messages_per_day=10_800, envelopes_per_message=2)
# Nobody is sent what they sent; among ten that is a tenth of what everybody gets.
OTHERS = Fraction(9, 10)


def quiet(_done: float, _what: str) -> None:
    pass


def test_formula_alone_measures_nothing() -> None:
    result = run_model(ModelSettings(simulated_users=None), quiet)
    assert [(line.case, line.users) for line in result.lines] == [
        (case, users) for case in CASES for users in (100, 10_000, 1_000_000)
    ]
    assert {line.simulated for line in result.lines} == {None}
    assert {line.error for line in result.lines} == {None}
    assert result.measured == ()


@pytest.mark.parametrize(
    ("case", "share", "tolerance"),
    [
        (1, 1, 0.0),
        (2, OTHERS, 0.0),
        (3, OTHERS, 0.03),
        (4, 1, 0.0),
        # Twenty topics and ten filters: which of them match is a matter of luck.
        (5, 1, 0.2),
        (6, 1, 0.2),
        (7, 1, 0.2),
        (8, 1, 0.0),
    ],
)
def test_nodes_receive_what_the_formula_says(case: int, share: Fraction, tolerance: float) -> None:
    settings = ModelSettings(
        users=(10, 20), simulated_users=10, simulated_s=40.0, cases=(case,), model=MODEL
    )
    result = run_model(settings, quiet)
    small, large = result.lines
    [measured] = result.measured
    assert large.simulated is None
    assert small.simulated == measured.bytes_per_day
    assert small.simulated == pytest.approx(share * small.bytes_per_day, rel=tolerance)
    assert measured.opened == measured.meant == 100


def test_equal_seeds_measure_the_same() -> None:
    settings = ModelSettings(
        users=(4,), simulated_users=4, simulated_s=40.0, cases=(7,), model=MODEL, seed=3
    )
    assert run_model(settings, quiet) == run_model(settings, quiet)


def test_progress_goes_from_start_to_end() -> None:
    settings = ModelSettings(
        users=(2,), simulated_users=2, simulated_s=10.0, cases=(1, 8), model=MODEL
    )
    told: list[tuple[float, str]] = []
    run_model(settings, lambda done, what: told.append((done, what)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert 0 <= told[0][0] < told[-1][0] < 1
    assert {what.partition(":")[0] for _, what in told} == {"case 1", "case 8"}
