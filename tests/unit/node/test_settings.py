import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.node import inputs
from sottovoce.node.effects import PeerDisconnected
from sottovoce.node.settings import NodeSettings
from sottovoce.sim.world import World


def quiet(settings: NodeSettings, duration_s: float) -> World:
    """Connect two nodes that have nothing to say."""
    world = World(1)
    one, other = world.add_node(settings=settings), world.add_node(settings=settings)
    world.command(one.number, inputs.AddPeer(other.enode))
    world.run_until(duration_s)
    return world


def test_connections_are_pinged_as_often_as_is_set() -> None:
    often = quiet(NodeSettings(), 600.0)
    seldom = quiet(NodeSettings(ping_interval_s=200.0, read_timeout_s=500.0), 600.0)
    assert often.network.segment_count > 150
    assert seldom.network.segment_count < 40
    assert not any(isinstance(fact, PeerDisconnected) for _, fact in seldom.nodes[0].facts)


def test_peer_that_is_silent_for_longer_than_is_set_is_gone() -> None:
    world = quiet(NodeSettings(ping_interval_s=60.0, read_timeout_s=30.0), 50.0)
    assert any(isinstance(fact, PeerDisconnected) for _, fact in world.nodes[0].facts)


def test_byte_budget_is_not_negative() -> None:
    with pytest.raises(LocalProtocolError, match="day_bytes_max"):
        NodeSettings(day_bytes_max=-1)
