"""One stream of a node: its connection machine and what the node remembers beside it."""

from dataclasses import dataclass

from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode


@dataclass(slots=True)
class Link:
    """A stream from the moment it opens until it is gone.

    Attributes:
        stream: The driver's number; gossip calls the peer by it.
        connection: The devp2p machine.
        address: The other end, for people.
        inbound: Whether the other side dialled.
        target: Whom we dialled, or None.
        public_key: Who the handshake says it is, once known.
        holds_slot: Whether it counts as the connection of that key.
        client_id: How it calls itself, once known.
        joined: Whether gossip knows it.
        greeted: Whether its status was accepted.
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
    joined: bool = False
    greeted: bool = False
    blocked_since_s: float | None = None
    ended: bool = False
    failure: str | None = None
    detail: str = "the connection closed"
