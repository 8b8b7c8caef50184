from sottovoce.sim.light_network import FULL_NODES, LIGHT_KINDS, Topology, full_names
from sottovoce.sim.light_published import published_lines


def test_every_published_node_is_one_of_ours() -> None:
    for topology in Topology:
        names = {*full_names(topology), *(kind.name for kind in LIGHT_KINDS)}
        assert set(published_lines(topology)) < names
        assert len(published_lines(topology)) == FULL_NODES + 2


def test_published_full_nodes_took_everything() -> None:
    for topology in Topology:
        lines = published_lines(topology)
        assert {lines[name].valid for name in full_names(topology)} == {10_001}
