"""Everything that can happen to a node: streams, results of work, time, wishes of its owner.

Streams are numbered by the driver, dial attempts and jobs by the node, requests and filters by
the owner.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.base.values import packet_value
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_events import ArchiveAnswer

# ---- streams


@dataclass(frozen=True, slots=True)
class StreamAccepted:
    """Somebody connected to us."""

    stream: int
    address: str


@dataclass(frozen=True, slots=True)
class DialSucceeded:
    """The dial attempt became a stream."""

    attempt: int
    stream: int
    address: str


@dataclass(frozen=True, slots=True)
class DialFailed:
    """The dial attempt came to nothing; `detail` is one sentence for people."""

    attempt: int
    detail: str


@packet_value
class StreamBytes:
    """Bytes arrived."""

    stream: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """The stream is gone, whoever closed it."""

    stream: int


@dataclass(frozen=True, slots=True)
class WriteBlocked:
    """The socket's buffer is full."""

    stream: int


@dataclass(frozen=True, slots=True)
class WriteDrained:
    """The socket takes bytes again."""

    stream: int


# ---- work and time


@dataclass(frozen=True, slots=True)
class Computed:
    """A job is done: the lowest nonce that reaches its target, or None if its time ran out."""

    job: int
    nonce: int | None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The moment of `next_deadline` has come (or may have)."""


@dataclass(frozen=True, slots=True)
class ArchiveAnswered:
    """What became of an effect of the archive."""

    answer: ArchiveAnswer


# ---- the owner


@dataclass(frozen=True, slots=True)
class AddPeer:
    """Connect to this peer and keep redialling it."""

    enode: Enode
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class RemovePeer:
    """Disconnect the peer and stop redialling it."""

    public_key: PublicKey


@dataclass(frozen=True, slots=True)
class TrustPeer:
    """Take direct messages from this peer, and let it in when we are full."""

    public_key: PublicKey
    trusted: bool


@dataclass(frozen=True, slots=True)
class PostMessage:
    """Seal a payload, do its proof of work and let it travel.

    Attributes:
        request: The owner's number for this wish; the answer carries it.
        route: Topic, key and signer.
        payload: What the recipient will read.
        ttl_s: Seconds of life.
        pow_target: Proof of work to reach; 0 does none; None chooses by the size.
        work_time_s: Seconds that the search may take.
        padding: Padding instead of the random one, or None.
        target: Send directly to this connected peer only, past the pool, or None.
    """

    request: int
    route: EnvelopeRoute
    payload: bytes = field(repr=False)
    ttl_s: int
    pow_target: float | None
    work_time_s: float
    padding: bytes | None = None
    target: PublicKey | None = None


@dataclass(frozen=True, slots=True)
class CancelPost:
    """Stop the search for proof of work, if it still runs."""

    request: int


@dataclass(frozen=True, slots=True)
class InstallFilter:
    """Open matching envelopes from now on.

    Attributes:
        number: The owner's name for the filter.
        filter: What it wants.
        searches_pool: Whether it is tried on what the pool holds already, too.
    """

    number: int
    filter: Filter
    searches_pool: bool = False


@dataclass(frozen=True, slots=True)
class RemoveFilter:
    """Stop opening for this filter."""

    number: int


@dataclass(frozen=True, slots=True)
class AskHistory:
    """Ask a connected mailserver for one page of history, under a key made for this request alone.

    What comes is opened by the filters that allow direct messages, once each; then `HistoryDone`.

    Attributes:
        request: The owner's number for this wish; the answers carry it.
        server: The mailserver; it is trusted with this request and no further.
        wanted: What is asked for.
    """

    request: int
    server: Mailserver
    wanted: HistoryRequest


@dataclass(frozen=True, slots=True)
class CancelHistory:
    """Take nothing more of what a request may still bring."""

    request: int


@dataclass(frozen=True, slots=True)
class MessageDropped:
    """A message that was told found no place with the owner: history may bring it once more."""

    hash: EnvelopeHash


@dataclass(frozen=True, slots=True)
class AskSync:
    """Fill our archive from another mailserver's, page after page, from a second on.

    Attributes:
        server: Its node key; it has to be trusted.
        from_unix_s: The first second wanted.
    """

    server: PublicKey
    from_unix_s: int


@dataclass(frozen=True, slots=True)
class SetMinimumPow:
    """Refuse envelopes with less work, and tell the peers."""

    minimum_pow: float


@dataclass(frozen=True, slots=True)
class SetBloom:
    """Take only envelopes that match this filter of 64 bytes, and tell the peers."""

    bloom: bytes


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Say goodbye to every peer; nothing is dialled or accepted any more."""


Input: TypeAlias = (
    StreamBytes
    | TimePassed
    | WriteBlocked
    | WriteDrained
    | StreamAccepted
    | DialSucceeded
    | DialFailed
    | StreamClosed
    | Computed
    | ArchiveAnswered
    | AskHistory
    | CancelHistory
    | MessageDropped
    | AskSync
    | PostMessage
    | CancelPost
    | InstallFilter
    | RemoveFilter
    | AddPeer
    | RemovePeer
    | TrustPeer
    | SetMinimumPow
    | SetBloom
    | ShutDown
)
