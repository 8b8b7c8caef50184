"""What was published of light nodes: the measurement that ours is printed beside.

The figures are data, in `data/published_light.json`, which names their source.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from sottovoce.sim.light_network import Topology


class PublishedLine(NamedTuple):
    """What one node of the published simulation counted.

    Attributes:
        node: Its name.
        peers: How many peers it had.
        valid: Envelopes that it took.
        invalid: Envelopes that came again over a link which had carried them, in either direction;
            a second copy from another peer is not among them.
    """

    node: str
    peers: int
    valid: int
    invalid: int


@cache
def published_lines(topology: Topology) -> Mapping[str, PublishedLine]:
    """Return the published figures of a topology, by the names of its nodes."""
    text = resources.files(__package__).joinpath("data/published_light.json").read_text("utf-8")
    rows = json.loads(text)[topology.value]
    return {row[0]: PublishedLine(*row) for row in rows}
