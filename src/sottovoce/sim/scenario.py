"""One scenario: people at the leaves of a random mesh of relays talk; everybody must hear."""

from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import make_filter
from sottovoce.node import inputs
from sottovoce.node.effects import PostFailed, PostSucceeded
from sottovoce.sim.checkers import ViolationError, arrived, nothing_twice
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import World
from sottovoce.stack.routes import PublicChat, key_of_name, route_to, topic_of_name

CHANNEL: Final = "simulated"
TTL_S: Final = 60
POW_TARGET: Final = 0.002
# Links that a relay dials beyond the one that keeps the mesh in one piece.
EXTRA_LINKS: Final = 2
SETTLE_S: Final = 20.0
TALK_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did.

    Attributes:
        seed: Its seed.
        trace_hash: Hash of every event.
        event_count: Events handled.
        node_count: Nodes in the world.
        message_count: Messages posted; each was heard by every person.
        segment_count: Network segments sent.
        loss_count: Segments lost (and sent again).
    """

    seed: int
    trace_hash: str
    event_count: int
    node_count: int
    message_count: int
    segment_count: int
    loss_count: int


def run(seed: int, *, relay_count: int = 6, person_count: int = 3, loss: float = 0.05) -> Outcome:
    """Run the scenario.

    Raises:
        ViolationError: An envelope was heard twice, or a person did not hear a message, or a node
            refused a person's message.
    """
    random = Random(f"scenario {seed}")  # noqa: S311
    world = World(seed, LinkQuality(delay_min_s=0.01, delay_max_s=0.3, loss=loss))
    _build_mesh(world, random, relay_count, person_count)
    people = range(relay_count, relay_count + person_count)
    entropy = SeededEntropy("people", seed)
    _listen(world, people)
    message_count = _talk(world, random, people, entropy)
    world.run_until(SETTLE_S + TALK_S + TTL_S)
    _check_everybody_heard(world, people, message_count)
    nothing_twice(world)
    return Outcome(
        seed=seed,
        trace_hash=world.trace_hash,
        event_count=world.event_count,
        node_count=len(world.nodes),
        message_count=message_count,
        segment_count=world.network.segment_count,
        loss_count=world.network.loss_count,
    )


def _build_mesh(world: World, random: Random, relay_count: int, person_count: int) -> None:
    for number in range(relay_count + person_count):
        node = world.add_node()
        # Each relay dials an earlier one, so the mesh is connected; a few more links make cycles.
        earlier = range(min(number, relay_count))
        links = 1 + EXTRA_LINKS if number < relay_count else 1
        for target in random.sample(earlier, min(links, len(earlier))):
            world.command_at(
                random.uniform(0, 1), node.number, inputs.AddPeer(world.nodes[target].enode)
            )


def _listen(world: World, people: range) -> None:
    wanted = make_filter(symmetric_key=key_of_name(CHANNEL), topics=[topic_of_name(CHANNEL)])
    for person in people:
        world.command(person, inputs.InstallFilter(1, wanted))


def _talk(world: World, random: Random, people: range, entropy: Entropy) -> int:
    key = key_of_name(CHANNEL)
    message_count = 0
    for person in people:
        signer = secp256k1.generate_private_key(entropy)
        route = route_to(PublicChat(CHANNEL), key=key, signer=signer)
        for _ in range(random.randint(1, 4)):
            message_count += 1
            post = inputs.PostMessage(
                request=message_count,
                route=route,
                payload=entropy.take(random.randint(1, 400)),
                ttl_s=TTL_S,
                pow_target=POW_TARGET,
                work_time_s=5.0,
            )
            world.command_at(SETTLE_S + random.uniform(0, TALK_S), person, post)
    return message_count


def _check_everybody_heard(world: World, people: range, message_count: int) -> None:
    posted = set()
    for person in people:
        for _, fact in world.nodes[person].facts:
            if isinstance(fact, PostFailed):
                raise ViolationError(f"seed {world.seed}: a post failed: {fact.detail}")
            if isinstance(fact, PostSucceeded):
                posted.add(fact.hash)
    if len(posted) != message_count:
        raise ViolationError(
            f"seed {world.seed}: {message_count - len(posted)} posts had no answer"
        )
    for person in people:
        missing = posted - arrived(world, person)
        if missing:
            raise ViolationError(
                f"seed {world.seed}: node {person} did not hear {len(missing)} "
                f"of {message_count} messages"
            )
