"""Faults of the simulated world: each does what its name says, and nothing else."""

from collections.abc import Callable

import pytest

from sottovoce.gossip.settings import GossipSettings
from sottovoce.node import inputs
from sottovoce.node.effects import (
    Fact,
    MessageArrived,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
)
from sottovoce.sim.checkers import ViolationError, nothing_leaks
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import EPOCH_UNIX_S, SimulatedNode, World
from unit.node.pump import LISTEN, post

FLIGHT_S = 0.1
STEADY = LinkQuality(delay_min_s=FLIGHT_S, delay_max_s=FLIGHT_S)


def pair(*, settled: bool = True) -> tuple[World, SimulatedNode, SimulatedNode]:
    """Return a world in which node 0 keeps node 1 connected, and node 1 listens."""
    world = World(1, STEADY)
    one, other = (world.add_node(gossip=GossipSettings(own_delay_s_max=0.0)) for _ in range(2))
    world.start(0, inputs.AddPeer(other.enode))
    world.start(1, inputs.InstallFilter(1, LISTEN))
    if settled:
        world.run_until(5)
    return world, one, other


def told(node: SimulatedNode, kind: type[Fact]) -> list[float]:
    return [at_s for at_s, fact in node.facts if isinstance(fact, kind)]


# ---- cuts


def test_cut_is_noticed_at_both_ends_at_once_and_mended() -> None:
    world, one, other = pair()
    world.cut(world.ends(0)[0])
    assert world.ends() == []
    world.run_until(5)
    assert told(one, PeerDisconnected) == told(other, PeerDisconnected) == [5]
    world.run_until(9)
    assert len(told(one, PeerConnected)) == len(told(other, PeerConnected)) == 2


def test_bytes_under_way_are_lost_with_the_stream() -> None:
    world, _, other = pair()
    world.command(0, post())
    world.run_until(5 + FLIGHT_S / 2)
    world.cut(world.ends(0)[0])
    world.run_until(5.5)
    assert told(other, MessageArrived) == []


def test_end_that_has_not_heard_of_its_stream_hears_of_the_cut_after_it() -> None:
    world, _, _ = pair(settled=False)
    world.run_until(FLIGHT_S / 2)
    world.cut(world.ends(0)[0])
    for node in (0, 1):
        world.command_at(20, node, inputs.ShutDown())
    world.run_until(30)
    nothing_leaks(world)


# ---- clogs


def test_clogged_stream_keeps_its_bytes_until_it_is_free_again() -> None:
    world, _, other = pair()
    world.clog(world.ends(0)[0], 3.0)
    world.command(0, post())
    world.run_until(20)
    assert told(other, MessageArrived) == [pytest.approx(5 + 3.0 + FLIGHT_S)]


def test_clog_is_for_one_direction_only() -> None:
    world, one, _ = pair()
    world.command(0, inputs.InstallFilter(1, LISTEN))
    world.clog(world.ends(0)[0], 3.0)
    world.command(1, post())
    world.run_until(6)
    assert told(one, MessageArrived) == [pytest.approx(5 + FLIGHT_S)]


def test_node_hears_that_a_clogged_stream_takes_no_more_and_then_that_it_does() -> None:
    world, one, other = pair()
    heard = listen_in(one)
    world.clog(world.ends(0)[0], 3.0)
    for request in range(5):
        world.command(0, post(request, bytes(400)))
    world.run_until(7)
    assert heard == [inputs.WriteBlocked]
    assert world.faults["blocked write"] == 1
    world.run_until(20)
    assert heard == [inputs.WriteBlocked, inputs.WriteDrained]
    assert len(told(other, MessageArrived)) == 5


def test_second_clog_makes_the_first_longer_and_never_shorter() -> None:
    world, _, other = pair()
    end = world.ends(0)[0]
    world.clog(end, 3.0)
    world.clog(end, 1.0)
    world.command(0, post())
    world.run_until(20)
    assert told(other, MessageArrived) == [pytest.approx(5 + 3.0 + FLIGHT_S)]


