"""The port of data sync kept in memory: for tests, simulations and people without a past.

Spec: VAC 2 (MVDS), "State".
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import Message, MessageId
from sottovoce.sync.stores import Waiting


class MemorySyncStore:
    """A `SyncStore` of dictionaries; their order is the order of adding.

    Where the oldest is forgotten again and again the dictionary is an ordered one: a plain one
    looks past all that was forgotten before it finds its first entry.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[PublicKey, MessageId], tuple[Waiting, Message]] = {}
        self._received: OrderedDict[tuple[PublicKey, MessageId], None] = OrderedDict()
        self._received_of: dict[PublicKey, OrderedDict[MessageId, None]] = {}

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
        return (peer, message_id) in self._received

    def remember_received(
        self, peer: PublicKey, message_id: MessageId, *, per_peer_max: int, total_max: int
    ) -> None:
        """Remember a message of this peer; the oldest above the bounds are forgotten."""
        self._received[peer, message_id] = None
        of_peer = self._received_of.setdefault(peer, OrderedDict())
        of_peer[message_id] = None
        while len(of_peer) > per_peer_max:
            self._forget(peer, next(iter(of_peer)))
        while len(self._received) > total_max:
            self._forget(*next(iter(self._received)))

    def _forget(self, peer: PublicKey, message_id: MessageId) -> None:
        del self._received[peer, message_id]
        of_peer = self._received_of[peer]
        del of_peer[message_id]
        if not of_peer:
            del self._received_of[peer]
