"""Networks of nodes that speak one world, or both, with a bridge or without: who gets what.

The oracle follows an envelope from node to node by the worlds in which each of them has it.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.gossip.envelope import Envelope, decode_envelopes
from sottovoce.gossip.events import (
    EnvelopePosted,
    GossipEvent,
    PacketsToSend,
    PeerFailed,
    PeerJoined,
    PeerPackets,
    TimePassed,
)
from sottovoce.gossip.registry import capabilities_for
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from unit.gossip.network import MESSAGES, START_UNIX_S, CountingEntropy, make_envelope

BRIDGE = GossipSettings(own_delay_s_max=0.0)
SMALL = replace(BRIDGE, pool_bytes_max=4000)
APART = replace(BRIDGE, bridges=False)
WHISPER_ONLY = replace(BRIDGE, transport=Transport.WHISPER)
WAKU_ONLY = replace(BRIDGE, transport=Transport.WAKU)
KINDS = (WHISPER_ONLY, WAKU_ONLY, BRIDGE, APART)


class Network:
    """Relays with links between them, on which packets are on their way until a test says so."""

    def __init__(self, kinds: list[GossipSettings], links: set[tuple[int, int]]) -> None:
        self.kinds = kinds
        self.relays = [Relay(kind, entropy=CountingEntropy()) for kind in kinds]
        # How often an envelope was sent, by the nodes at both ends of its way and by session.
        self.sent: Counter[tuple[int, int, str, bytes]] = Counter()
        self.failed: list[PeerFailed] = []
        self._on_way: dict[tuple[int, int], deque[tuple[str, Packet]]] = {}
        self._now = Moment(0.0, START_UNIX_S)
        for one, other in links:
            self._connect(one, other)

    def _connect(self, one: int, other: int) -> None:
        offered = [
            {name for name, _, _ in capabilities_for(self.kinds[node].transport)}
            for node in (one, other)
        ]
        shared = [name for name in ("shh", "waku") if all(name in names for names in offered)]
        for node, peer in ((one, other), (other, one)):
            self._on_way[node, peer] = deque()
        for name in shared:
            capability = WHISPER_V6 if name == "shh" else WAKU_V1
            for node, peer in ((one, other), (other, one)):
                twin = number_of(peer, OTHER[name]) if len(shared) == 2 else None
                self.tell(node, PeerJoined(number_of(peer, name), capability, twin=twin))

    def tell(self, node: int, event: GossipEvent) -> None:
        """Give a relay an event; what it sends is on its way from then on."""
        relay = self.relays[node]
        outputs = relay.handle(event, self._now)
        while (at := relay.next_deadline()) is not None and at <= self._now.monotonic_s:
            outputs += relay.handle(TimePassed(), self._now)
        for output in outputs:
            if isinstance(output, PacketsToSend):
                peer, name = output.peer // 2, ("shh", "waku")[output.peer % 2]
                for packet in output.packets:
                    self._on_way[node, peer].append((name, packet))
                    self._count(node, peer, name, packet)
            elif isinstance(output, PeerFailed):
                self.failed.append(output)

    def _count(self, node: int, peer: int, name: str, packet: Packet) -> None:
        if packet.code == MESSAGES:
            for envelope in decode_envelopes(packet.payload):
                self.sent[node, peer, name, envelope.hash] += 1

    def carry(
        self, pick: Callable[[int], int] = lambda _: 0, *, count_max: int | None = None
    ) -> None:
        """Let everything arrive, or so many packets; which way goes on next is picked."""
        count = 0
        while waiting := sorted(way for way, packets in self._on_way.items() if packets):
            if count == count_max:
                return
            count += 1
            node, peer = waiting[pick(len(waiting))]
            name, packet = self._on_way[node, peer].popleft()
            self.tell(peer, PeerPackets(number_of(node, name), (packet,)))

    @property
    def passed_s(self) -> float:
        return self._now.monotonic_s

    def pass_time(self, duration_s: float) -> None:
        """Let everybody know that it is later."""
        passed_s = self._now.monotonic_s + duration_s
        self._now = Moment(passed_s, START_UNIX_S + passed_s)
        for node in range(len(self.relays)):
            self.tell(node, TimePassed())

    def holders(self, envelope: Envelope) -> set[int]:
        """Return the nodes that have an envelope."""
        return {
            node
            for node, relay in enumerate(self.relays)
            if relay.pool.get(envelope.raw) is not None
        }

    def reached_from(self, start: int, links: set[tuple[int, int]]) -> set[int]:
        """Work out whom an envelope reaches, by the worlds in which each node has it."""
        names = [{name for name, _, _ in capabilities_for(kind.transport)} for kind in self.kinds]
        found = {(start, name) for name in names[start]}
        ways = links | {(other, one) for one, other in links}
        while True:
            reached = {
                (peer, name) for node, peer in ways for name in names[peer] if (node, name) in found
            }
            reached |= {
                (node, name)
                for node, _ in found | reached
                if self.kinds[node].bridges
                for name in names[node]
            }
            if reached <= found:
                return {node for node, _ in found}
            found |= reached


OTHER = {"shh": "waku", "waku": "shh"}


def number_of(peer: int, name: str) -> int:
    return 2 * peer + (name == "waku")


def test_ring_of_bridges_passes_each_envelope_once_on_each_link() -> None:
    links = {(0, 1), (1, 2), (2, 0)}
    network = Network([BRIDGE] * 3, links)
    network.carry()
    envelopes = [make_envelope(bytes([number])) for number in range(6)]
    for number, envelope in enumerate(envelopes):
        network.tell(number % 3, EnvelopePosted(envelope))
        network.carry()
    assert {network.holders(envelope) == {0, 1, 2} for envelope in envelopes} == {True}
    assert {name for _, _, name, _ in network.sent} == {"waku"}
    # Each relay sends it to each neighbour that did not send it before: on the third link of a ring
    # the two copies cross.
    by_link = Counter((frozenset({node, peer}), hash) for node, peer, _, hash in network.sent)
    assert sorted(by_link.values()) == [1] * 12 + [2] * 6
    assert set(network.sent.values()) == {1}


def test_ring_of_bridges_between_networks_of_one_world_has_no_loop() -> None:
    # Two bridges side by side between a Whisper node and a Waku node: the classical loop.
    network = Network([WHISPER_ONLY, BRIDGE, BRIDGE, WAKU_ONLY], {(0, 1), (0, 2), (1, 3), (2, 3)})
    network.carry()
    envelope = make_envelope()
    network.tell(0, EnvelopePosted(envelope))
    network.carry()
    assert network.holders(envelope) == {0, 1, 2, 3}
    # The last node answers the first copy by handing it to the other bridge, which has it by then.
    assert sum(network.sent.values()) == 5
    assert set(network.sent.values()) == {1}


@pytest.mark.parametrize("count", [3, 4, 5])
def test_full_pools_of_a_ring_let_nothing_go_round(count: int) -> None:
    random = Random(count)
    # Who posts keeps everything; what the bridges put out comes again from a slower neighbour.
    ring = {(node, node % count + 1) for node in range(1, count + 1)}
    network = Network([BRIDGE] + [SMALL] * count, ring | {(0, node) for node in (1, 2)})
    network.carry()
    for number in range(150):
        envelope = make_envelope(
            number.to_bytes(2, "big") * random.choice((1, 25, 100)),
            pow=random.choice((0.01, 0.02, 0.05)),
            ttl_s=random.choice((2, 5, 60)),
            sent_unix_s=int(START_UNIX_S + network.passed_s),
        )
        network.tell(0, EnvelopePosted(envelope))
        network.carry(random.randrange, count_max=random.randrange(20))
        if random.random() < 0.3:
            network.pass_time(random.choice((0.2, 1.0)))
    network.carry(random.randrange)
    assert sum(relay.statistics.envelopes_evicted for relay in network.relays) > 0
    assert set(network.sent.values()) == {1}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_every_envelope_reaches_whom_it_may_and_nobody_twice(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=6))
    pairs = [(one, other) for other in range(len(kinds)) for one in range(other)]
    links = data.draw(st.sets(st.sampled_from(pairs)))
    network = Network(kinds, links)
    random = data.draw(st.randoms(use_true_random=False))
    network.carry(random.randrange)
    posts = data.draw(st.lists(st.sampled_from(range(len(kinds))), min_size=1, max_size=3))
    envelopes = [make_envelope(bytes([number])) for number in range(len(posts))]
    for node, envelope in zip(posts, envelopes, strict=True):
        network.tell(node, EnvelopePosted(envelope))
    network.carry(random.randrange)
    assert network.failed == []
    for node, envelope in zip(posts, envelopes, strict=True):
        assert network.holders(envelope) == network.reached_from(node, links)
    assert set(network.sent.values()) <= {1}
    # Between two bridges nothing goes in both worlds.
    doubled = {
        (node, peer)
        for node, peer, name, hash in network.sent
        if (node, peer, OTHER[name], hash) in network.sent
    }
    assert not any(kinds[node] is BRIDGE and kinds[peer] is BRIDGE for node, peer in doubled)