def listen_in(node: SimulatedNode) -> list[type]:
    """Note each time that a node hears of pressure on a stream."""
    heard: list[type] = []
    handle = node.node.handle

    def noting(event: inputs.Input, now: object) -> object:
        if isinstance(event, inputs.WriteBlocked | inputs.WriteDrained):
            heard.append(type(event))
        return handle(event, now)  # type: ignore[arg-type]

    node.node.handle = noting  # type: ignore[method-assign, assignment]
    return heard


# ---- crashes


def test_crashed_node_is_gone_for_its_peer_after_the_flight_and_forgets_everything() -> None:
    world, one, other = pair()
    world.crash(other)
    assert (other.up, other.facts, world.ends()) == (False, [], [])
    world.run_until(5.5)
    assert told(one, PeerDisconnected) == [pytest.approx(5 + FLIGHT_S)]
    assert told(one, PeerUnreachable) == []
    world.run_until(9)
    assert told(one, PeerUnreachable) != []
    assert other.facts == []


def test_restarted_node_has_its_key_and_its_owners_wishes_but_no_memory() -> None:
    world, one, other = pair()
    key = other.node.public_key
    world.crash(other)
    world.restart(other)
    world.restart(other)
    assert (other.node.public_key, other.up, world.faults["restart"]) == (key, True, 1)
    world.run_until(9)
    assert len(told(other, PeerConnected)) == 1
    world.command(0, post())
    world.run_until(10)
    assert len(told(other, MessageArrived)) == 1
    assert len(told(one, PeerConnected)) == 2


def test_what_was_meant_for_the_crashed_process_does_not_reach_its_successor() -> None:
    world, _, other = pair()
    world.command(0, post())
    world.run_until(5 + FLIGHT_S / 2)
    world.crash(other)
    world.restart(other)
    world.run_until(5.3)
    assert told(other, MessageArrived) == []


@pytest.mark.parametrize("done", [0, 1])
def test_crash_amid_effects_lets_so_many_out_and_no_more(done: int) -> None:
    world, one, _ = pair()
    crashed: list[SimulatedNode] = []
    world.on_crash = crashed.append
    written = world.wire_hash
    one.crash_after = done
    world.command(0, post(1))
    world.command(0, post(2))
    world.run_until(5)
    assert (crashed, one.up) == ([one], False)
    assert world.faults["crash amid effects"] == 1
    assert (world.wire_hash == written) is (done == 0)


def test_owner_hears_nothing_of_what_stands_behind_the_crash() -> None:
    world, one, _ = pair()
    heard: list[Fact] = []
    one.on_fact = heard.append
    one.crash_after = 0
    world.command(0, inputs.RemovePeer(world.nodes[1].node.public_key))
    world.run_until(9)
    assert heard == []


# ---- clocks


@pytest.mark.parametrize(
    ("set_clock", "shown_s"),
    [
        (lambda node: setattr(node, "clock_offset_s", 3.0), 53.0),
        (lambda node: setattr(node, "clock_drift", -0.01), 49.5),
    ],
    ids=["step", "drift"],
)
def test_wall_clock_goes_wrong_and_the_monotonic_one_does_not(
    set_clock: Callable[[SimulatedNode], None], shown_s: float
) -> None:
    world = World(1)
    node = world.add_node()
    set_clock(node)
    world.run_until(50)
    moment = world.moment(node)
    assert moment.monotonic_s == 50
    assert moment.unix_s - EPOCH_UNIX_S == pytest.approx(shown_s)


# ---- what is left


def test_node_that_still_has_links_after_closing_is_a_violation() -> None:
    world, _, _ = pair()
    with pytest.raises(ViolationError, match="seed 1: after closing, node 0 still has"):
        nothing_leaks(world)


def test_nodes_that_were_shut_down_leave_nothing() -> None:
    world, _, _ = pair()
    for node in (0, 1):
        world.command(node, inputs.ShutDown())
    world.run_until(8)
    nothing_leaks(world)
    assert world.next_event_s() is None
