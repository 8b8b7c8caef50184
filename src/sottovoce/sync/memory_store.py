"""The port of data sync kept in memory: for tests, simulations and people without a past.

Spec: VAC 2 (MVDS), "State".
"""

from collections.abc import Iterable
from dataclasses import replace

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.received_memory import ReceivedMemory
from sottovoce.sync.records import Message, MessageId
from sottovoce.sync.stores import Waiting


class MemorySyncStore:
    """A `SyncStore` of dictionaries; their order is the order of adding."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[PublicKey, MessageId], tuple[Waiting, Message]] = {}
        self._received = ReceivedMemory()
        self._strange = ReceivedMemory()

    def add_waiting(self, waiting: Waiting, message: Message) -> None:
        """Keep a body that is not kept yet for this peer."""
        key = (waiting.peer, waiting.message_id)
        assert key not in self._waiting, "a body waits twice for one peer"
        self._waiting[key] = (waiting, message)

    def waiting(self) -> Iterable[Waiting]:
        """Return all that waits, in the order in which it was added."""
        return tuple(waiting for waiting, _ in self._waiting.values())

    def message(self, peer: PublicKey, message_id: MessageId) -> Message:
        """Return a message that waits for this peer."""
        return self._waiting[peer, message_id][1]

    def set_send_count(self, peer: PublicKey, message_id: MessageId, send_count: int) -> None:
        """Note how often the record of what waits went out."""
        waiting, message = self._waiting[peer, message_id]
        self._waiting[peer, message_id] = (replace(waiting, send_count=send_count), message)

    def remove_waiting(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a body that waits for this peer."""
        del self._waiting[peer, message_id]

    def has_received(self, peer: PublicKey, message_id: MessageId) -> bool:
        """Tell whether a message of this peer is remembered."""
        return (peer, message_id) in self._received or (peer, message_id) in self._strange

    def remember_received(
        self,
        peer: PublicKey,
        message_id: MessageId,
        *,
        answered: bool,
        per_peer_max: int,
        total_max: int,
    ) -> None:
        """Remember a message of this peer; the oldest of its kind above the bounds are forgotten.

        Args:
            peer: Who sent it.
            message_id: Its identifier.
            answered: Whether the peer gets an answer.
            per_peer_max: The bound of one peer.
            total_max: The bound of all peers of this kind.
        """
        if answered:
            self._strange.forget(peer, message_id)
        elif (peer, message_id) in self._received:
            return
        memory = self._received if answered else self._strange
        memory.add(peer, message_id, per_peer_max=per_peer_max, total_max=total_max)

    def forget_received(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a message of this peer; nothing happens if it is not remembered."""
        self._received.forget(peer, message_id)
        self._strange.forget(peer, message_id)
