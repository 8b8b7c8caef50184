"""What goes into a mailserver and what comes out of it.

Peers are the numbers that gossip has; their keys are known only to count what each one asks.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from sottovoce.base.quantities import PublicKey
from sottovoce.gossip.dialect import WHISPER_WORLD
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.sync_packets import SyncRequest, SyncResponse
from sottovoce.mail.archive import ArchiveSize, Page, Selection

# ---- events


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A peer asks for history (code 126).

    Attributes:
        peer: Who asks.
        key: Its node key.
        payload: The packet's body, whole.
        world: Whose servers it takes us for: those of Whisper or those of Waku.
    """

    peer: int
    key: PublicKey
    payload: bytes = field(repr=False)
    world: int = WHISPER_WORLD


@dataclass(frozen=True, slots=True)
class SyncReceived:
    """Another mailserver asks for a part of the archive (code 123)."""

    peer: int
    key: PublicKey
    request: SyncRequest


@dataclass(frozen=True, slots=True)
class FillAsked:
    """Our owner wants the archive filled from another mailserver's; ends with `FillDone`.

    Attributes:
        peer: The other mailserver, or None while it is not connected: it is waited for.
        key: Its node key.
        from_unix_s: The first second wanted.
    """

    peer: int | None
    key: PublicKey
    from_unix_s: int


@dataclass(frozen=True, slots=True)
class FillGivenUp:
    """Our owner wants no more of another mailserver; a filling that is under way ends."""

    key: PublicKey


@dataclass(frozen=True, slots=True)
class SyncArrived:
    """A trusted peer answers `AskSync` with one packet (code 124); its envelopes are archived."""

    peer: int
    response: SyncResponse = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnvelopesReceived:
    """Envelopes to be archived: newly pooled, received or our own."""

    envelopes: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class PeerBlocked:
    """The peer's socket takes no more for now: its requests wait."""

    peer: int


@dataclass(frozen=True, slots=True)
class PeerDrained:
    """The peer's socket takes bytes again."""

    peer: int


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """A peer is connected: filling goes on that waits for it.

    Attributes:
        peer: The peer, or None if it speaks nothing that can fill an archive.
        key: Its node key.
    """

    peer: int | None
    key: PublicKey


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """The peer is gone, and with it what it asked for."""

    peer: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch is on disk; `new` of its envelopes were not there before."""

    new: int


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """A batch was not stored.

    Attributes:
        detail: One sentence for people.
        is_in_vain: Whether the same batch would fail again: something in it cannot be stored.
    """

    detail: str
    is_in_vain: bool = False


@dataclass(frozen=True, slots=True)
class PageFound:
    """The answer to `QueryArchive`."""

    job: int
    page: Page


@dataclass(frozen=True, slots=True)
class QueryFailed:
    """`QueryArchive` could not be answered; `detail` is one sentence for people."""

    job: int
    detail: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The answer to `CleanArchive`: how many were deleted, and how much there is now."""

    deleted: int
    size: ArchiveSize


@dataclass(frozen=True, slots=True)
class CleaningFailed:
    """`CleanArchive` did not come to its end; `detail` is one sentence for people."""

    detail: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The moment of `next_deadline` has come (or may have)."""


ArchiveAnswer: TypeAlias = Stored | StoreFailed | PageFound | QueryFailed | Cleaned | CleaningFailed
ServerEvent: TypeAlias = (
    RequestReceived
    | SyncReceived
    | FillAsked
    | FillGivenUp
    | SyncArrived
    | EnvelopesReceived
    | PeerBlocked
    | PeerDrained
    | PeerJoined
    | PeerLeft
    | TimePassed
    | ArchiveAnswer
)

# ---- outputs


@dataclass(frozen=True, slots=True)
class StoreBatch:
    """Store this; answer `Stored` or `StoreFailed`. There is one at a time."""

    envelopes: tuple[Envelope, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class QueryArchive:
    """Find this; answer `PageFound` or `QueryFailed` with the same number."""

    job: int
    selection: Selection


@dataclass(frozen=True, slots=True)
class CleanArchive:
    """Delete what is older or too much; answer `Cleaned` or `CleaningFailed`. One at a time.

    Attributes:
        before_unix_s: Delete what was sent before, or None.
        envelopes_max: Keep at most so many, or None.
        bytes_max: Keep at most so many bytes, or None.
    """

    before_unix_s: int | None
    envelopes_max: int | None
    bytes_max: int | None


@dataclass(frozen=True, slots=True)
class SendArchived:
    """Send envelopes to a peer in one packet of code 127."""

    peer: int
    envelopes: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendCompletion:
    """Tell a peer how its request ended (code 125); `body` is the string inside the packet."""

    peer: int
    body: bytes


@dataclass(frozen=True, slots=True)
class SendSynced:
    """Send a part of the archive to another mailserver in one packet of code 124."""

    peer: int
    envelopes: tuple[bytes, ...] = field(repr=False)
    cursor: bytes = b""
    final: bool = False


@dataclass(frozen=True, slots=True)
class RefuseSync:
    """Refuse another mailserver's request with a text; the connection ends, as it does in Go."""

    peer: int
    detail: str


@dataclass(frozen=True, slots=True)
class AskSync:
    """Ask another mailserver for a part of its archive (code 123), and trust it with the answer."""

    peer: int
    request: SyncRequest


@dataclass(frozen=True, slots=True)
class FillDone:
    """Filling our archive from another mailserver's came to its end.

    Attributes:
        key: The other mailserver's node key.
        envelopes: How many it sent.
        detail: Why it ended early, one sentence; empty if it gave everything.
    """

    key: PublicKey
    envelopes: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ArchivingChanged:
    """Whether archiving works, for the owner; `trouble` is one sentence, or empty when it does."""

    trouble: str


ArchiveWish: TypeAlias = StoreBatch | QueryArchive | CleanArchive
ServerOutput: TypeAlias = (
    ArchiveWish
    | SendArchived
    | SendCompletion
    | SendSynced
    | RefuseSync
    | AskSync
    | FillDone
    | ArchivingChanged
)
