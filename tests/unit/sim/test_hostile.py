"""The enemy: it greets, misbehaves in every way, and repeats itself with its seed."""

from sottovoce.base.moment import Moment
from sottovoce.node import inputs
from sottovoce.node.effects import PeerConnected
from sottovoce.sim.hostile import HostileNode
from sottovoce.sim.world import World


def attack(seed: int, seconds: float) -> tuple[World, HostileNode]:
    world = World(seed)
    victim = world.add_node()
    enemy = world.add_machine(lambda _: HostileNode(seed, 1, [victim.enode]))
    world.run_until(seconds)
    assert isinstance(enemy.node, HostileNode)
    return world, enemy.node


def test_every_kind_of_misdeed_happens() -> None:
    _, enemy = attack(1, 120.0)
    assert set(enemy.misdeeds) == set(enemy.kinds)


def test_misdeeds_repeat_with_the_seed() -> None:
    first, again, other = attack(5, 30.0), attack(5, 30.0), attack(6, 30.0)
    assert first[0].trace_hash == again[0].trace_hash
    assert first[1].misdeeds == again[1].misdeeds
    assert first[0].trace_hash != other[0].trace_hash


def test_victim_lets_the_enemy_in_and_goes_on_after_each_attack() -> None:
    world, _ = attack(2, 60.0)
    greetings = [fact for _, fact in world.nodes[0].facts if isinstance(fact, PeerConnected)]
    assert len(greetings) > 10


def test_enemy_that_is_shut_down_does_nothing_more() -> None:
    world, enemy = attack(3, 20.0)
    world.command(1, inputs.ShutDown())
    world.run_until(21.0)
    before = enemy.misdeeds.total()
    world.run_until(60.0)
    assert enemy.misdeeds.total() == before
    assert enemy.next_deadline() is None


def test_enemy_ignores_streams_that_it_does_not_know() -> None:
    enemy = HostileNode(1, 0, [World(1).add_node().enode])
    assert enemy.handle(inputs.StreamBytes(9, b"x"), Moment(0.0, 0.0)) == []
