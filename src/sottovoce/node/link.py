"""One stream of a node: its connection machine and what the node remembers beside it.

Gossip speaks of sessions, one for each world that is spoken on a stream; their numbers are made of
the stream's here and nowhere else.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.packets import Capability
from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.waku_v0 import WAKU_V0
from sottovoce.gossip.whisper_v6 import WHISPER_V6

# In this order: a session's number is the stream's times their count, plus its place here.
_WORLD_NAMES: Final = (WHISPER_V6.name, WAKU_V0.name)
_SESSIONS_MAX: Final = len(_WORLD_NAMES)
_WHISPER: Final = _WORLD_NAMES.index(WHISPER_V6.name)


def session_number(stream: int, protocol: str) -> int:
    """Return gossip's number for what is spoken on a stream under a subprotocol's name."""
    return stream * _SESSIONS_MAX + _WORLD_NAMES.index(protocol)


def stream_of(session: int) -> int:
    """Return the stream that carries a session."""
    return session // _SESSIONS_MAX


def protocol_of(session: int) -> str:
    """Return the name of the subprotocol that a session speaks."""
    return _WORLD_NAMES[session % _SESSIONS_MAX]


def is_whisper(session: int) -> bool:
    """Tell whether a session speaks Whisper."""
    return session % _SESSIONS_MAX == _WHISPER


@dataclass(slots=True)
class Link:
    """A stream from the moment it opens until it is gone.

    Attributes:
        stream: The driver's number.
        connection: The devp2p machine.
        address: The other end, for people.
        inbound: Whether the other side dialled.
        target: Whom we dialled, or None.
        public_key: Who the handshake says it is, once known.
        holds_slot: Whether it counts as the connection of that key; one that may replace another
            does when it says Hello.
        client_id: How it calls itself, once known.
        capabilities: What is spoken on it, once known.
        sessions: What gossip knows of it, by its numbers.
        ungreeted: Those of them whose status was not accepted yet.
        greeted: Whether every status was accepted.
        blocked_since_s: Since when its socket takes no bytes, or None.
        ended: Whether the connection is over and the stream only needs closing.
        failure: What gossip found wrong with the peer, or None.
        detail: Why it ended, for people.
    """

    stream: int
    connection: Connection
    address: str
    inbound: bool
    target: Enode | None
    public_key: PublicKey | None = None
    holds_slot: bool = False
    client_id: str = ""
    capabilities: tuple[Capability, ...] = ()
    sessions: tuple[int, ...] = ()
    ungreeted: set[int] = field(default_factory=set)
    greeted: bool = False
    blocked_since_s: float | None = None
    ended: bool = False
    failure: str | None = None
    detail: str = "the connection closed"

    def twin_of(self, session: int) -> int | None:
        """Return the number of the stream's other session, or None if there is but one."""
        numbers = (session_number(self.stream, entry.name) for entry in self.capabilities)
        return next((number for number in numbers if number != session), None)

    def protocols(self) -> tuple[str, ...]:
        """Return name and version of what is spoken, for people."""
        return tuple(f"{name}/{version}" for name, version, _ in self.capabilities)
