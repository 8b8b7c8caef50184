"""What must hold at every moment of a simulation, and what must hold at its end.

A checker raises `ViolationError` with the seed in its text; nothing here changes the world.
"""

from collections import Counter
from typing import Final

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.gossip.forwarding import QUEUE_COUNT_MAX
from sottovoce.gossip.relay_state import UNOPENED_MAX
from sottovoce.node.effects import MessageArrived
from sottovoce.node.node import Node
from sottovoce.sim.world import SimulatedNode, World

# Handshakes and refused strangers come on top of the peers that a node keeps.
LINKS_ABOVE_PEERS: Final = 60


class ViolationError(AssertionError):
    """The world did something that must never happen; the text names the seed."""


def nothing_twice(world: World) -> None:
    """Check that no subscriber was given one envelope twice.

    Raises:
        ViolationError: One was.
    """
    for simulated in world.nodes:
        _check_nothing_twice(world, simulated)


class NothingTwice:
    """The same as `nothing_twice`, looking only at what the last step added."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], set[tuple[int, EnvelopeHash]]] = {}
        self._looked_at: Counter[tuple[int, int]] = Counter()

    def __call__(self, world: World) -> None:
        """Look at the node that made the last step.

        Raises:
            ViolationError: It gave a subscriber an envelope twice since it started.
        """
        simulated = world.stepped
        if simulated is None:
            return
        life = simulated.number, simulated.crash_count
        for _, fact in simulated.facts[self._looked_at[life] :]:
            if isinstance(fact, MessageArrived):
                seen = self._seen.setdefault(life, set())
                heard = {(number, fact.message.hash) for number in fact.filters}
                if seen & heard:
                    raise ViolationError(_twice(world, simulated))
                seen |= heard
        self._looked_at[life] = len(simulated.facts)


def bounds_hold(world: World) -> None:
    """Check that pool, queues and links of the node that made the last step keep their bounds.

    Raises:
        ViolationError: One is exceeded.
    """
    simulated = world.stepped
    if simulated is None or not isinstance(simulated.node, Node):
        return
    node = simulated.node
    sizes = node.sizes()
    limits = {
        "pool bytes": node.gossip_settings.pool_bytes_max,
        "links": node.settings.peers_max + LINKS_ABOVE_PEERS,
        "longest queue": QUEUE_COUNT_MAX,
        "unopened": UNOPENED_MAX + 1,
    }
    for name, limit in limits.items():
        if sizes[name] > limit:
            raise ViolationError(
                f"seed {world.seed}: node {simulated.number} has {sizes[name]} {name}, "
                f"at most {limit} are allowed"
            )


def nothing_leaks(world: World) -> None:
    """Check that nodes that were shut down hold no links, no sessions and no streams.

    Raises:
        ViolationError: Something is left.
    """
    for simulated in world.nodes:
        if isinstance(simulated.node, Node) and simulated.up:
            sizes = simulated.node.sizes()
            left = {name: sizes[name] for name in ("links", "sessions", "slots") if sizes[name]}
            if left or world.ends(simulated.number):
                raise ViolationError(
                    f"seed {world.seed}: after closing, node {simulated.number} still has {left}"
                )


def arrived(world: World, node: int) -> set[EnvelopeHash]:
    """Return the envelopes that filters of a node opened."""
    return {
        fact.message.hash for _, fact in world.nodes[node].facts if isinstance(fact, MessageArrived)
    }


def _check_nothing_twice(world: World, simulated: SimulatedNode) -> None:
    """Check one node since it started.

    Raises:
        ViolationError: It gave a subscriber an envelope twice.
    """
    seen: Counter[tuple[int, EnvelopeHash]] = Counter(
        (number, fact.message.hash)
        for _, fact in simulated.facts
        if isinstance(fact, MessageArrived)
        for number in fact.filters
    )
    if seen and max(seen.values()) > 1:
        raise ViolationError(_twice(world, simulated))


def _twice(world: World, simulated: SimulatedNode) -> str:
    return f"seed {world.seed}: node {simulated.number} heard an envelope twice"
