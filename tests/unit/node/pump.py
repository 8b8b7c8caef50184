"""Nodes wired back to back in memory: bytes arrive at once, time moves when a test says so."""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from seeded import SeededEntropy
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.filters import Filter, make_filter
from sottovoce.gossip.options import StatusOptions, encode_option_status
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0, WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1, WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.mail.carrying_out import carried_out
from sottovoce.mail.server_events import ArchiveWish
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import inputs
from sottovoce.node.effects import (
    AskArchive,
    CloseStream,
    Dial,
    Effect,
    MessageArrived,
    WriteBytes,
)
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings

START_UNIX_S: Final = 1_600_000_000.0
PORT: Final = 30303
TOPIC: Final = Topic(b"node")
SHARED: Final = SymmetricKey(b"shared key of thirty-two bytes!!")
LISTEN: Final[Filter] = make_filter(symmetric_key=SHARED, topics=[TOPIC])
MESSAGES: Final = 1
# A full node of status-go's kind, which deals in confirmations.
STATUS: Final = Packet(0, rlp.encode([6, 0, b"", 0, 1, [0, 0, 0]]))
_WAKU_STATUS: Final = StatusOptions(minimum_pow=0.0, light=False, confirmations=True)
STATUSES: Final = {
    WHISPER_V6: STATUS,
    WAKU_V0: Packet(0, encode_option_status(STATUS_GO_WAKU_V0, _WAKU_STATUS)),
    WAKU_V1: Packet(0, encode_option_status(STATUS_GO_WAKU_V1, _WAKU_STATUS)),
}
PROMPT: Final = GossipSettings(own_delay_s_max=0.0)

EffectT = TypeVar("EffectT")


class End(Protocol):
    """Whoever sits at the other end of a stream."""

    def receive(self, data: bytes) -> None: ...

    def hang_up(self) -> None: ...


def key_number(number: int) -> PrivateKey:
    """Return a private key that is the same in every run."""
    return secp256k1.private_key(number.to_bytes(32, "big"))


def post(
    request: int = 1,
    payload: bytes = b"hello",
    *,
    pow_target: float | None = 0.002,
    work_time_s: float = 5.0,
    target: PublicKey | None = None,
) -> inputs.PostMessage:
    """Return a wish to post to `TOPIC`."""
    return inputs.PostMessage(
        request=request,
        route=EnvelopeRoute(TOPIC, SHARED, key_number(99)),
        payload=payload,
        ttl_s=50,
        pow_target=pow_target,
        work_time_s=work_time_s,
        target=target,
    )


class Party:
    """One node and everything that it wanted done."""

    def __init__(self, pump: "Pump", key: PrivateKey, node: Node, host: str) -> None:
        self._pump = pump
        self.key = key
        self.node = node
        self.host = host
        self.effects: list[Effect] = []
        self.ends: dict[int, End] = {}
        self.archive = MemoryArchive()

    @property
    def enode(self) -> Enode:
        return Enode(self.node.public_key, self.host, PORT, PORT)

    def handle(self, event: inputs.Input) -> list[Effect]:
        """Give the node an input; its effects are carried out by `Pump.carry`."""
        effects = self.node.handle(event, self._pump.now)
        # What is due at once is due after what was said, as on a loop: filters open then.
        while (at := self.node.next_deadline()) is not None and at <= self._pump.now.monotonic_s:
            effects += self.node.handle(inputs.TimePassed(), self._pump.now)
        self.effects += effects
        for effect in effects:
            self._pump.perform(self, effect)
        return effects

    def command(self, event: inputs.Input) -> list[Effect]:
        """Give the node an input and let everything follow from it."""
        effects = self.handle(event)
        self._pump.carry()
        return effects

    def told(self, kind: type[EffectT]) -> list[EffectT]:
        """Return the effects of one kind, so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def heard(self) -> list[bytes]:
        """Return the payloads that filters opened."""
        return [fact.message.payload for fact in self.told(MessageArrived)]

    def stream_to(self, end: End) -> int:
        """Return the number of the stream whose other end this is."""
        return next(number for number, known in self.ends.items() if known is end)


class _PartyEnd:
    """A party's end of a stream, as the other side sees it."""

    def __init__(self, party: Party, stream: int) -> None:
        self._party = party
        self._stream = stream

    def receive(self, data: bytes) -> None:
        self._party.handle(inputs.StreamBytes(self._stream, data))

    def hang_up(self) -> None:
        if self._party.ends.pop(self._stream, None) is not None:
            self._party.handle(inputs.StreamClosed(self._stream))


