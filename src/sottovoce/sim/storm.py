"""The storm: a mesh of relays and people under every kind of fault and a hostile node, checked.

First all is calm, then people talk while links are cut and clogged, nodes crash (also in the
middle of what they do), clocks drift and jump, segments get lost, and the enemy does what it can.
Then it is calm again, and what must hold is looked at:

* at every step: nobody is given an envelope twice; pools, queues and links keep their bounds;
* shortly before an envelope's end: if any honest node has it, every honest node has it that was up
  since the calm began;
* at the end: nodes that were shut down hold nothing any more;
* and a twin world with the same seed, in which nobody listens, wrote the same bytes at the same
  moments: who can open an envelope shows on no wire.

A kind of fault that never fired fails the run: then it would have shown nothing.
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node import inputs
from sottovoce.node.effects import PostSucceeded
from sottovoce.node.node import Node
from sottovoce.sim.checkers import NothingTwice, ViolationError, bounds_hold, nothing_leaks
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.hostile import HostileNode
from sottovoce.sim.network import LinkQuality, StreamEnd
from sottovoce.sim.world import SimulatedNode, World
from sottovoce.stack.routes import PublicChat, key_of_name, route_to, topic_of_name

CHANNEL: Final = "storm"
TTL_S: Final = 60
POW_TARGET: Final = 0.002
POOL_BYTES_MAX: Final = 1024 * 1024

STORM_START_S: Final = 10.0
STORM_END_S: Final = 50.0
TALK_END_S: Final = 60.0
# A crashed or cut-off node is back among its peers after this long: redials wait up to some 16 s.
RECOVERY_S: Final = 30.0
# Looked at so long before an envelope's end, true time: clocks here are at most this far ahead.
BEFORE_END_S: Final = 6.0
CLOSE_S: Final = 130.0
END_S: Final = 150.0

# Two clocks may be up to twice this apart, and envelopes from 10 s ahead are still taken.
CLOCK_ERROR_S_MAX: Final = 4.0
CLOCK_DRIFT_MAX: Final = 0.005
FAULTS: Final = (
    "loss",
    "cut",
    "clog",
    "blocked write",
    "crash",
    "crash amid effects",
    "restart",
    "clock drift",
    "clock step",
)


@dataclass(frozen=True, slots=True)
class StormOutcome:
    """What a run did.

    Attributes:
        seed: Its seed.
        trace_hash: Hash of every event.
        event_count: Events handled.
        message_count: Messages that were posted.
        checked_count: Envelopes that were looked at shortly before their end.
        faults: How often each kind of fault fired.
    """

    seed: int
    trace_hash: str
    event_count: int
    message_count: int
    checked_count: int
    faults: dict[str, int]


def run_storm(seed: int, *, relay_count: int = 5, person_count: int = 3) -> StormOutcome:
    """Run the storm and its twin.

    Raises:
        ViolationError: Something happened that must never happen, or a kind of fault never fired.
    """
    storm = _Storm(seed, relay_count, person_count, listening=True)
    storm.run()
    twin = _Storm(seed, relay_count, person_count, listening=False)
    twin.run()
    if storm.world.wire_hash != twin.world.wire_hash:
        raise ViolationError(f"seed {seed}: listening shows on the wire")
    faults = storm.faults()
    missing = [kind for kind, count in faults.items() if not count]
    if missing:
        raise ViolationError(f"seed {seed}: these faults never fired: {', '.join(missing)}")
    return StormOutcome(
        seed=seed,
        trace_hash=storm.world.trace_hash,
        event_count=storm.world.event_count,
        message_count=len(storm.expiry),
        checked_count=storm.checked_count,
        faults=faults,
    )


class _Storm:
    """One world of the storm."""

    def __init__(self, seed: int, relays: int, people: int, *, listening: bool) -> None:
        self.world = World(seed, LinkQuality(delay_min_s=0.01, delay_max_s=0.2, loss=0.03))
        self._random = Random(f"storm {seed}")  # noqa: S311
        self._listening = listening
        self.expiry: dict[EnvelopeHash, float] = {}
        self.checked_count = 0
        self._known_posts: Counter[tuple[int, int]] = Counter()
        self._honest = [self._add_honest() for _ in range(relays + people)]
        self._people = self._honest[relays:]
        self._wish_links(relays)
        enemy = self.world.add_machine(
            lambda _: HostileNode(seed, relays + people, [node.enode for node in self._honest])
        )
        assert isinstance(enemy.node, HostileNode)
        self._enemy = enemy.node
        self.world.on_crash = self._restart_later
        self.world.checkers += [NothingTwice(), bounds_hold, self._note_posts]

    def _add_honest(self) -> SimulatedNode:
        node = self.world.add_node(gossip=GossipSettings(pool_bytes_max=POOL_BYTES_MAX))
        node.clock_drift = self._random.uniform(-CLOCK_DRIFT_MAX, CLOCK_DRIFT_MAX)
        self.world.faults["clock drift"] += 1
        return node

    def _wish_links(self, relays: int) -> None:
        """Let each node keep links to earlier relays: the mesh is connected and has cycles."""
        wanted = make_filter(symmetric_key=key_of_name(CHANNEL), topics=[topic_of_name(CHANNEL)])
        for node in self._honest:
            if self._listening:
                self.world.start(node.number, inputs.InstallFilter(1, wanted))
            earlier = range(min(node.number, relays))
            for target in self._random.sample(earlier, min(2, len(earlier))):
                self.world.start(node.number, inputs.AddPeer(self._honest[target].enode))

    def run(self) -> None:
        """Let everything happen."""
        self._plan_talk()
        self._plan_faults()
        self.world.at(CLOSE_S, self._shut_down)
        self.world.run_until(END_S)
        nothing_leaks(self.world)

    def faults(self) -> dict[str, int]:
        """Return how often each kind of fault fired, those that never did included."""
        counted = dict.fromkeys((*FAULTS, *self._enemy.kinds), 0)
        return (
            counted
            | self.world.faults
            | self._enemy.misdeeds
            | {"loss": self.world.network.loss_count}
        )

    # ---- people

    def _plan_talk(self) -> None:
        key = key_of_name(CHANNEL)
        entropy = SeededEntropy("talk", self.world.seed)
        for request in range(1, 13):
            person = self._random.choice(self._people)
            signer = secp256k1.generate_private_key(entropy)
            wish = inputs.PostMessage(
                request=request,
                route=route_to(PublicChat(CHANNEL), key=key, signer=signer),
                payload=entropy.take(self._random.randint(1, 400)),
                ttl_s=TTL_S,
                pow_target=POW_TARGET,
                work_time_s=5.0,
            )
            moment_s = self._random.uniform(STORM_START_S, TALK_END_S)
            self.world.at(moment_s, partial(self._say, person, wish))

    def _say(self, person: SimulatedNode, wish: inputs.PostMessage) -> None:
        if person.up:
            self.world.command(person.number, wish)

    def _note_posts(self, world: World) -> None:
        """Watch for posts that succeeded, and plan to look at each shortly before its end."""
        simulated = world.stepped
        if simulated is None:
            return
        life = simulated.number, simulated.crash_count
        for said_s, fact in simulated.facts[self._known_posts[life] :]:
            if isinstance(fact, PostSucceeded):
                self.expiry[fact.hash] = said_s + TTL_S
                look_s = said_s + TTL_S - BEFORE_END_S - CLOCK_ERROR_S_MAX
                world.at(look_s, partial(self._check_spread, fact.hash))
        self._known_posts[life] = len(simulated.facts)

    def _check_spread(self, envelope: EnvelopeHash) -> None:
        """Check that an envelope is everywhere or nowhere.

        Raises:
            ViolationError: An honest node that was not disturbed lately lacks it.
        """
        now_s = self.world.now_s
        holders = [node for node in self._honest if _has(node, envelope)]
        if not holders or now_s < STORM_END_S + RECOVERY_S:
            return
        self.checked_count += 1
        for node in self._honest:
            if node.up and not _has(node, envelope):
                raise ViolationError(
                    f"seed {self.world.seed}: at {now_s:.1f} s node {node.number} lacks an envelope"
                    f" that node {holders[0].number} has"
                )

    def _shut_down(self) -> None:
        for node in self.world.nodes:
            self.world.command(node.number, inputs.ShutDown())

    # ---- faults

    def _plan_faults(self) -> None:
        plan = (
            (self._cut, 4),
            (self._clog, 6),
            (self._crash, 1),
            (self._crash_amid_effects, 2),
            (self._step_clock, 3),
        )
        for fault, count in plan:
            for _ in range(count):
                self.world.at(self._random.uniform(STORM_START_S, STORM_END_S), fault)

    def _pick_end(self) -> StreamEnd | None:
        honest = range(len(self._honest))
        ends = [
            end
            for end in self.world.ends()
            if end.node in honest and end.other is not None and end.other.node in honest
        ]
        return self._random.choice(ends) if ends else None

    def _cut(self) -> None:
        end = self._pick_end()
        if end is not None:
            self.world.faults["cut"] += 1
            self.world.cut(end)

    def _clog(self) -> None:
        end = self._pick_end()
        if end is not None:
            self.world.faults["clog"] += 1
            self.world.clog(end, self._random.uniform(2.0, 15.0))

    def _crash(self) -> None:
        node = self._random.choice([node for node in self._honest if node.up])
        self.world.faults["crash"] += 1
        self.world.crash(node)

    def _crash_amid_effects(self) -> None:
        node = self._random.choice([node for node in self._honest if node.up])
        node.crash_after = self._random.randint(0, 3)

    def _restart_later(self, node: SimulatedNode) -> None:
        pause_s = self._random.uniform(0.5, 8.0)
        self.world.at(self.world.now_s + pause_s, lambda: self.world.restart(node))

    def _step_clock(self) -> None:
        node = self._random.choice(self._honest)
        node.clock_offset_s = self._random.uniform(-CLOCK_ERROR_S_MAX, CLOCK_ERROR_S_MAX) / 2
        self.world.faults["clock step"] += 1


def _has(node: SimulatedNode, envelope: EnvelopeHash) -> bool:
    return node.up and isinstance(node.node, Node) and node.node.has_envelope(envelope)
