"""What goes into whoever asks for history and what comes out of it."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest


class PageEnd(Enum):
    """How a request for one page ended."""

    ANSWERED = "answered"
    REFUSED = "refused by the server"
    NOT_CONNECTED = "the server is not connected"
    DISCONNECTED = "the server left before its answer was complete"
    DISHONEST = "the server sent what was not asked for"
    LOST = "this device was too busy to take what the server sent"


class ServerState(Enum):
    """How a mailserver stands, for people."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ASKED = "answering"
    RESTING = "set aside for a while"


# ---- events


@dataclass(frozen=True, slots=True)
class Started:
    """The beginning of a life; the first event."""


@dataclass(frozen=True, slots=True)
class ServersChanged:
    """The mailservers that are trusted from now on, the whole truth; none to use none.

    Attributes:
        servers: In the order of preference, each key once.
        pinned: The only one that is asked, by its key, or None to choose among them.
    """

    servers: tuple[Mailserver, ...]
    pinned: PublicKey | None = None


@dataclass(frozen=True, slots=True)
class TopicsChanged:
    """The topics that are heard from now on, the whole truth."""

    topics: frozenset[Topic] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OnlineChanged:
    """Whether there are peers, of any kind: without any, only what somebody asks for is dialled.

    Attributes:
        online: Whether there are.
        detail: Why nobody is asked, a few words for people; empty if there is just nobody.
    """

    online: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServerConnected:
    """A mailserver's greeting is complete."""

    key: PublicKey


@dataclass(frozen=True, slots=True)
class ServerGone:
    """A mailserver left, or could not be reached; `detail` is one sentence for people."""

    key: PublicKey
    detail: str


@dataclass(frozen=True, slots=True)
class PageArriving:
    """A packet of an answer came: the request is alive.

    Attributes:
        request: The number of `AskPage`.
        envelopes: How many came.
        new: How many of these were not known before.
        bytes: Of RLP.
    """

    request: int
    envelopes: int
    new: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PageReasked:
    """A server was silent in one world and is asked in the other: its time begins anew.

    Attributes:
        request: The number of `AskPage`.
    """

    request: int


@dataclass(frozen=True, slots=True)
class PageDone:
    """A request ended, and everything that it brought was handed on before.

    Attributes:
        request: The number of `AskPage`.
        end: How.
        cursor: Where the server says to go on; empty at the end.
        detail: The server's words, or what else there is to say.
    """

    request: int
    end: PageEnd
    cursor: bytes = field(default=b"", repr=False)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FetchAsked:
    """Somebody wants history now.

    Attributes:
        request: The asker's number; `FetchDone` has the same.
        from_unix_s: Everything since then is asked for, answered before or not; None for what is
            missing.
        topics: Which topics; None for all that are heard.
    """

    request: int
    from_unix_s: int | None = None
    topics: frozenset[Topic] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The moment of `next_deadline` has come (or may have)."""


ClientEvent: TypeAlias = (
    Started
    | ServersChanged
    | TopicsChanged
    | OnlineChanged
    | ServerConnected
    | ServerGone
    | PageArriving
    | PageReasked
    | PageDone
    | FetchAsked
    | TimePassed
)

# ---- outputs


@dataclass(frozen=True, slots=True)
class ConnectServer:
    """Connect to a mailserver and keep redialling it, until `DisconnectServer`."""

    server: Mailserver


@dataclass(frozen=True, slots=True)
class DisconnectServer:
    """Let go of a mailserver that `ConnectServer` named."""

    key: PublicKey


@dataclass(frozen=True, slots=True)
class AskPage:
    """Ask a connected mailserver; answered with `PageArriving` and, at last, `PageDone`."""

    request: int
    server: Mailserver
    wanted: HistoryRequest


@dataclass(frozen=True, slots=True)
class CancelPage:
    """Wait no longer for a page: what still comes of it is not taken."""

    request: int


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far fetching is, for people.

    Attributes:
        server: Who is being asked, or None if nobody is.
        envelopes: Envelopes that came since fetching began.
        new: Those that were not known before in this life of the node, heard live or fetched.
        bytes: Bytes of all.
        done_s: Seconds of history, of all topics and servers together, that were closed since then.
        open_s: Seconds that are still open.
        note: What people should know: "limited" and the like; else empty.
    """

    server: PublicKey | None
    envelopes: int
    new: int
    bytes: int
    done_s: int
    open_s: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class FetchDone:
    """Fetching came to its end.

    Attributes:
        request: The asker's number, or None if it began by itself.
        complete: Whether every gap was closed by as many servers as are wanted, or by all.
        envelopes: Envelopes that came.
        new: Those that were not known before in this life of the node, heard live or fetched.
        detail: Why it is not complete, one sentence; else empty.
    """

    request: int | None
    complete: bool
    envelopes: int
    new: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How one mailserver stands.

    Attributes:
        key: Its node key.
        host: Where it is reached.
        port: Its TCP port.
        state: How it stands.
        health: From 0 to 1; what it was asked and how it answered, recent answers weigh more.
        pages: Pages that it answered.
        failures: Requests that it did not answer well.
        open_s: Seconds of history, of all topics together, that it was not asked for yet.
        answered_unix_s: When it last answered, or None.
        detail: What went wrong last, one sentence, or empty.
    """

    key: PublicKey
    host: str
    port: int
    state: ServerState
    health: float
    pages: int
    failures: int
    open_s: int
    answered_unix_s: int | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServersStanding:
    """How the mailservers stand now; told when one of them changes its state."""

    servers: tuple[ServerStatus, ...]


ClientFact: TypeAlias = FetchProgress | FetchDone | ServersStanding
ClientOutput: TypeAlias = ConnectServer | DisconnectServer | AskPage | CancelPage | ClientFact
