"""The port through which data sync survives restarts.

It is synchronous, and whoever drives the synchronizer makes one transaction of all that one event
writes: outputs are released after it, or neither it nor they ever happened.

Spec: VAC 2 (MVDS), "State"; the times of the next sendings are not stored, for after a start all
that waits is due with the first epoch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import Message, MessageId, RecordType


@dataclass(frozen=True, slots=True)
class Waiting:
    """A body that waits for a peer's acknowledgement, without the body.

    Attributes:
        peer: For whom it is.
        message_id: Its identifier.
        type: `OFFER` or `MESSAGE`: how it began.
        send_count: How often that record went out.
        body_bytes: Length of the body.
    """

    peer: PublicKey
    message_id: MessageId
    type: RecordType
    send_count: int
    body_bytes: int


class SyncStore(Protocol):
    """What one person's synchronizer keeps; the key of everything is peer and message."""

    def add_waiting(self, waiting: Waiting, message: Message) -> None:
        """Keep a body that is not kept yet for this peer."""
        ...

    def waiting(self) -> Iterable[Waiting]:
        """Return all that waits, in the order in which it was added."""
        ...

    def message(self, peer: PublicKey, message_id: MessageId) -> Message:
        """Return a message that waits for this peer."""
        ...

    def set_send_count(self, peer: PublicKey, message_id: MessageId, send_count: int) -> None:
        """Note how often the record of what waits went out."""
        ...

    def remove_waiting(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a body that waits for this peer."""
        ...

    def has_received(self, peer: PublicKey, message_id: MessageId) -> bool:
        """Tell whether a message of this peer is remembered."""
        ...

    def remember_received(
        self,
        peer: PublicKey,
        message_id: MessageId,
        *,
        answered: bool,
        per_peer_max: int,
        total_max: int,
    ) -> None:
        """Remember a message of this peer.

        What came from peers that get no answer is remembered apart from the rest, so that no
        number of strangers makes a contact's messages forgotten. A stranger's message that comes
        again when its author is answered moves over; what is there already stays as it is.

        Args:
            peer: Who sent it.
            message_id: Its identifier.
            answered: Whether the peer gets an answer; this says to which of the two the bounds
                belong.
            per_peer_max: So many of one peer are remembered; the oldest are forgotten.
            total_max: So many of all peers are remembered; the oldest are forgotten.
        """
        ...

    def forget_received(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a message of this peer; nothing happens if it is not remembered."""
        ...
