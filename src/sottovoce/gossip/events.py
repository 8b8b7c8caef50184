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
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import OpenedMessage


class Drop(Enum):
    """Why an envelope was not pooled; each reason has its counter."""

    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    VERY_OLD = "very old"
    FUTURE = "from the future"
    TOO_LARGE = "too large"
    LOW_POW = "low proof of work"
    BLOOM = "does not match the bloom filter"
    POOL_FULL = "the pool is full of better envelopes"


# ---- events


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """A connection is ready; `capability` names the dialect spoken on it."""

    peer: int
    capability: Capability
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """A connection is gone."""

    peer: int


@dataclass(frozen=True, slots=True)
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
    """Send a request (code 126, RLP body made by the mail layer) and trust the peer from now on."""

    peer: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class FilterInstalled:
    """Open matching envelopes from now on; `number` names the filter in `MessageOpened`."""

    number: int
    filter: Filter


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
class TimePassed:
    """The moment of `next_deadline` has come (or may have)."""


GossipEvent: TypeAlias = (
    PeerPackets
    | TimePassed
    | EnvelopePosted
    | PeerBlocked
    | PeerDrained
    | PeerJoined
    | PeerLeft
    | PeerTrustChanged
    | DirectPosted
    | DirectRequestPosted
    | FilterInstalled
    | FilterRemoved
    | MinimumPowChanged
    | BloomChanged
)

# ---- outputs


@dataclass(frozen=True, slots=True)
class PacketsToSend:
    """Send these packets to a peer."""

    peer: int
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class PeerFailed:
    """The peer broke the subprotocol: end the connection (`detail` for people, no secrets)."""

    peer: int
    detail: str


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
    """A peer acknowledged a `messages` packet: what it took, and what it refused with a text.

    Attributes:
        peer: Who answered.
        batch: Keccak-256 of the packet's payload.
        refused: Envelope hash and the peer's words for each envelope that it did not take.
    """

    peer: int
    batch: EnvelopeHash
    refused: tuple[tuple[EnvelopeHash, str], ...]


@dataclass(frozen=True, slots=True)
class DirectRequestReceived:
    """A request for history (code 126) while we serve mail; `payload` is its RLP body, whole."""

    peer: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class RequestCompleted:
    """A trusted peer says that a request of ours is done (code 125).

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


GossipOutput: TypeAlias = (
    PacketsToSend
    | MessageOpened
    | EnvelopesSent
    | BatchConfirmed
    | PeerGreeted
    | PeerFailed
    | PostAccepted
    | PostRefused
    | DirectRequestReceived
    | RequestCompleted
)
