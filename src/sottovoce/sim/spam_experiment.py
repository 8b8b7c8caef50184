"""`sim spam`: what it costs to flood one topic, and what the victim pays.

Two relays, an attacker at the first one, and at the second one two victims who want the flooded
topic: a Waku node that names its topics and a Whisper node with a bloom filter. Honest people talk
on the same topic and on another one meanwhile, from both relays. Everything but the attacker is the
node of the program.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.node import effects, inputs
from sottovoce.node.node import Node
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.spammer import Spammer, SpamMine
from sottovoce.sim.world import SimulatedNode, World
from sottovoce.stack.topics import public_chat

# Status-go's fleets asked for this work; status-go's own node for half of it.
MINIMUM_POW: Final = 0.002
POW_TARGETS: Final = (0.0002, 0.002, 0.02, 0.2)
SETTLE_S: Final = 5.0
CALM_S: Final = 15.0
SPAM_DATA_BYTES: Final = 512
SPAM_TTL_S: Final = 10
HONEST_TTL_S: Final = 10
HONEST_BYTES: Final = 200
FILTER: Final = 1
_SAMPLE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """What relays ask of their peers.

    Attributes:
        name: How the limits are called.
        rate_limits: Packets a second by address, by peer, and envelopes by topic; 0 for any.
        byte_limits: The same in bytes.
        tolerance: How often a peer may exceed them before it is thrown out; 0 for any.
    """

    name: str
    rate_limits: tuple[int, int, int] = (0, 0, 0)
    byte_limits: tuple[int, int, int] = (0, 0, 0)
    tolerance: int = 0


LIMITS: Final = (
    Limits("none"),
    Limits("10 a topic", (0, 0, 10)),
    Limits("10, then out", (0, 0, 10), tolerance=100),
)


@dataclass(frozen=True, slots=True)
class SpamSettings:
    """What is asked.

    Attributes:
        hashes_per_s: Nonces that the attacker's processor tries in a second.
        seed: Everything random follows from it.
        pow_targets: The proof of work that the attacker does, one attack for each.
        limits: The limits of the relays, one attack for each.
        attack_s: How long an attack lasts, virtual seconds.
        line_bytes_per_s: What the attacker's line carries.
        honest_per_s: Honest messages a second on each of the two topics.
        pool_bytes_max: The bound on the relays' pools.
    """

    hashes_per_s: float
    seed: int = 1
    pow_targets: tuple[float, ...] = POW_TARGETS
    limits: tuple[Limits, ...] = LIMITS
    attack_s: float = 20.0
    line_bytes_per_s: float = 125_000.0
    honest_per_s: float = 2.0
    pool_bytes_max: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SpamLine:
    """What came of one attack.

    Attributes:
        pow_target: The attacker's proof of work.
        limits: The relays' limits, by name.
        sent: Envelopes that the attacker sent.
        delivered: Those of them that came to the victim that names its topics.
        cpu_s_per_delivered: Seconds of the attacker's processor for each of these; None for none.
        bytes_per_delivered: Bytes of the attacker's line for each of these; None for none.
        victim_envelopes_per_s: What that victim received, envelopes a second of the attack.
        victim_bytes_per_s: The same in bytes of packets.
        bloom_envelopes_per_s: What the victim with the bloom filter received.
        bloom_bytes_per_s: The same in bytes of packets.
        honest_share: The part of the honest messages on the flooded topic that arrived.
        other_share: The part of the honest messages on another topic that arrived.
        pool_bytes: Most bytes in the pool of the first relay.
        connections_ended: How often the attacker was thrown out.
    """

    pow_target: float
    limits: str
    sent: int
    delivered: int
    cpu_s_per_delivered: float | None
    bytes_per_delivered: float | None
    victim_envelopes_per_s: float
    victim_bytes_per_s: float
    bloom_envelopes_per_s: float
    bloom_bytes_per_s: float
    honest_share: float
    other_share: float
    pool_bytes: int
    connections_ended: int


@dataclass(frozen=True, slots=True)
class SpamResult:
    """All attacks, target after target, and what they were made with."""

    settings: SpamSettings
    lines: tuple[SpamLine, ...]


def run_spam(settings: SpamSettings, on_progress: Callable[[float, str], None]) -> SpamResult:
    """Play each attack.

    Args:
        settings: What is asked.
        on_progress: Told how far it is, 0 to 1, and what it is at.
    """
    lines: list[SpamLine] = []
    count = len(settings.pow_targets) * len(settings.limits)
    topic = public_chat("the flooded topic").topic
    for target in settings.pow_targets:
        data = SeededEntropy("spam", settings.seed).take(SPAM_DATA_BYTES)
        mine = SpamMine(topic, data, ttl_s=SPAM_TTL_S, pow_target=target)
        for limits in settings.limits:
            said = f"work of {target:g}, limits: {limits.name}"
            on_progress(len(lines) / count, said)
            lines.append(SpamWorld(settings, target, limits, mine, topic).run())
    return SpamResult(settings, tuple(lines))


@dataclass(slots=True)
class _Listener:
    """A node that listens to one topic, and what its filter opened."""

    home: SimulatedNode
    opened: int = 0

    @property
    def node(self) -> Node:
        assert isinstance(self.home.node, Node)
        return self.home.node

    def hear(self, fact: effects.Fact) -> None:
        """Count what is opened."""
        self.opened += isinstance(fact, effects.MessageArrived)


class SpamWorld:
    """One attack.

    Args:
        settings: What is asked.
        target: The attacker's proof of work.
        limits: The relays' limits.
        mine: The attacker's envelopes.
        topic: The flooded topic.
    """

    def __init__(
        self,
        settings: SpamSettings,
        target: float,
        limits: Limits,
        mine: SpamMine,
        topic: Topic,
    ) -> None:
        self._settings: Final = settings
        self._target: Final = target
        self._limits: Final = limits
        self._end_s: Final = SETTLE_S + settings.attack_s
        self._random: Final = Random(f"spam {settings.seed}")  # noqa: S311
        self._world: Final = World(settings.seed, LinkQuality(0.02, 0.06))
        self._key: Final = SymmetricKey(SeededEntropy("honest", settings.seed).take(32))
        self._topic: Final = topic
        self._other_topic: Final = public_chat("another topic").topic
        self._pool_bytes = 0
        self._posted: Final = {topic: 0, self._other_topic: 0}
        self._near, self._far = self._add_relay(), self._add_relay()
        self._by_topics: Final = self._add_listener(topic, Interest.TOPICS, Transport.WAKU)
        self._by_bloom: Final = self._add_listener(topic, Interest.BLOOM, Transport.WHISPER)
        self._other: Final = self._add_listener(self._other_topic, Interest.TOPICS, Transport.WAKU)
        self._authors: Final = [self._add_author(self._near), self._add_author(self._far)]
        self._spammer: Final = Spammer(
            settings.seed,
            mine,
            self._near.enode,
            hashes_per_s=settings.hashes_per_s,
            line_bytes_per_s=settings.line_bytes_per_s,
            begin_s=SETTLE_S,
            end_s=self._end_s,
        )
        self._world.add_machine(lambda _: self._spammer)

    def run(self) -> SpamLine:
        """Play it."""
        self._world.command(self._far.number, inputs.AddPeer(self._near.enode))
        self._plan_honest()
        for step in itertools.count():
            moment_s = SETTLE_S + step * _SAMPLE_S
            if moment_s > self._end_s:
                break
            self._world.at(moment_s, self._sample)
        self._world.run_until(self._end_s + CALM_S)
        return self._line()

    # ---- the nodes

    def _add_relay(self) -> SimulatedNode:
        limits = self._limits
        return self._world.add_node(
            gossip=GossipSettings(
                minimum_pow=MINIMUM_POW,
                pool_bytes_max=self._settings.pool_bytes_max,
                rate_limits=limits.rate_limits,
                byte_limits=limits.byte_limits,
                limit_tolerance=limits.tolerance,
            )
        )

    def _add_listener(self, topic: Topic, interest: Interest, transport: Transport) -> _Listener:
        gossip = GossipSettings(
            minimum_pow=MINIMUM_POW, transport=transport, interest=interest, light=True
        )
        listener = _Listener(self._world.add_node(gossip=gossip))
        listener.home.on_fact = listener.hear
        number = listener.home.number
        wanted = Filter(key=self._key, topics=frozenset((topic,)), allows_direct=True)
        self._world.command(number, inputs.InstallFilter(FILTER, wanted))
        self._world.command(number, inputs.AddPeer(self._far.enode))
        return listener

    def _add_author(self, relay: SimulatedNode) -> SimulatedNode:
        author = self._world.add_node(
            gossip=GossipSettings(minimum_pow=MINIMUM_POW, light=True, interest=Interest.BLOOM)
        )
        self._world.command(author.number, inputs.AddPeer(relay.enode))
        return author

    # ---- honest people

    def _plan_honest(self) -> None:
        count = round(self._settings.honest_per_s * self._settings.attack_s)
        for place, topic in itertools.product(range(count), self._posted):
            author = self._authors[place % len(self._authors)]
            moment_s = self._random.uniform(SETTLE_S, self._end_s)
            self._posted[topic] += 1
            post = inputs.PostMessage(
                request=0,
                route=EnvelopeRoute(topic, self._key, None),
                payload=bytes(HONEST_BYTES),
                ttl_s=HONEST_TTL_S,
                pow_target=MINIMUM_POW,
                work_time_s=5.0,
            )
            self._world.at(moment_s, partial(self._world.command, author.number, post))

    def _sample(self) -> None:
        for relay in (self._near, self._far):
            assert isinstance(relay.node, Node)
            self._pool_bytes = max(self._pool_bytes, relay.node.relay_statistics.pool_bytes)

    # ---- what came of it

    def _line(self) -> SpamLine:
        settings, spammer = self._settings, self._spammer
        victim = self._by_topics.node.relay_statistics
        bloom = self._by_bloom.node.relay_statistics
        delivered = max(0, victim.envelopes_received - self._by_topics.opened)
        cpu_s = spammer.tries / settings.hashes_per_s
        return SpamLine(
            pow_target=self._target,
            limits=self._limits.name,
            sent=spammer.sent_count,
            delivered=delivered,
            cpu_s_per_delivered=cpu_s / delivered if delivered else None,
            bytes_per_delivered=spammer.sent_bytes / delivered if delivered else None,
            victim_envelopes_per_s=victim.envelopes_received / settings.attack_s,
            victim_bytes_per_s=victim.payload_bytes_received / settings.attack_s,
            bloom_envelopes_per_s=bloom.envelopes_received / settings.attack_s,
            bloom_bytes_per_s=bloom.payload_bytes_received / settings.attack_s,
            honest_share=self._by_topics.opened / self._posted[self._topic],
            other_share=self._other.opened / self._posted[self._other_topic],
            pool_bytes=self._pool_bytes,
            connections_ended=spammer.ended_count,
        )