class Pump:
    """The parties, the streams between them, and the time."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.parties: list[Party] = []
        self.answers_archive = True
        self._pending: deque[Callable[[], object]] = deque()
        self._next_stream = 0

    @property
    def now(self) -> Moment:
        return Moment(100.0 + self.passed_s, START_UNIX_S + self.passed_s)

    def add(
        self,
        *,
        host: str | None = None,
        settings: NodeSettings | None = None,
        gossip: GossipSettings = PROMPT,
        mail: ServerSettings | None = None,
    ) -> Party:
        """Put a node at an address, by default one of a private network."""
        number = len(self.parties) + 1
        key = key_number(number)
        node = Node(
            identity=key,
            client_id=f"party/{number}",
            entropy=SeededEntropy(number),
            settings=settings or NodeSettings(),
            gossip_settings=gossip,
            mail=mail,
        )
        party = Party(self, key, node, host or f"10.0.0.{number}")
        self.parties.append(party)
        return party

    def connect(self, one: Party, other: Party) -> None:
        """Let one party dial the other and both greet."""
        one.command(inputs.AddPeer(other.enode))

    def new_stream(self) -> int:
        self._next_stream += 1
        return self._next_stream

    def later(self, work: Callable[[], object]) -> None:
        self._pending.append(work)

    def carry(self) -> None:
        """Let everything happen that happens without time."""
        while self._pending:
            self._pending.popleft()()

    def wait(self, seconds: float) -> None:
        """Let time pass, each node waking when it asked for it."""
        end_s = self.passed_s + seconds
        while (next_s := self._next_deadline()) is not None and next_s <= end_s:
            self.passed_s = max(self.passed_s, next_s)
            for party in self.parties:
                party.handle(inputs.TimePassed())
            self.carry()
        self.passed_s = end_s

    def _next_deadline(self) -> float | None:
        found = [party.node.next_deadline() for party in self.parties]
        return min((at - 100.0 for at in found if at is not None), default=None)

    def perform(self, party: Party, effect: Effect) -> None:
        match effect:
            case WriteBytes(stream, data):
                end = party.ends.get(stream)
                if end is not None:
                    self.later(lambda: end.receive(data))
            case CloseStream(stream):
                self.later(lambda: self._close(party, stream))
            case Dial():
                self.later(lambda: self._dial(party, effect))
            case AskArchive(wish) if self.answers_archive:
                self.later(lambda: self._ask(party, wish))
            case _:
                pass

    def _ask(self, party: Party, wish: ArchiveWish) -> None:
        party.handle(inputs.ArchiveAnswered(carried_out(party.archive, wish)))

    def _close(self, party: Party, stream: int) -> None:
        end = party.ends.pop(stream, None)
        if end is not None:
            party.handle(inputs.StreamClosed(stream))
            end.hang_up()

    def _dial(self, party: Party, effect: Dial) -> None:
        target = next((other for other in self.parties if other.host == effect.host), None)
        if target is None:
            party.handle(inputs.DialFailed(effect.attempt, f"nobody is at {effect.host}"))
            return
        near, far = self.new_stream(), self.new_stream()
        party.ends[near] = _PartyEnd(target, far)
        target.ends[far] = _PartyEnd(party, near)
        target.handle(inputs.StreamAccepted(far, party.host))
        party.handle(inputs.DialSucceeded(effect.attempt, near, target.host))


class Stranger:
    """A peer that the test plays itself: a connection machine that dials a party."""

    def __init__(
        self,
        pump: Pump,
        party: Party,
        key: PrivateKey,
        *,
        address: str = "10.9.9.9",
        offers: tuple[Capability, ...] = (WHISPER_V6,),
    ) -> None:
        self._pump = pump
        self._party = party
        self._machine = Connection(
            ConnectionSettings("stranger/v1", offers),
            role=wire.Role.INITIATOR,
            identity=key,
            remote=party.node.public_key,
            entropy=SeededEntropy(7),
        )
        self.packets: list[Packet] = []
        self.heard: dict[str, list[Packet]] = {}
        self.shared: tuple[Capability, ...] = ()
        self.end: wire.ConnectionEnded | None = None
        self._open = True
        self.received_bytes = 0
        self.stream = pump.new_stream()
        party.ends[self.stream] = self
        party.handle(inputs.StreamAccepted(self.stream, address))

    def call(self) -> "Stranger":
        """Shake hands and say Hello."""
        self._apply(wire.StreamOpened())
        self._pump.carry()
        return self

    def greet(self) -> "Stranger":
        """Connect so far that envelopes flow."""
        self.call()
        for capability in self.shared:
            self.send(STATUSES[capability], on=capability.name)
        return self

    def send(self, *packets: Packet, on: str = WHISPER_V6.name) -> None:
        """Send packets of one subprotocol in one piece."""
        self._apply(wire.PacketsSubmitted(on, packets))
        self._pump.carry()

    def send_bytes(self, data: bytes) -> None:
        """Send bytes past the connection machine."""
        self._deliver(data)
        self._pump.carry()

    def sealed(self, code: int, payload: bytes) -> bytes:
        """Return the frame of a packet with its code on the wire, unsent."""
        return self._machine._frame_writer().write(code, payload)

    def is_open(self) -> bool:
        """Tell whether the party has not closed the stream."""
        return self._open

    def envelopes(self, on: str | None = None) -> list[Packet]:
        """Return the packets of envelopes that came, on one subprotocol or on all."""
        packets = self.packets if on is None else self.heard.get(on, [])
        return [packet for packet in packets if packet.code == MESSAGES]

    def receive(self, data: bytes) -> None:
        self.received_bytes += len(data)
        self._apply(wire.BytesReceived(data))

    def hang_up(self) -> None:
        self._open = False

    def _apply(self, event: wire.ConnectionEvent) -> None:
        for output in self._machine.handle(event, self._pump.now):
            match output:
                case wire.BytesToSend(data):
                    self._deliver(data)
                case wire.PeerIdentified():
                    self._apply(wire.Admitted())
                case wire.PacketsReceived(protocol, packets):
                    self.packets += packets
                    self.heard.setdefault(protocol, []).extend(packets)
                case wire.PeerReady(_, shared):
                    self.shared = shared
                case wire.ConnectionEnded():
                    self.end = output
                case wire.LargeFrameChanged():
                    pass

    def _deliver(self, data: bytes) -> None:
        arrived = inputs.StreamBytes(self.stream, data)
        self._pump.later(lambda: self._party.handle(arrived))
