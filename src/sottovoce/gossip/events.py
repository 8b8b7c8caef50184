"""What goes into the relay and what comes out of it.

Peers are small integers that the node chooses; keys and chats never appear here. The grain is a
packet or a flush: single envelopes go up only when a filter opened them.

Spec: EIP-627 (packets); whisper/whisperv6 and status-go whisper (behaviour).
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.base.values import packet_value
from sottovoce.gossip.dialect import WHISPER_WORLD
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.gossip.sync_packets import SyncRequest


class Drop(Enum):
    """Why an envelope was not pooled; each reason has its counter."""

    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    VERY_OLD = "very old"
    FUTURE = "from the future"
    TOO_LARGE = "too large"
    LOW_POW = "low proof of work"
    BLOOM = "does not match the bloom filter"
    TOPICS = "does not match the topic interest"
    POOL_FULL = "the pool is full of better envelopes"
    OVER_LIMIT = "over a limit for its topic"


class Failure(Enum):
    """Why a peer's session ended by our decision; each reason has its counter."""

    BROKEN_PACKET = "a packet broke the protocol"
    NO_STATUS = "the status did not come in time"
    REFUSED_ENVELOPE = "an envelope was refused"
    REFUSED_SYNC = "a request for sync was refused"
    FLOOD = "too much useless work"
    LIMITS = "too many packets or bytes over our limits"


class Excess(Enum):
    """Which limit of ours a peer exceeded; each has its counter."""

    ADDRESS_PACKETS = "packets from an address"
    ADDRESS_BYTES = "bytes from an address"
    PEER_PACKETS = "packets from a peer"
    PEER_BYTES = "bytes from a peer"
    TOPIC_ENVELOPES = "envelopes on a topic from a peer"
    TOPIC_BYTES = "bytes on a topic from a peer"


# ---- events


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """A connection is ready; `capability` names the dialect spoken on it.

    Attributes:
        peer: The number of this session; a connection that carries both worlds has two.
        capability: What is spoken.
        trusted: Whether direct messages are taken from it at any time.
        address: The host at its other end, which limits are counted by.
        exempt: Whether no limit is enforced on it.
        twin: The number of the connection's other session, or None.
    """

    peer: int
    capability: Capability
    trusted: bool = False
    address: str = ""
    exempt: bool = False
    twin: int | None = None


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """A connection is gone."""

    peer: int


@packet_value
class PeerPackets:
    """Packets arrived from a peer, codes relative to the subprotocol."""

    peer: int
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class PeerBlocked:
    """The peer's socket takes no more for now: keep envelopes queued."""

    peer: int


@dataclass(frozen=True, slots=True)
class PeerDrained:
    """The peer's socket takes bytes again."""

    peer: int


@dataclass(frozen=True, slots=True)
class PeerTrustChanged:
    """Direct messages are taken from trusted peers only."""

    peer: int
    trusted: bool


@dataclass(frozen=True, slots=True)
class EnvelopePosted:
    """An envelope of our own, mined."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class DirectPosted:
    """Send envelopes to one peer only, past its pool (code 127)."""

    peer: int
    envelopes: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class DirectRequestPosted:
    """Send a request (code 126, RLP body made by the mail layer).

    Until `DirectRequestClosed` the peer's answers are handed up, and nobody else's.
    """

    peer: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class DirectRequestClosed:
    """No request to this peer is open any more: what it still sends past the pool is skipped."""

    peer: int


@dataclass(frozen=True, slots=True)
class DirectOffered:
    """Let the filters for direct messages try these envelopes, which `DirectReceived` brought."""

    envelopes: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class OpeningMarked:
    """Answer `OpenedUpTo` when the filters have tried all that waits for them now."""

    mark: int


@dataclass(frozen=True, slots=True)
class ArchivedPosted:
    """Send envelopes of an archive to a peer, as they are, in one packet (code 127).

    They go one by one to a peer that takes no lists.
    """

    peer: int
    envelopes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class DirectRequestAnswered:
    """Tell a peer how its request for history ended (code 125, `encode_completion_body`)."""

    peer: int
    body: bytes


@dataclass(frozen=True, slots=True)
class SyncRequestPosted:
    """Ask a mailserver for its archive (code 123); its answers count only if it is trusted."""

    peer: int
    request: SyncRequest


@dataclass(frozen=True, slots=True)
class SyncAnswered:
    """Send archived envelopes to a peer that asked for sync, in one packet (code 124).

    Attributes:
        peer: Who asked.
        envelopes: RLP of each; together they fit a packet.
        cursor: Where the next request goes on; empty when there is no more.
        final: Whether this is the end of the answer.
    """

    peer: int
    envelopes: tuple[bytes, ...]
    cursor: bytes = b""
    final: bool = False


@dataclass(frozen=True, slots=True)
class SyncRefused:
    """A peer's request for sync is refused with a text; the connection ends, as it does in Go."""

    peer: int
    detail: str


@dataclass(frozen=True, slots=True)
class FilterInstalled:
    """Open matching envelopes from now on.

    Attributes:
        number: Names the filter in `MessageOpened`.
        filter: What it wants.
        searches_pool: Whether it is tried on what is in the pool already, too.
    """

    number: int
    filter: Filter
    searches_pool: bool = False


@dataclass(frozen=True, slots=True)
class FilterRemoved:
    """Stop opening for this filter."""

    number: int


@dataclass(frozen=True, slots=True)
class MinimumPowChanged:
    """Refuse less work from now on (the old value is tolerated for a while) and tell the peers."""

    minimum_pow: float


@dataclass(frozen=True, slots=True)
class BloomChanged:
    """Take only matching envelopes from now on; 64 bytes. The peers are told."""

    bloom: bytes


