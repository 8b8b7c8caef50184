"""Relays wired back to back in memory: packets arrive at once, time moves when a test says so."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import Dialect, StatusForm
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope, decode_envelopes
from sottovoce.gossip.events import (
    EnvelopePosted,
    GossipEvent,
    GossipOutput,
    PacketsToSend,
    PeerJoined,
    PeerPackets,
    TimePassed,
)
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.whisper_v6 import STATUS_GO, WHISPER_V6

START_UNIX_S: Final = 1_600_000_000
MESSAGES: Final = 1
TOPIC: Final = Topic(b"\x01\x02\x03\x04")
OTHER_TOPIC: Final = Topic(b"\x90\xa0\xb0\x00")


class CountingEntropy:
    """Bytes that differ at each call and are the same in each run."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, size_bytes: int) -> bytes:
        self._taken += 1
        return (self._taken * 0x9E3779B97F4A7C15).to_bytes(32, "little")[:size_bytes]


def make_envelope(
    data: bytes = b"sealed",
    *,
    topic: Topic = TOPIC,
    ttl_s: int = 50,
    sent_unix_s: int = START_UNIX_S,
    pow: float = 0.01,
) -> Envelope:
    """Make an envelope with at least this much work."""
    unmined = UnminedEnvelope(sent_unix_s + ttl_s, ttl_s, topic, data)
    return mine(unmined, pow, 1_000_000)


def status(*, pow_bits: int = 0, bloom: bytes = b"", light: int = 0, items: int = 6) -> Packet:
    """Make the status of a peer, by default that of a full status-go node."""
    said: list[rlp.Encodable] = [6, pow_bits, bloom, light, 1, (0, 0, 0)]
    return Packet(0, rlp.encode(said[:items]))


# The status of a full node of status-go, in each form.
STATUSES: Final = {
    StatusForm.POSITIONS: status(),
    StatusForm.VERSION_AND_OPTIONS: Packet(0, rlp.encode((0, ((b"0", 0), (b"3", 1))))),
    StatusForm.OPTIONS: Packet(0, rlp.encode(((0, 0), (3, 1)))),
}


def messages(*envelopes: Envelope) -> Packet:
    """Make a packet of envelopes."""
    return Packet(MESSAGES, rlp.encode_list([envelope.raw for envelope in envelopes]))


class Bench:
    """One relay whose peers are played by the test."""

    def __init__(
        self,
        *,
        dialect: Dialect = STATUS_GO,
        own_delay_s_max: float = 0.0,
        settings: GossipSettings | None = None,
    ) -> None:
        self.settings = settings or GossipSettings(own_delay_s_max=own_delay_s_max)
        self.relay = Relay(
            self.settings,
            entropy=CountingEntropy(),
            dialects={(dialect.capability.name, dialect.capability.version): dialect},
        )
        self.dialect = dialect
        self.passed_s = 0.0

    @property
    def now(self) -> Moment:
        return Moment(100.0 + self.passed_s, START_UNIX_S + self.passed_s)

    def handle(self, event: GossipEvent) -> list[GossipOutput]:
        outputs = self.relay.handle(event, self.now)
        # What is due at once: opening, and what one call did not send.
        while (at := self.relay.next_deadline()) is not None and at <= self.now.monotonic_s:
            outputs += self.relay.handle(TimePassed(), self.now)
        return outputs

    def join(self, peer: int, *, trusted: bool = False) -> list[GossipOutput]:
        return self.handle(PeerJoined(peer, self.dialect.capability, trusted=trusted))

    def greet(
        self, peer: int, hello: Packet | None = None, *, trusted: bool = False
    ) -> list[GossipOutput]:
        self.join(peer, trusted=trusted)
        return self.feed(peer, hello or STATUSES[self.dialect.status_form])

    def feed(self, peer: int, *packets: Packet) -> list[GossipOutput]:
        return self.handle(PeerPackets(peer, packets))

    def post(self, envelope: Envelope) -> list[GossipOutput]:
        return self.handle(EnvelopePosted(envelope))

    def wait(self, seconds: float) -> list[GossipOutput]:
        """Let time pass, with `TimePassed` at each deadline on the way and at the end."""
        end_s = self.passed_s + seconds
        outputs: list[GossipOutput] = []
        while (at := self.relay.next_deadline()) is not None and at - 100.0 <= end_s:
            self.passed_s = max(self.passed_s, at - 100.0)
            outputs += self.handle(TimePassed())
        self.passed_s = end_s
        return outputs + self.handle(TimePassed())

    def session(self, peer: int) -> Session:
        session = self.relay.peer(peer)
        assert session is not None
        return session


