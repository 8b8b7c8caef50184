"""What data sync speaks of: messages, payloads, and the kinds of record in them.

It owns these values and the identifiers' lengths; their bytes on the wire are `wire`'s business.
What a body means nobody here knows.

Spec: VAC 2 (MVDS), "Payloads" and "State".
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NewType

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import HASH_BYTES

GROUP_ID_BYTES: Final = HASH_BYTES
MESSAGE_ID_BYTES: Final = HASH_BYTES

# What an int64 can say.
TIMESTAMP_S_LEAST: Final = -(1 << 63)
TIMESTAMP_S_GREATEST: Final = (1 << 63) - 1

MessageId = NewType("MessageId", bytes)
GroupId = NewType("GroupId", bytes)


class RecordType(IntEnum):
    """The kinds of record; the first three have the numbers of the reference's tables."""

    OFFER = 0
    REQUEST = 1
    MESSAGE = 2
    ACK = 3


def group_id(raw: bytes) -> GroupId:
    """Make a group's identifier of its 32 bytes.

    Raises:
        LocalProtocolError: The length is not 32.
    """
    if len(raw) != GROUP_ID_BYTES:
        raise LocalProtocolError(f"a group id has {GROUP_ID_BYTES} bytes, not {len(raw)}")
    return GroupId(raw)


@dataclass(frozen=True, slots=True)
class Message:
    """A body in its group.

    Attributes:
        group_id: 32 bytes; on the wire a stranger may write any number of them, and the
            identifier of the message covers them as they are.
        timestamp_s: The author's wall clock in whole seconds, an int64.
        body: What the application wrote.

    Raises:
        LocalProtocolError: The timestamp is no int64.
    """

    group_id: bytes = field(repr=False)
    timestamp_s: int
    body: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not TIMESTAMP_S_LEAST <= self.timestamp_s <= TIMESTAMP_S_GREATEST:
            raise LocalProtocolError("a timestamp must fit into 64 bits")


@dataclass(frozen=True, slots=True)
class Payload:
    """The records that travel together to one peer.

    Attributes:
        acks: Identifiers of messages that the sender has. Identifiers have 32 bytes; in a payload
            that was read they have whatever length the peer wrote.
        offers: Identifiers of messages that the sender has to give.
        requests: Identifiers of messages that the sender wants.
        messages: Messages.
    """

    acks: tuple[bytes, ...] = ()
    offers: tuple[bytes, ...] = ()
    requests: tuple[bytes, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no record in it; such bytes are not data sync."""
        return not (self.acks or self.offers or self.requests or self.messages)