@dataclass(frozen=True, slots=True)
class ReceivingPaused:
    """Tell the peers that we want nothing and pass nothing on, or go on as before.

    Our own envelopes leave meanwhile.
    """

    paused: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The moment of `next_deadline` has come (or may have)."""


# What our own program wants sent: to one peer, or to all.
PeerPost: TypeAlias = (
    DirectPosted
    | DirectRequestPosted
    | DirectRequestAnswered
    | ArchivedPosted
    | SyncRequestPosted
    | SyncAnswered
    | SyncRefused
)
PostEvent: TypeAlias = EnvelopePosted | PeerPost
# What our own program wants of us from now on.
SettingEvent: TypeAlias = (
    FilterInstalled | FilterRemoved | MinimumPowChanged | BloomChanged | ReceivingPaused
)
# What happens to the connections, and what we believe of those behind them.
PeerEvent: TypeAlias = (
    PeerBlocked | PeerDrained | PeerJoined | PeerLeft | PeerTrustChanged | DirectRequestClosed
)
# What is opened past the pool, and when.
OpeningEvent: TypeAlias = DirectOffered | OpeningMarked

GossipEvent: TypeAlias = (
    PeerPackets | TimePassed | PeerEvent | PostEvent | SettingEvent | OpeningEvent
)

# ---- outputs


@packet_value
class PacketsToSend:
    """Send these packets to a peer."""

    peer: int
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class PeerFailed:
    """The peer broke the subprotocol: end the connection (`detail` for people, no secrets)."""

    peer: int
    detail: str
    failure: Failure = Failure.BROKEN_PACKET


@dataclass(frozen=True, slots=True)
class PeerGreeted:
    """The peer's status arrived and was accepted: envelopes flow."""

    peer: int


@dataclass(frozen=True, slots=True)
class MessageOpened:
    """An envelope that filters opened; `direct` if it came past the pool from a trusted peer."""

    filters: tuple[int, ...]
    message: OpenedMessage
    direct: bool


@dataclass(frozen=True, slots=True)
class OpenedUpTo:
    """The filters have tried all that waited when this was marked; what they opened came before."""

    mark: int


@dataclass(frozen=True, slots=True)
class PostRefused:
    """Our own envelope did not pass the checks that every envelope passes."""

    hash: EnvelopeHash
    reason: Drop


@dataclass(frozen=True, slots=True)
class PostAccepted:
    """Our own envelope is pooled and will travel."""

    hash: EnvelopeHash


@dataclass(frozen=True, slots=True)
class EnvelopesSent:
    """These envelopes of our own went out to a peer for the first time."""

    peer: int
    hashes: tuple[EnvelopeHash, ...]


@dataclass(frozen=True, slots=True)
class BatchConfirmed:
    """A peer acknowledged a `messages` packet in which envelopes of our own travelled.

    Attributes:
        peer: Who answered.
        batch: Keccak-256 of the packet's payload.
        refused: Envelope hash and the peer's words for each of our own that it did not take.
        accepted: Hashes of our own envelopes in the packet that it took.
    """

    peer: int
    batch: EnvelopeHash
    refused: tuple[tuple[EnvelopeHash, str], ...]
    accepted: tuple[EnvelopeHash, ...] = ()


@dataclass(frozen=True, slots=True)
class DirectRequestReceived:
    """A request for history (code 126) while we serve mail.

    Attributes:
        peer: Who asks.
        payload: The RLP body of the packet, whole.
        world: Whose servers the peer takes us for, `Dialect.world`.
    """

    peer: int
    payload: bytes
    world: int = WHISPER_WORLD


@dataclass(frozen=True, slots=True)
class DirectReceived:
    """Envelopes that a peer sent past the pool while a request to it is open; nobody opened them.

    Attributes:
        peer: Who sent them.
        envelopes: One or more; nothing in them was checked.
        trusted: Whether the peer's direct messages are taken at any time.
    """

    peer: int
    envelopes: tuple[Envelope, ...]
    trusted: bool


@dataclass(frozen=True, slots=True)
class RequestCompleted:
    """A peer that is trusted, or was asked, says that a request is done (code 125).

    Attributes:
        peer: Who answered.
        request_id: 32 bytes.
        last_envelope: Hash of the last envelope sent, 32 bytes, zeros if none.
        cursor: 36 bytes, or empty when there is no more.
        error: The server's words if the request failed, else None.
    """

    peer: int
    request_id: bytes
    last_envelope: bytes
    cursor: bytes
    error: str | None


@dataclass(frozen=True, slots=True)
class EnvelopesToArchive:
    """Envelopes newly pooled while we serve mail, received and our own, in order."""

    envelopes: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class SyncRequested:
    """A peer asks for our archive (code 123) while we serve mail."""

    peer: int
    request: SyncRequest


@dataclass(frozen=True, slots=True)
class SyncReceived:
    """A trusted peer answers our request for sync (code 124); nothing in it was checked.

    Attributes:
        peer: Who answered.
        envelopes: What it sent.
        cursor: Where to go on; empty when there is no more.
        final: Whether the answer ends here.
        error: The server's words if it failed, else empty.
    """

    peer: int
    envelopes: tuple[Envelope, ...]
    cursor: bytes
    final: bool
    error: str


GossipOutput: TypeAlias = (
    PacketsToSend
    | MessageOpened
    | OpenedUpTo
    | EnvelopesSent
    | BatchConfirmed
    | PeerGreeted
    | PeerFailed
    | PostAccepted
    | PostRefused
    | DirectRequestReceived
    | DirectReceived
    | RequestCompleted
    | EnvelopesToArchive
    | SyncRequested
    | SyncReceived
)
