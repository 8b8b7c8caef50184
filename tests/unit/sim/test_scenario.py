import pytest

from sottovoce.sim import scenario
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.scenario import Outcome, run
from sottovoce.sim.world import World


def small(seed: int, *, loss: float = 0.05) -> Outcome:
    return run(seed, relay_count=3, person_count=2, loss=loss)


def test_same_seed_gives_the_same_trace() -> None:
    assert small(7) == small(7)


def test_other_seeds_give_other_traces() -> None:
    assert len({small(seed).trace_hash for seed in range(1, 5)}) == 4


@pytest.mark.parametrize("seed", range(20, 25))
def test_everybody_hears_every_message_although_segments_get_lost(seed: int) -> None:
    outcome = small(seed, loss=0.2)
    assert outcome.message_count >= 2
    assert outcome.node_count == 5
    assert outcome.loss_count > 0
    assert outcome.segment_count > outcome.loss_count


def test_network_without_loss_loses_nothing() -> None:
    assert small(1, loss=0.0).loss_count == 0


@pytest.mark.slow
def test_default_scenario_is_a_mesh_of_six_relays_and_three_people() -> None:
    assert run(1).node_count == 9


def test_message_that_somebody_did_not_hear_is_a_violation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scenario, "arrived", lambda *_: set())
    with pytest.raises(ViolationError, match=r"seed 7: node 3 did not hear \d of \d messages"):
        small(7)


def test_post_without_an_answer_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def talk(*_: object) -> int:
        return 1

    monkeypatch.setattr(scenario, "_talk", talk)
    with pytest.raises(ViolationError, match="seed 7: 1 posts had no answer"):
        small(7)


def test_refused_post_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario, "POW_TARGET", 0.0)
    with pytest.raises(ViolationError, match=r"seed 7: a post failed: .*low proof of work"):
        small(7)


def test_message_heard_twice_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(world: World) -> None:
        raise ViolationError(f"seed {world.seed}: twice")

    monkeypatch.setattr(scenario, "nothing_twice", twice)
    with pytest.raises(ViolationError, match="seed 7: twice"):
        small(7)
