"""What one peer is owed: the records that go out to it, and the bodies that wait for its word.

It owns the bookkeeping of one peer. When records leave, and what becomes of them then, is decided
elsewhere.

Spec: VAC 2 (MVDS), "State". An offer stands until its message is acknowledged, beside the message
that was asked for (docs/spec-deviations.md, "Offers").
"""

from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import MessageId, RecordType

# The records that end with the acknowledgement of their message.
OUTGOING: Final = (RecordType.OFFER, RecordType.MESSAGE)
# To go through an enumeration takes longer than all the rest that a peer's state is made of.
_TYPES: Final = tuple(RecordType)


class Line:
    """One record for one peer (a slotted class: there is one per record, and some fields change).

    Attributes:
        peer: For whom.
        type: What it is.
        message_id: Of which message.
        serial: Lower ones were made earlier; records leave in this order.
        due_epoch: When it goes out next.
        send_count: How often it went out.
        sent_epoch: When it went out last; None if it never did since the start.
        stored: Whether it is the record that the store keeps of a waiting body.
        repeated: Of an acknowledgement: whether it was given before.
    """

    __slots__ = (
        "due_epoch",
        "message_id",
        "peer",
        "repeated",
        "send_count",
        "sent_epoch",
        "serial",
        "stored",
        "type",
    )

    def __init__(
        self, peer: PublicKey, type: RecordType, message_id: MessageId, *, serial: int, due: int
    ) -> None:
        self.peer: Final = peer
        self.type: Final = type
        self.message_id: Final = message_id
        self.serial: Final = serial
        self.due_epoch = due
        self.send_count = 0
        self.sent_epoch: int | None = None
        self.stored = False
        self.repeated = False


class PeerState:
    """The records of one peer, by type and message.

    Attributes:
        waiting: The length of each body that waits for the peer's acknowledgement, in bytes.
        waiting_bytes: Their sum.
        lines: The records.
        held: Those of them that wait for company: they leave with the next payload for the peer.
        body_epoch: When a body left last that the peer has not answered since; None if none did.
    """

    __slots__ = ("body_epoch", "held", "lines", "waiting", "waiting_bytes")

    def __init__(self) -> None:
        self.waiting: Final[dict[MessageId, int]] = {}
        self.waiting_bytes = 0
        self.lines: Final[dict[RecordType, dict[MessageId, Line]]] = {type: {} for type in _TYPES}
        self.held: Final[dict[Line, None]] = {}
        self.body_epoch: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is owed."""
        return not self.waiting and not any(self.lines.values())

    def line(self, type: RecordType, message_id: MessageId) -> Line | None:
        """Return the record of this type and message, or None."""
        return self.lines[type].get(message_id)
