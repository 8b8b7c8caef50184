"""What goes into a devp2p connection and what comes out of it.

A connection machine takes `ConnectionEvent` values and returns `ConnectionOutput` values; nothing
else passes between it and the node. Packets carry codes relative to their subprotocol.

Spec: devp2p rlpx.md, "Node Identity" to "p2p Capability".
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeAlias

from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import PublicKey
from sottovoce.base.values import packet_value


class Role(Enum):
    """Who opened the stream."""

    INITIATOR = "initiator"
    RECIPIENT = "recipient"


class DisconnectReason(IntEnum):
    """Why a connection ends, as the Disconnect packet says it; a reason above 16 is never sent."""

    REQUESTED = 0
    NETWORK_ERROR = 1
    PROTOCOL_BREACH = 2
    USELESS_PEER = 3
    TOO_MANY_PEERS = 4
    ALREADY_CONNECTED = 5
    INCOMPATIBLE_VERSION = 6
    INVALID_IDENTITY = 7
    QUITTING = 8
    UNEXPECTED_IDENTITY = 9
    CONNECTED_TO_SELF = 10
    READ_TIMEOUT = 11
    SUBPROTOCOL_ERROR = 16


@dataclass(frozen=True, slots=True)
class Hello:
    """What a peer says of itself in the first packet after the handshake.

    Attributes:
        version: Version of the base protocol; 5 and up compress.
        client_id: Free text, at most 2 kB; hostile, so never a format string and never a path.
        capabilities: Name and version of each subprotocol it runs, in its own order.
        listen_port: Usually 0; carries no meaning.
        public_key: The node key, 64 bytes.
    """

    version: int
    client_id: str
    capabilities: tuple[tuple[str, int], ...]
    listen_port: int
    public_key: PublicKey


# ---- events


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The stream is there; the initiator's handshake starts, and so does its time limit."""


@packet_value
class BytesReceived:
    """Bytes arrived, cut anywhere."""

    data: bytes


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The other side closed, or the stream broke."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The node agrees to the identified peer: go on with Hello."""


@packet_value
class PacketsSubmitted:
    """Send these packets of one matched subprotocol, named as in `Capability.name`."""

    protocol: str
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class DisconnectRequested:
    """End the connection: tell the peer why if it can be told, then close."""

    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The moment of `next_deadline` has come (or may have)."""


ConnectionEvent: TypeAlias = (
    BytesReceived
    | PacketsSubmitted
    | TimePassed
    | StreamOpened
    | Admitted
    | DisconnectRequested
    | StreamEnded
)

# ---- outputs


@packet_value
class BytesToSend:
    """Write these bytes, after all earlier ones."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PeerIdentified:
    """The handshake shows who this is; the node answers `Admitted` or `DisconnectRequested`."""

    public_key: PublicKey


@dataclass(frozen=True, slots=True)
class PeerReady:
    """Both Hellos were exchanged; packets may be submitted.

    Attributes:
        hello: The peer's Hello.
        capabilities: What both run, in the order of their code ranges.
    """

    hello: Hello
    capabilities: tuple[Capability, ...]


@packet_value
class PacketsReceived:
    """Packets of one subprotocol arrived, in order."""

    protocol: str
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class LargeFrameChanged:
    """The header of a large frame came and not yet all of its body, or there is no such frame now.

    Attributes:
        size_bytes: How long its body is, or 0 if all large frames are complete.
    """

    size_bytes: int


@dataclass(frozen=True, slots=True)
class ConnectionEnded:
    """The last output: write what came before, then close the stream.

    Attributes:
        reason: The reason said by whoever ended it; None if the stream just broke or bad bytes
            were answered by closing, or the peer's reason is a number without a name.
        by_remote: Whether the other side ended it.
        detail: One sentence for people, without secrets.
    """

    reason: DisconnectReason | None
    by_remote: bool
    detail: str


ConnectionOutput: TypeAlias = (
    BytesToSend | PacketsReceived | PeerIdentified | PeerReady | LargeFrameChanged | ConnectionEnded
)