def packets_to(peer: int, outputs: Iterable[GossipOutput]) -> list[Packet]:
    """Return all packets for one peer, in their order."""
    return [
        packet
        for output in outputs
        if isinstance(output, PacketsToSend) and output.peer == peer
        for packet in output.packets
    ]


def envelopes_to(peer: int, outputs: Iterable[GossipOutput]) -> list[Envelope]:
    """Return all envelopes in `messages` packets for one peer."""
    return [
        envelope
        for packet in packets_to(peer, outputs)
        if packet.code == MESSAGES
        for envelope in decode_envelopes(packet.payload)
    ]


def hashes_to(peer: int, outputs: Iterable[GossipOutput]) -> list[EnvelopeHash]:
    """Return the hashes of all envelopes for one peer."""
    return [envelope.hash for envelope in envelopes_to(peer, outputs)]


@dataclass
class Node:
    """One relay of a network, what came out of it, and whom its peers stand for."""

    relay: Relay
    outputs: list[GossipOutput] = field(default_factory=list)
    neighbours: list["Node"] = field(default_factory=list)

    def of_kind(self, *kinds: type) -> list[GossipOutput]:
        return [output for output in self.outputs if isinstance(output, kinds)]

    def number_of(self, other: "Node") -> int:
        return next(i for i, node in enumerate(self.neighbours) if node is other)


class Network:
    """Some relays and the links between them; a peer's number is its place in the list."""

    def __init__(self, count: int, settings: GossipSettings) -> None:
        self.nodes = [Node(Relay(settings, entropy=CountingEntropy())) for _ in range(count)]
        self.passed_s = 0.0
        self.carried: list[tuple[Node, Node, Packet]] = []

    @property
    def now(self) -> Moment:
        return Moment(self.passed_s, START_UNIX_S + self.passed_s)

    def connect(self, a: int, b: int) -> None:
        one, other = self.nodes[a], self.nodes[b]
        one.neighbours.append(other)
        other.neighbours.append(one)
        pending = [(one, PeerJoined(one.number_of(other), WHISPER_V6))]
        pending.append((other, PeerJoined(other.number_of(one), WHISPER_V6)))
        first = [(node, self._apply(node, event)) for node, event in pending]
        for node, packets in first:
            self._carry(node, packets)

    def handle(self, index: int, event: GossipEvent) -> None:
        node = self.nodes[index]
        self._carry(node, self._apply(node, event))

    def wait(self, seconds: float) -> None:
        """Let time pass, each relay waking when it asked for it."""
        end_s = self.passed_s + seconds
        while (next_s := self._next_deadline()) is not None and next_s <= end_s:
            self.passed_s = max(self.passed_s, next_s)
            for index in range(len(self.nodes)):
                self.handle(index, TimePassed())
        self.passed_s = end_s

    def _next_deadline(self) -> float | None:
        found = [node.relay.next_deadline() for node in self.nodes]
        return min((at for at in found if at is not None), default=None)

    def _apply(self, node: Node, event: GossipEvent) -> list[PacketsToSend]:
        outputs = node.relay.handle(event, self.now)
        node.outputs += outputs
        return [output for output in outputs if isinstance(output, PacketsToSend)]

    def _carry(self, sender: Node, sent: list[PacketsToSend]) -> None:
        for output in sent:
            receiver = sender.neighbours[output.peer]
            self.carried += [(sender, receiver, packet) for packet in output.packets]
            arrived = PeerPackets(receiver.number_of(sender), output.packets)
            self._carry(receiver, self._apply(receiver, arrived))
