"""Which messages of which peers came, the oldest forgotten above two bounds.

Spec: none; VAC 2 remembers for ever.
"""

from collections import OrderedDict

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.records import MessageId


class ReceivedMemory:
    """Identifiers in the order in which they came, by peer and of all.

    The dictionaries are ordered ones: where the oldest is forgotten again and again, a plain one
    looks past all that was forgotten before it finds its first entry.
    """

    def __init__(self) -> None:
        self._all: OrderedDict[tuple[PublicKey, MessageId], None] = OrderedDict()
        self._of_peer: dict[PublicKey, OrderedDict[MessageId, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, entry: tuple[PublicKey, MessageId]) -> bool:
        return entry in self._all

    @property
    def entries(self) -> tuple[tuple[PublicKey, MessageId], ...]:
        """All that is remembered, the oldest first."""
        return tuple(self._all)

    @property
    def peer_count(self) -> int:
        """Of how many peers anything is remembered."""
        return len(self._of_peer)

    def add(
        self, peer: PublicKey, message_id: MessageId, *, per_peer_max: int, total_max: int
    ) -> None:
        """Remember a message; the oldest above the bounds are forgotten."""
        if (peer, message_id) in self._all:
            return
        self._all[peer, message_id] = None
        of_peer = self._of_peer.setdefault(peer, OrderedDict())
        of_peer[message_id] = None
        while len(of_peer) > per_peer_max:
            self.forget(peer, next(iter(of_peer)))
        while len(self._all) > total_max:
            self.forget(*next(iter(self._all)))

    def forget(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a message, if it is remembered; a peer without any costs nothing."""
        if (peer, message_id) not in self._all:
            return
        del self._all[peer, message_id]
        of_peer = self._of_peer[peer]
        del of_peer[message_id]
        if not of_peer:
            del self._of_peer[peer]
