"""Everything a node wants done, in two lanes.

*Relay effects* touch nothing that is stored and leave at once; among them are those of the archive,
which wait for nothing and are answered with an input. *Facts* are for whoever owns the node; the
driver releases them when the batch that made them is done.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.base.values import packet_value
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.server_events import ArchiveWish
from sottovoce.node.budget import Budget

# ---- relay lane


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a TCP stream; answer `DialSucceeded` or `DialFailed`."""

    attempt: int
    host: str
    port: int


@packet_value
class WriteBytes:
    """Write to the stream, after all earlier bytes."""

    stream: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CloseStream:
    """Close the stream once what was written before has left; answer `StreamClosed`."""

    stream: int


@dataclass(frozen=True, slots=True)
class PauseReading:
    """Take no more bytes from the stream for now; what was taken already is still handed over."""

    stream: int


@dataclass(frozen=True, slots=True)
class ResumeReading:
    """Take bytes from the stream again."""

    stream: int


@dataclass(frozen=True, slots=True)
class Compute:
    """Search the lowest nonce that gives `bits` leading zeros, off the loop; answer `Computed`."""

    job: int
    prefix: bytes = field(repr=False)
    bits: int
    work_time_s: float


@dataclass(frozen=True, slots=True)
class CancelCompute:
    """Stop the search; no answer is wanted any more."""

    job: int


@dataclass(frozen=True, slots=True)
class AskArchive:
    """Let the archive do this, off the loop; answer `ArchiveAnswered`."""

    wish: ArchiveWish


RelayEffect: TypeAlias = (
    WriteBytes
    | CloseStream
    | PauseReading
    | ResumeReading
    | Dial
    | Compute
    | CancelCompute
    | AskArchive
)

# ---- the person's lane


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message that filters of the owner opened.

    Attributes:
        filters: The numbers of those that had not had it.
        message: What was inside.
        direct: Whether it came past the network: out of an archive, or from a trusted peer.
        page: The request for history that asked for it and brought it; None if there is none.
    """

    filters: tuple[int, ...]
    message: OpenedMessage
    direct: bool
    page: int | None = None


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """A peer's greeting is complete: envelopes flow.

    Attributes:
        public_key: Its node key.
        client_id: How it calls itself.
        address: The other end of the stream.
        inbound: Whether it dialled us.
        protocols: What is spoken with it: ``shh/6``, ``waku/0``, ``waku/1``.
    """

    public_key: PublicKey
    client_id: str
    address: str
    inbound: bool
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerDisconnected:
    """A peer that had been connected is gone."""

    public_key: PublicKey
    detail: str


@dataclass(frozen=True, slots=True)
class PeerUnreachable:
    """An attempt to connect to a peer of ours failed; it will be tried again.

    Attributes:
        public_key: The peer that was dialled.
        detail: What happened, one sentence.
        retry_in_s: Seconds until the next attempt.
    """

    public_key: PublicKey
    detail: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class PostSucceeded:
    """A posted message is sealed, mined and on its way (or, with a target, handed to that peer).

    Attributes:
        request: The number given in `PostMessage`.
        hash: The envelope's hash.
        size_bytes: The envelope's RLP length.
        tries: Nonces tried to find its proof of work.
        pow: The proof of work reached.
    """

    request: int
    hash: EnvelopeHash
    size_bytes: int
    tries: int
    pow: float


@dataclass(frozen=True, slots=True)
class PostFailed:
    """A posted message did not leave; `detail` is one sentence for people."""

    request: int
    detail: str


@dataclass(frozen=True, slots=True)
class SentToPeer:
    """Envelopes of ours went out to a peer."""

    public_key: PublicKey
    hashes: tuple[EnvelopeHash, ...]


@dataclass(frozen=True, slots=True)
class ConfirmedByPeer:
    """A peer confirmed a packet of envelopes.

    Attributes:
        public_key: Who answered.
        batch: Keccak-256 of the packet's payload.
        refused: Hash and the peer's words for each envelope of ours that it did not take.
        accepted: Hash of each that it took.
    """

    public_key: PublicKey
    batch: EnvelopeHash
    refused: tuple[tuple[EnvelopeHash, str], ...]
    accepted: tuple[EnvelopeHash, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryArriving:
    """A packet of an answer came.

    Attributes:
        request: The number given in `AskHistory`.
        envelopes: How many came.
        new: How many of these were asked for and not known before.
        bytes: Of RLP.
    """

    request: int
    envelopes: int
    new: int
    bytes: int


@dataclass(frozen=True, slots=True)
class HistoryReasked:
    """A server said nothing in one world and is asked the same in the other; at most once.

    Attributes:
        request: The number given in `AskHistory`.
    """

    request: int


@dataclass(frozen=True, slots=True)
class HistoryDone:
    """A request for history ended; every message that it brought was told before.

    Attributes:
        request: The number given in `AskHistory`.
        end: How.
        cursor: Where the server says to go on; empty at the end.
        detail: The server's words, or what else there is to say.
    """

    request: int
    end: PageEnd
    cursor: bytes = field(default=b"", repr=False)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SyncDone:
    """Filling our archive from another mailserver's came to its end.

    Attributes:
        public_key: The other mailserver.
        envelopes: How many it sent.
        detail: Why it ended early, one sentence; empty if it gave everything.
    """

    public_key: PublicKey
    envelopes: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ArchivingChanged:
    """Whether our archive takes envelopes; `trouble` is one sentence, or empty when it does."""

    trouble: str


@dataclass(frozen=True, slots=True)
class BudgetChanged:
    """Today's budget of bytes is nearly used, used up, or free again at midnight."""

    budget: Budget


Fact: TypeAlias = (
    MessageArrived
    | PostSucceeded
    | PostFailed
    | SentToPeer
    | ConfirmedByPeer
    | PeerConnected
    | PeerDisconnected
    | PeerUnreachable
    | HistoryArriving
    | HistoryReasked
    | HistoryDone
    | SyncDone
    | ArchivingChanged
    | BudgetChanged
)

Effect: TypeAlias = RelayEffect | Fact
