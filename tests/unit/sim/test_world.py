import pytest

from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node import inputs
from sottovoce.node.effects import (
    MessageArrived,
    PauseReading,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    PostFailed,
    PostSucceeded,
    ResumeReading,
)
from sottovoce.sim import world as module
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import World
from unit.node.pump import LISTEN, PORT, post


def told(world: World, node: int, kind: type) -> list[tuple[float, object]]:
    return [(at, fact) for at, fact in world.nodes[node].facts if isinstance(fact, kind)]


def pair(seed: int = 1, **quality: float) -> World:
    """Return a world in which node 0 dials node 1 and node 1 listens."""
    world = World(seed, LinkQuality(**quality))
    for _ in range(2):
        world.add_node()
    world.command(0, inputs.AddPeer(world.nodes[1].enode))
    world.command(1, inputs.InstallFilter(1, LISTEN))
    return world


def test_nothing_takes_less_than_its_time_of_flight() -> None:
    world = pair(delay_min_s=0.2, delay_max_s=0.2)
    world.run_until(10)
    [(connected_s, _)] = told(world, 0, PeerConnected)
    # There and back for the stream, for the handshake, and for the status.
    assert connected_s >= 6 * 0.2 - 1e-9
    world.command(0, post())
    world.run_until(20)
    [(heard_s, _)] = told(world, 1, MessageArrived)
    assert 10.2 <= heard_s < 10.2 + 0.3


def test_loss_delays_and_never_loses_bytes() -> None:
    calm, lossy = pair(loss=0.0), pair(loss=0.4)
    for world in (calm, lossy):
        for number in range(30):
            world.command_at(20 + number, 0, post(number, b"%d" % number))
        world.run_until(80)
        assert len(told(world, 1, MessageArrived)) == 30
        assert told(world, 0, PeerDisconnected) == []
    assert (calm.network.loss_count, lossy.network.loss_count > 0) == (0, True)


def test_equal_worlds_have_equal_traces_and_other_seeds_others() -> None:
    hashes = []
    for seed in (1, 1, 2):
        world = pair(seed)
        world.command_at(5, 0, post())
        world.run_until(30)
        hashes.append(world.trace_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_nobody_at_the_address_is_a_failed_dial() -> None:
    world = pair()
    world.command(1, inputs.AddPeer(Enode(world.nodes[0].node.public_key, "10.200.0.1", PORT)))
    world.nodes[1].facts.clear()
    world.run_until(0.5)
    [(_, fact)] = told(world, 1, PeerUnreachable)
    assert isinstance(fact, PeerUnreachable)
    assert fact.detail == "nobody is at 10.200.0.1"


def test_node_that_shuts_down_is_gone_for_its_peer_after_the_flight() -> None:
    world = pair(delay_min_s=0.1, delay_max_s=0.1)
    world.run_until(5)
    world.command(1, inputs.ShutDown())
    world.run_until(6)
    [(at, _)] = told(world, 0, PeerDisconnected)
    assert at == pytest.approx(5.1)


def test_long_search_takes_virtual_time_and_succeeds() -> None:
    world = pair()
    world.run_until(5)
    world.command(0, post(pow_target=0.5))
    world.run_until(10)
    [(at, fact)] = told(world, 0, PostSucceeded)
    assert isinstance(fact, PostSucceeded)
    assert at == pytest.approx(5 + fact.tries / module.NONCES_PER_S)
    assert len(told(world, 1, MessageArrived)) == 1


def test_search_that_takes_too_long_fails() -> None:
    world = pair()
    world.command(0, post(pow_target=50.0, work_time_s=0.0001))
    world.run_until(1)
    assert len(told(world, 0, PostFailed)) == 1


def test_cancelled_search_is_not_posted() -> None:
    world = pair()
    world.command(0, post(1, pow_target=0.5))
    world.command(0, inputs.CancelPost(1))
    world.run_until(10)
    assert told(world, 0, PostSucceeded) == []


def test_settings_reach_the_nodes() -> None:
    world = World(1)
    world.add_node(gossip=GossipSettings(minimum_pow=5.0))
    world.command(0, post())
    world.run_until(1)
    [(_, fact)] = told(world, 0, PostFailed)
    assert isinstance(fact, PostFailed)
    assert "low proof of work" in fact.detail


def test_checkers_look_after_every_step() -> None:
    world, looks = pair(), []
    world.checkers.append(lambda seen: looks.append(seen.event_count))
    world.run_until(3)
    assert looks
    assert looks == sorted(looks)
    assert looks[-1] == world.event_count


def test_world_that_finds_no_rest_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS_MAX", 10)
    with pytest.raises(RuntimeError, match="seed 1: more than 10 events"):
        pair().run_until(100)


def test_time_stands_where_it_was_run_to() -> None:
    world = World(1)
    world.run_until(12.5)
    assert world.now_s == 12.5


def test_what_arrives_while_a_node_does_not_read_is_handed_over_whole_and_in_order() -> None:
    world = pair(delay_min_s=0.1, delay_max_s=0.1)
    world.run_until(5)
    [end] = world.ends(1)
    world._perform(1, PauseReading(end.number))
    for number in range(5):
        world.command(0, post(number, b"%d" % number))
        world.run_until(world.now_s + 0.2)
    assert told(world, 1, MessageArrived) == []
    world._perform(1, ResumeReading(end.number))
    world._perform(1, PauseReading(end.number))
    world.run_until(7)
    assert told(world, 1, MessageArrived) == []
    # What arrives between the wish to read on and the reading comes behind what waited.
    world._perform(1, ResumeReading(end.number))
    world.command(0, post(5, b"5"))
    world.run_until(8)
    assert len(told(world, 1, MessageArrived)) == 6
    assert told(world, 1, PeerDisconnected) == []


def test_reading_a_stream_that_is_gone_does_nothing() -> None:
    world = pair()
    world.run_until(5)
    [end] = world.ends(1)
    world._perform(1, PauseReading(end.number))
    end.unread.append(b"lost")
    world._perform(1, ResumeReading(end.number))
    world.cut(end)
    world._perform(1, ResumeReading(end.number))
    world.run_until(5.01)
    assert [fact for _, fact in told(world, 1, PeerDisconnected)]
