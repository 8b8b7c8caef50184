"""A peer changes its wishes and limits under load, its socket stalls, receiving pauses.

In the end it has everything that it may have, nothing twice, and nothing of the other world.
"""

import random
from collections import Counter
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import Topic
from sottovoce.gossip import forwarding, throttle
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_of_topics, bloom_to_bytes
from sottovoce.gossip.dialect import ALL_WORLDS, WAKU_WORLD, WHISPER_WORLD
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    EnvelopePosted,
    GossipEvent,
    GossipOutput,
    PeerBlocked,
    PeerDrained,
    PeerFailed,
    PeerJoined,
    PeerPackets,
    ReceivingPaused,
)
from sottovoce.gossip.options import StatusOptions, encode_options
from sottovoce.gossip.registry import DIALECTS, dialect_for
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.gossip.status import encode_status
from sottovoce.gossip.waku_v0 import WAKU_V0
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from unit.gossip.network import Bench, CountingEntropy, envelopes_to, make_envelope, messages

TOPICS: Final = [Topic(bytes([number, 7 * number, number, 3])) for number in range(5)]
# Sources of each world that want nothing themselves, and the two sessions of the peer.
SOURCES: Final = {WHISPER_WORLD: 1, WAKU_WORLD: 5}
WHISPER, WAKU = 2, 3
NO_WORK: Final = StatusOptions(minimum_pow=1e300)
WANTS_ALL: Final = StatusOptions(minimum_pow=0.0, bloom=bloom_to_bytes(FULL_BLOOM))
TTL_S: Final = 100_000
ALL_ARRIVED_S: Final = 1000.0
STEPS: Final = 40

# So small that a handful of envelopes reaches every bound.
SMALL: Final = [
    (throttle, "QUEUE_COUNT_MAX", 8),
    (throttle, "WAITING_COUNT_MAX", 8),
    (throttle, "WAITING_PER_TOPIC_MAX", 3),
    (throttle, "TOPICS_MAX", 2),
    (throttle, "LOOKED_AT_PER_CALL", 4),
    (forwarding, "LOOKED_AT_PER_CALL", 4),
    (forwarding, "THROTTLED_COUNT_MAX", 8),
    (forwarding, "QUEUE_COUNT_MAX", 8),
]


def greeting(capability: Capability, said: StatusOptions) -> Packet:
    return Packet(0, encode_status(dialect_for(capability), said))


