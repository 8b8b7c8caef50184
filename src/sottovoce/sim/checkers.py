"""What must hold at every moment of a simulation, and what must hold at its end.

A checker raises `ViolationError` with the seed in its text; nothing here changes the world.
"""

from collections import Counter

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.node.effects import MessageArrived
from sottovoce.sim.world import World


class ViolationError(AssertionError):
    """The world did something that must never happen; the text names the seed."""


def nothing_twice(world: World) -> None:
    """Check that no subscriber was given one envelope twice.

    Raises:
        ViolationError: One was.
    """
    for simulated in world.nodes:
        seen: Counter[tuple[int, EnvelopeHash]] = Counter(
            (number, fact.message.hash)
            for _, fact in simulated.facts
            if isinstance(fact, MessageArrived)
            for number in fact.filters
        )
        if seen and max(seen.values()) > 1:
            raise ViolationError(
                f"seed {world.seed}: node {simulated.number} heard an envelope twice"
            )


def arrived(world: World, node: int) -> set[EnvelopeHash]:
    """Return the envelopes that filters of a node opened."""
    return {
        fact.message.hash for _, fact in world.nodes[node].facts if isinstance(fact, MessageArrived)
    }
