"""The examples of the simulator's guide are what the program prints, as far as that is quick."""

from docs.snippets import ROOT, blocks
from sottovoce.sim.light_experiment import LightSettings, Load
from sottovoce.sim.light_network import Topology
from sottovoce.sim.light_published import published_lines
from sottovoce.sim.topics_experiment import TopicsSettings

GUIDE = ROOT / "docs" / "guide" / "simulator.md"
[LIGHT] = [block for block in blocks(GUIDE, "text") if "wanted topics" in block]
[TOPICS] = [block for block in blocks(GUIDE, "text") if "Footprint" in block]


def test_example_of_light_nodes_has_what_the_bloom_of_the_default_seed_lets_pass() -> None:
    matching = Load(LightSettings()).matching
    assert f"lets {matching} of all pass" in LIGHT
    rows = [line for line in LIGHT.splitlines() if "bloom light " in line]
    assert [f" {matching} " in row for row in rows] == [True] * 4


def test_example_of_light_nodes_has_the_published_figures() -> None:
    rows = [line for line in LIGHT.splitlines() if line.split("|")[-1].strip()[:1].isdigit()]
    published = [line for topology in Topology for line in published_lines(topology).values()]
    shown = [
        tuple(map(int, (row.partition("(")[2].partition(")")[0], *row.split("|")[1].split())))
        for row in rows
    ]
    assert sorted(shown) == sorted((line.peers, line.valid, line.invalid) for line in published)


def test_example_of_topics_is_of_the_default_settings() -> None:
    settings = TopicsSettings()
    bandwidth, footprint = settings.bandwidth, settings.footprint
    assert TOPICS.startswith(
        f"Bandwidth: {bandwidth.people} people with {bandwidth.contacts} contacts"
    )
    assert f"a peer knows {footprint.keys:,} keys" in TOPICS
    for contacts in footprint.contacts:
        assert f"{contacts} ({contacts})" in TOPICS
