"""Light nodes in the networks of the published measurement, with a hundredth of its envelopes."""

from dataclasses import replace

import pytest

from sottovoce.sim.bloom_arithmetic import expected_share
from sottovoce.sim.light_experiment import (
    LightLine,
    LightResult,
    LightSettings,
    Load,
    run_light,
)
from sottovoce.sim.light_network import LIGHT_KINDS, Topology, full_names

COUNT = 100
SMALL = LightSettings(seed=3, count=COUNT)


@pytest.fixture(scope="module")
def told() -> list[tuple[float, str]]:
    return []


@pytest.fixture(scope="module")
def result(told: list[tuple[float, str]]) -> LightResult:
    return run_light(SMALL, lambda done, text: told.append((done, text)))


def lines(result: LightResult, node: str) -> list[LightLine]:
    """Return what a node received, in the star and in the mesh."""
    return [line for line in result.lines if line.node == node]


def test_topic_interest_brings_exactly_what_was_asked_for(result: LightResult) -> None:
    for line in lines(result, "topic-interest light node"):
        assert (line.peers, line.valid, line.useful, line.unwanted) == (2, 1, 1, 0)


@pytest.mark.parametrize("node", ["Whisper bloom light node", "bloom light node"])
def test_bloom_brings_exactly_what_its_bits_let_pass(result: LightResult, node: str) -> None:
    assert result.matching > 1
    for line in lines(result, node):
        assert (line.peers, line.valid, line.useful) == (2, result.matching, 1)
        assert line.unwanted == result.matching - 1


def test_second_peer_brings_light_nodes_everything_once_more(result: LightResult) -> None:
    for kind in LIGHT_KINDS:
        for line in lines(result, kind.name):
            assert line.duplicates == line.valid


@pytest.mark.parametrize("topology", Topology)
def test_full_nodes_take_everything_once(result: LightResult, topology: Topology) -> None:
    found = {line.node: line for line in result.lines if line.topology == topology.value}
    for name in full_names(topology):
        assert (found[name].valid, found[name].unwanted) == (COUNT + 1, 0)


def test_nodes_that_hang_on_the_middle_of_the_star_get_nothing_twice(result: LightResult) -> None:
    for number in range(2, 6):
        star, _ = lines(result, f"full node {number}")
        assert (star.peers, star.duplicates) == (1, 0)


def test_a_mesh_brings_full_nodes_much_more_than_once(result: LightResult) -> None:
    mesh = [line for line in result.lines if line.topology == "full_mesh"]
    assert sum(line.duplicates for line in mesh) > 5 * COUNT


def test_topic_interest_costs_a_few_hundred_bytes(result: LightResult) -> None:
    for line in lines(result, "topic-interest light node"):
        assert line.bytes < 1_000


def test_share_of_a_bloom_is_near_nine_percent_whatever_the_seed() -> None:
    shares = [Load(LightSettings(seed=seed, count=500)).matching / 501 for seed in range(30)]
    assert sum(shares) / len(shares) == pytest.approx(expected_share(100), abs=0.006)


def test_published_figures_stand_beside_ours(result: LightResult) -> None:
    star, mesh = lines(result, "bloom light node")
    assert (star.published_peers, star.published_valid, star.published_invalid) == (2, 815, 0)
    assert (mesh.published_peers, mesh.published_valid, mesh.published_invalid) == (2, 803, 803)
    [whisper, _] = lines(result, "Whisper bloom light node")
    assert whisper.published_valid is None
    assert sum(line.published_valid is not None for line in result.lines) == 16


@pytest.mark.slow
def test_equal_seeds_give_equal_figures_and_others_others(result: LightResult) -> None:
    assert run_light(SMALL, lambda *_: None) == result
    assert Load(replace(SMALL, seed=4)).topics != Load(SMALL).topics


def test_progress_is_told_up_to_the_end(result: LightResult, told: list[tuple[float, str]]) -> None:
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (1.0, "mesh")
