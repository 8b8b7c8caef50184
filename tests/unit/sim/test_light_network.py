import pytest

from sottovoce.gossip.settings import Interest, Transport
from sottovoce.sim.light_network import (
    FULL,
    FULL_NODES,
    LIGHT_KINDS,
    LIGHT_PEERS,
    Topology,
    full_names,
    links_between_full,
)
from sottovoce.sim.light_published import published_lines


@pytest.mark.parametrize("topology", Topology)
def test_every_node_has_as_many_peers_as_in_the_measurement(topology: Topology) -> None:
    links = list(links_between_full(topology))
    light_nodes = len(published_lines(topology)) - FULL_NODES
    for number, name in enumerate(full_names(topology)):
        among_full = sum(number in link for link in links)
        of_light = light_nodes if number in LIGHT_PEERS else 0
        assert among_full + of_light == published_lines(topology)[name].peers


def test_light_nodes_relay_nothing_and_say_what_they_want() -> None:
    assert all(kind.gossip.light for kind in LIGHT_KINDS)
    said = [(kind.gossip.transport, kind.gossip.interest) for kind in LIGHT_KINDS]
    assert said == [
        (Transport.WHISPER, Interest.BLOOM),
        (Transport.WAKU, Interest.BLOOM),
        (Transport.WAKU, Interest.TOPICS),
    ]


def test_full_nodes_want_everything_of_both_worlds() -> None:
    assert (FULL.transport, FULL.interest, FULL.bridges) == (
        *(Transport.BOTH, Interest.EVERYTHING),
        True,
    )
