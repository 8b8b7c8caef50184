"""A relay and one peer of it, set up as the packet vectors of both worlds describe their node."""

from collections.abc import Mapping
from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.quantities import topic as checked_topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import Dialect, StatusForm
from sottovoce.gossip.envelope import Envelope, decode_envelope, decode_envelopes
from sottovoce.gossip.events import (
    BloomChanged,
    EnvelopesToArchive,
    FilterInstalled,
    GossipEvent,
    GossipOutput,
    PacketsToSend,
    PeerFailed,
    PeerJoined,
    PeerPackets,
    RequestCompleted,
    SyncReceived,
    TimePassed,
)
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.wishes import pow_to_bits
from vectors.text import unhex

PEER: Final = 1
# A peer of which nothing is known but that it asks for no work: what a recorded node holds of one
# before its status, which the recordings of single packets leave out.
STATUSES: Final[Mapping[StatusForm, Packet]] = {
    StatusForm.POSITIONS: Packet(0, rlp.encode((6,))),
    StatusForm.VERSION_AND_OPTIONS: Packet(0, rlp.encode((0, ((b"0", 0),)))),
    StatusForm.OPTIONS: Packet(0, rlp.encode(((0, 0),))),
}
# What makes it one of status-go's nodes: in Whisper the number of items.
STATUS_GO_STATUSES: Final[Mapping[StatusForm, Packet]] = {
    **STATUSES,
    StatusForm.POSITIONS: Packet(0, rlp.encode((6, 0, b"", 0, 0, (0, 0, 0)))),
}
_FILTER_KEY: Final = SymmetricKey(b"\x01" * 32)
_LONG_AGO_S: Final = 1000.0  # settings were made so long before the packet
_YEAR_S: Final = 365 * 24 * 3600


class FixedEntropy:
    """No delay is ever drawn here; whatever is taken is zeros."""

    def take(self, size_bytes: int) -> bytes:
        return bytes(size_bytes)


class Scene:
    """The node of one vector, and everything that came out of it since the packet."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        now_s: float,
        settings: GossipSettings | None = None,
        trusted: bool = False,
        bloom: bytes = b"",
        topics: tuple[Topic, ...] = (),
    ) -> None:
        name, version, _ = dialect.capability
        self.dialect = dialect
        self.relay = Relay(
            settings or GossipSettings(own_delay_s_max=0.0),
            entropy=FixedEntropy(),
            dialects={(name, version): dialect},
        )
        self.now = Moment(_LONG_AGO_S, now_s)
        before = Moment(0.0, now_s - _LONG_AGO_S)
        if bloom:
            self.relay.handle(BloomChanged(bloom), before)
        if topics:
            self.relay.handle(FilterInstalled(0, wanting(topics)), before)
            self.relay.handle(TimePassed(), before)
        joined = PeerJoined(PEER, dialect.capability, trusted=trusted)
        self.greeting = packets_of(self.relay.handle(joined, self.now))
        self.outputs: list[GossipOutput] = []

    @property
    def session(self) -> Session:
        session = self.relay.peer(PEER)
        assert session is not None
        return session

    @property
    def statistics(self) -> RelayStatistics:
        return self.relay.statistics

    def handle(self, event: GossipEvent) -> list[GossipOutput]:
        outputs = self.relay.handle(event, self.now)
        self.outputs += outputs
        return outputs

    def feed(self, packet: Packet) -> list[GossipOutput]:
        return self.handle(PeerPackets(PEER, (packet,)))

    def greet(self, status: Packet | None = None) -> None:
        said = status or STATUSES[self.dialect.status_form]
        self.relay.handle(PeerPackets(PEER, (said,)), self.now)
        # The recorded node answers every peer with confirmations, ours only nodes of its own kind.
        self.session.reads_confirmations = self.dialect.answers_confirmations
        assert self.session.is_greeted

    def packets(self) -> list[Packet]:
        return packets_of(self.outputs)

    def connection_kept(self) -> bool:
        return not any(isinstance(output, PeerFailed) for output in self.outputs)

    def direct_queue_count(self) -> int:
        """Count what Go would have put into its queue for direct messages."""
        completed = sum(isinstance(output, RequestCompleted) for output in self.outputs)
        return self.statistics.offered_direct + completed

    def archived(self) -> list[str]:
        envelopes: list[Envelope] = []
        for output in self.outputs:
            if isinstance(output, EnvelopesToArchive | SyncReceived):
                envelopes += output.envelopes
        return sorted(text(envelope.hash) for envelope in envelopes)


def packets_of(outputs: list[GossipOutput]) -> list[Packet]:
    """Return all packets for the peer, in their order."""
    return [
        packet
        for output in outputs
        if isinstance(output, PacketsToSend)
        for packet in output.packets
    ]


def text(raw: bytes) -> str:
    """Write bytes as the files do."""
    return "0x" + raw.hex()


def packet_of(recorded: dict[str, Any]) -> Packet:
    """Read a packet of the file."""
    return Packet(recorded["code"], unhex(recorded["payload"]))


def topics_of(named: list[str]) -> tuple[Topic, ...]:
    """Read topics of the file."""
    return tuple(checked_topic(unhex(part)) for part in named)


def wanting(topics: tuple[Topic, ...]) -> Filter:
    """Return a filter for these topics."""
    return Filter(_FILTER_KEY, frozenset(topics))


def check_peer(session: Session, expected: dict[str, Any]) -> None:
    """Compare what is known of the peer with what the Go code knew of it."""
    wishes = session.wishes
    assert text(wishes.announced_bloom) == expected["bloom_filter"]
    assert wishes.is_full_node == expected["full_node"]
    bits = int(expected["pow_requirement"]["ieee754_bits"], 16)
    assert pow_to_bits(wishes.minimum_pow) == bits
    if "confirmations_enabled" in expected:
        assert session.confirmations == expected["confirmations_enabled"]
    if "rate_limits" in expected:
        assert list(wishes.rate_limits) == expected["rate_limits"]
    if "topic_interest" in expected:
        named = None if wishes.topics is None else sorted(map(text, wishes.topics))
        assert named == expected["topic_interest"]


def time_after_all(payload: bytes) -> float:
    """Return a time a year after every envelope of the payload has expired."""
    expiries = [envelope.expiry_unix_s for envelope in _envelopes_of(payload)]
    return float(max(expiries, default=0) + _YEAR_S)


def _envelopes_of(payload: bytes) -> list[Envelope]:
    try:
        return decode_envelopes(payload)
    except RemoteProtocolError:
        pass
    try:
        return [decode_envelope(payload)]
    except RemoteProtocolError:
        return []
