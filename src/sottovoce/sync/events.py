"""What goes into a synchronizer and what comes out of it.

Peers are public keys of people, not of nodes or devices: whichever device of a peer acknowledges a
body first ends its repetition.

Spec: VAC 2 (MVDS), "Flow"; status-go protocol/datasync (what is handed up).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import GroupId, Message, MessageId


class Refusal(Enum):
    """Why a body of our own was not taken."""

    TOO_LARGE = "the body is larger than a payload"
    PEER_FULL = "too much waits for this peer"
    FULL = "too many bodies wait"


class Ignored(Enum):
    """Why a record of a peer had no effect; each reason has its counter."""

    BAD_ID = "an identifier has another length than 32 bytes"
    UNKNOWN_ACK = "acknowledges what does not wait"
    UNKNOWN_REQUEST = "asks for what does not wait for this peer"
    TOO_EARLY = "asks again too soon"
    KNOWN_OFFER = "offers what we have"
    OFFER_FORGOTTEN = "its offer made room for newer ones"
    REPEATED = "a message that we have"
    ECHO = "a message or an offer of our own comes back"
    TOO_MANY = "more messages than can be acknowledged at once"


# ---- events


@dataclass(frozen=True, slots=True)
class BodySubmitted:
    """A body is to reach a peer.

    The same body for the same peer and group within one second is one message.
    """

    group_id: GroupId = field(repr=False)
    peer: PublicKey
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BytesReceived:
    """A peer sent bytes that may be data sync.

    Attributes:
        peer: Who sent them, known by a layer below.
        raw: The bytes.
        answered: Whether the peer gets acknowledgements and requests. Without them a stranger does
            not learn that we are there; its bodies are handed up all the same.
    """

    peer: PublicKey
    raw: bytes = field(repr=False)
    answered: bool = True


@dataclass(frozen=True, slots=True)
class BodyWithdrawn:
    """A body shall no longer be sent, whether or not it arrived."""

    peer: PublicKey
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class BodyPostponed:
    """A body that was just handed up cannot be taken yet.

    It counts as not received, so it is not acknowledged, and comes up again when its author
    repeats it.
    """

    peer: PublicKey
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class PeerForgotten:
    """Nothing shall be sent to this peer any more of what waits now.

    What it sent stays remembered, so that its messages do not come up a second time.
    """

    peer: PublicKey


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline may have come; everything that leaves, leaves as the answer to this."""


SyncEvent: TypeAlias = (
    BodySubmitted | BytesReceived | BodyPostponed | BodyWithdrawn | PeerForgotten | TimePassed
)


# ---- outputs


@dataclass(frozen=True, slots=True)
class BodyQueued:
    """A submitted body waits from now on, under this identifier."""

    peer: PublicKey
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class BodyRefused:
    """A submitted body was not taken, and nothing changed."""

    peer: PublicKey
    reason: Refusal


@dataclass(frozen=True, slots=True)
class PayloadToSend:
    """Bytes for a peer.

    Attributes:
        peer: For whom.
        raw: A payload with at least one record.
        message_ids: The messages in it, whoever wants to follow them further down.
    """

    peer: PublicKey
    raw: bytes = field(repr=False)
    message_ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class StillWaiting:
    """Bodies that went out before go out again: the peer has not acknowledged them."""

    peer: PublicKey
    message_ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The peer has these bodies."""

    peer: PublicKey
    message_ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class BodiesReceived:
    """Messages of a peer, each handed up once, in the order of the payload."""

    peer: PublicKey
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class NotDataSync:
    """Received bytes that hold no record; they may mean something to the next layer."""

    peer: PublicKey
    raw: bytes = field(repr=False)


SyncOutput: TypeAlias = (
    PayloadToSend
    | StillWaiting
    | Delivered
    | BodiesReceived
    | BodyQueued
    | BodyRefused
    | NotDataSync
)
