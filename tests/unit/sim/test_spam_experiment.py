from functools import cache

from sottovoce.sim.spam_experiment import Limits, SpamLine, SpamResult, SpamSettings, run_spam

NONE, FEW = Limits("none"), Limits("few", (0, 0, 2))
OUT = Limits("out", (0, 0, 2), tolerance=3)


@cache
def attack(pow_target: float, limits: Limits) -> SpamLine:
    [line] = run_once(pow_target, limits).lines
    return line


def run_once(pow_target: float, limits: Limits) -> SpamResult:
    settings = SpamSettings(
        hashes_per_s=100_000.0,
        pow_targets=(pow_target,),
        limits=(limits,),
        attack_s=1.0,
        line_bytes_per_s=60_000.0,
    )
    return run_spam(settings, lambda _done, _what: None)


def test_flood_with_enough_work_arrives_at_both_victims() -> None:
    flood = attack(0.002, NONE)
    assert flood.delivered == flood.sent > 100
    assert flood.victim_envelopes_per_s == flood.bloom_envelopes_per_s > 50
    assert flood.honest_share == flood.other_share == 1
    assert flood.connections_ended == 0
    assert flood.bytes_per_delivered is not None
    assert 500 < flood.bytes_per_delivered < 600


def test_little_work_gets_through_by_luck_only() -> None:
    assert attack(0.0001, NONE).delivered < attack(0.0001, NONE).sent / 4


def test_limit_of_a_topic_spares_the_victim() -> None:
    free, limited = attack(0.002, NONE), attack(0.002, FEW)
    assert limited.sent == free.sent
    assert limited.delivered < free.delivered / 4
    assert limited.connections_ended == 0
    assert limited.other_share == 1
    assert limited.pool_bytes < free.pool_bytes


def test_limit_makes_what_arrives_dearer() -> None:
    free, limited = attack(0.002, NONE), attack(0.002, FEW)
    assert free.cpu_s_per_delivered is not None
    assert limited.cpu_s_per_delivered is not None
    assert limited.cpu_s_per_delivered > 4 * free.cpu_s_per_delivered


def test_whoever_exceeds_limits_too_often_is_thrown_out() -> None:
    thrown_out = attack(0.002, OUT)
    assert thrown_out.connections_ended == 1
    assert thrown_out.sent < attack(0.002, FEW).sent


def test_equal_seeds_give_the_same() -> None:
    assert run_once(0.002, FEW).lines == (attack(0.002, FEW),)
