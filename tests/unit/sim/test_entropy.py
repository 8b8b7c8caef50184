from sottovoce.base.entropy import uniform
from sottovoce.sim.entropy import SeededEntropy


def test_same_seed_gives_the_same_bytes() -> None:
    one, other = SeededEntropy("node", 1, 2), SeededEntropy("node", 1, 2)
    assert [one.take(9), one.take(32)] == [other.take(9), other.take(32)]


def test_each_part_of_the_seed_counts() -> None:
    seeds = [("node", 1, 2), ("node", 2, 1), ("people", 1, 2), ("node", 12), ("node", "1", 2)]
    assert len({SeededEntropy(*seed).take(16) for seed in seeds}) == len(seeds)


def test_draws_go_on_and_have_the_length_that_was_asked_for() -> None:
    entropy = SeededEntropy(1)
    draws = [entropy.take(size) for size in (0, 1, 32, 32)]
    assert [len(drawn) for drawn in draws] == [0, 1, 32, 32]
    assert draws[2] != draws[3]


def test_numbers_drawn_from_it_lie_in_their_range() -> None:
    entropy = SeededEntropy(1)
    drawn = [uniform(entropy, 0.3) for _ in range(200)]
    assert 0 <= min(drawn) < 0.05
    assert 0.25 < max(drawn) < 0.3