class Scene:
    """A relay, a source in each world, and a peer that never wants the same for long."""

    def __init__(self, seed: int) -> None:
        self.random: Final = random.Random(seed)
        choose = self.random.choice
        self.settings: Final = GossipSettings(
            minimum_pow=0.0,
            own_delay_s_max=choose([0.0, 0.2]),
            flush_delay_s_max=choose([0.0, 0.2]),
            packet_bytes_target=choose([300, 256_000]),
            transport=choose([Transport.BOTH, Transport.EITHER]),
            bridges=choose([True, False]),
        )
        self.bench: Final = Bench(settings=self.settings)
        self.bench.relay = Relay(self.settings, entropy=CountingEntropy(), dialects=DIALECTS)
        self.capability: Final = choose([WAKU_V0, WAKU_V1])
        self.sessions: Final = choose([(WAKU,), (WHISPER, WAKU)])
        self.arrived: Final = Counter[tuple[int, bytes]]()
        # In which worlds each pooled envelope is known.
        self.worlds: Final = dict[bytes, int]()
        self.own: Final = set[bytes]()
        self.blocked = self.paused = self.joined = False
        for world, peer in SOURCES.items():
            capability = WHISPER_V6 if world == WHISPER_WORLD else WAKU_V1
            self.tell(PeerJoined(peer, capability))
            self.feed(peer, greeting(capability, NO_WORK))

    def tell(self, event: GossipEvent) -> None:
        self._note(self.bench.handle(event))

    def feed(self, peer: int, *packets: Packet) -> None:
        self.tell(PeerPackets(peer, packets))

    def wait(self, seconds: float) -> None:
        self._note(self.bench.wait(seconds))

    def _note(self, outputs: list[GossipOutput]) -> None:
        assert not any(isinstance(output, PeerFailed) for output in outputs)
        for session in self.sessions:
            self.arrived.update((session, part.raw) for part in envelopes_to(session, outputs))

    def step(self, number: int) -> None:
        """Let something happen that is drawn."""
        takes = [self.relay, self.relay, self.post]
        steps = [self.repeat, self.press, self.pause, self.rest]
        steps += [self.change, self.change] if self.joined else [self.join]
        place = self.random.randrange(len(takes) + len(steps))
        if place < len(takes):
            takes[place](self.made(number))
        else:
            steps[place - len(takes)]()

    def made(self, number: int) -> Envelope:
        return make_envelope(
            number.to_bytes(2, "big") + bytes(self.random.choice([1, 100, 300])),
            topic=self.random.choice(TOPICS),
            ttl_s=TTL_S,
            sent_unix_s=self.bench.now.unix_whole_s,
            pow=0.0,
        )

    def relay(self, envelope: Envelope) -> None:
        world = self.random.choice(list(SOURCES))
        self.feed(SOURCES[world], messages(envelope))
        if self.bench.relay.pool.get(envelope.raw) is not None:
            self.worlds[envelope.raw] = self.worlds.get(envelope.raw, 0) | world

    def repeat(self) -> None:
        known = [entry.envelope for entry in self.bench.relay.pool.entries()]
        if known:
            self.relay(self.random.choice(known))

    def post(self, envelope: Envelope) -> None:
        self.tell(EnvelopePosted(envelope))
        self.own.add(envelope.raw)
        self.worlds[envelope.raw] = ALL_WORLDS

    def press(self) -> None:
        if self.joined:
            self.blocked = not self.blocked
            for session in self.sessions:
                self.tell(PeerBlocked(session) if self.blocked else PeerDrained(session))

    def pause(self) -> None:
        self.paused = not self.paused
        self.tell(ReceivingPaused(self.paused))

    def rest(self) -> None:
        self.wait(self.random.choice([0.0, 0.01, 0.1, 0.5, 1.0, 3.0, 11.0]))

    def join(self) -> None:
        self.joined = True
        twins = {WHISPER: WAKU, WAKU: WHISPER} if len(self.sessions) > 1 else {}
        hellos = {WAKU: greeting(self.capability, self.wishes())}
        if twins:
            self.tell(PeerJoined(WHISPER, WHISPER_V6, twin=WAKU))
            hellos[WHISPER] = greeting(WHISPER_V6, StatusOptions(minimum_pow=0.0))
        self.tell(PeerJoined(WAKU, self.capability, twin=twins.get(WAKU)))
        for peer in self.random.sample(list(hellos), len(hellos)):
            self.feed(peer, hellos[peer])

    def change(self) -> None:
        said = encode_options(dialect_for(self.capability), self.wishes())
        self.feed(WAKU, Packet(22, said))

    def wishes(self) -> StatusOptions:
        choose = self.random.choice
        topics = frozenset(self.random.sample(TOPICS, choose(range(6))))
        limits = choose([None, (0, 0, 0), (choose([0, 1, 5]), choose([0, 1, 50]), choose([0, 1]))])
        said = StatusOptions(minimum_pow=choose([None, 0.0, 0.0, 1e9]), rate_limits=limits)
        named = replace(said, topics=topics)
        return choose([said, named, replace(said, bloom=bloom_to_bytes(bloom_of_topics(topics)))])

    def end(self) -> None:
        """Let everything stand in nobody's way for long enough."""
        if not self.joined:
            self.join()
        if self.blocked:
            self.press()
        if self.paused:
            self.pause()
        self.feed(WAKU, Packet(22, encode_options(dialect_for(self.capability), WANTS_ALL)))
        self.wait(ALL_ARRIVED_S)

    def expected(self, session: int) -> set[bytes]:
        """Work out what a session has to get."""
        world = WAKU_WORLD if session == WAKU else WHISPER_WORLD
        is_quiet = session == WHISPER and self.settings.transport is Transport.EITHER
        return {
            raw
            for raw, worlds in self.worlds.items()
            if raw in self.own or ((self.settings.bridges or worlds & world) and not is_quiet)
        }


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 32), is_small=st.booleans())
def test_peer_gets_everything_once_whatever_it_wanted_meanwhile(seed: int, is_small: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in SMALL if is_small else []:
            patch.setattr(module, name, value)
        scene = Scene(seed)
        for number in range(STEPS):
            scene.step(number)
        scene.end()
    assert set(scene.arrived.values()) <= {1}
    for session in scene.sessions:
        assert {raw for peer, raw in scene.arrived if peer == session} == scene.expected(session)
