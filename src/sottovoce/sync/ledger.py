"""What all peers are owed, and when it is due.

It owns the bounds of what peers can make grow, and sees to it that a peer who is owed nothing
costs nothing. What a received record means it does not know.

Spec: VAC 2 (MVDS), "State".
"""

from collections import OrderedDict

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.agenda import Agenda
from sottovoce.sync.peer_state import OUTGOING, Line, PeerState
from sottovoce.sync.records import MessageId, RecordType
from sottovoce.sync.settings import REQUESTED_MAX, REQUESTED_PER_PEER_MAX


class Ledger:
    """The records of all peers.

    Attributes:
        waiting_count: Bodies that wait for somebody's acknowledgement.
        ack_count: Acknowledgements that wait to be sent to anybody.
    """

    def __init__(self) -> None:
        self._peers: dict[PublicKey, PeerState] = {}
        self._agenda: Agenda[Line] = Agenda()
        self._requests: OrderedDict[Line, None] = OrderedDict()
        self._serial = 0
        self.waiting_count = 0
        self.ack_count = 0

    def __len__(self) -> int:
        return len(self._agenda)

    def state(self, peer: PublicKey) -> PeerState | None:
        """Return what a peer is owed, or None if that is nothing."""
        return self._peers.get(peer)

    def line(self, peer: PublicKey, type: RecordType, message_id: MessageId) -> Line | None:
        """Return a record for a peer, or None."""
        state = self._peers.get(peer)
        return None if state is None else state.line(type, message_id)

    def waits(self, peer: PublicKey, message_id: MessageId) -> bool:
        """Tell whether a body waits for this peer's acknowledgement."""
        state = self._peers.get(peer)
        return state is not None and message_id in state.waiting

    def add_waiting(self, peer: PublicKey, message_id: MessageId, body_bytes: int) -> None:
        """Note that a body waits for a peer's acknowledgement."""
        state = self._peers.setdefault(peer, PeerState())
        state.waiting[message_id] = body_bytes
        state.waiting_bytes += body_bytes
        self.waiting_count += 1

    def remove_waiting(self, peer: PublicKey, message_id: MessageId) -> None:
        """Forget a body that waits, with its records."""
        state = self._peers[peer]
        state.waiting_bytes -= state.waiting.pop(message_id)
        self.waiting_count -= 1
        for type in OUTGOING:
            line = state.line(type, message_id)
            if line is not None:
                self.remove(line)
        self._prune(peer, state)

    def add(
        self,
        peer: PublicKey,
        type: RecordType,
        message_id: MessageId,
        *,
        due_epoch: int,
        leaves_epoch: int,
    ) -> Line:
        """Add a record that is not there yet.

        Args:
            peer: For whom.
            type: What it is.
            message_id: Of which message.
            due_epoch: The epoch that its schedule counts from.
            leaves_epoch: The epoch in which it goes out first; the present one means at once.
        """
        self._serial += 1
        line = Line(peer, type, message_id, serial=self._serial, due=due_epoch)
        lines = self._peers.setdefault(peer, PeerState()).lines[type]
        assert message_id not in lines, "a record stands twice for one peer"
        lines[message_id] = line
        self.ack_count += type is RecordType.ACK
        self._agenda.put(line, leaves_epoch)
        return line

    def request(self, peer: PublicKey, message_id: MessageId, epoch: int) -> int:
        """Ask a peer for a message from the next epoch on.

        Returns:
            How many older requests made room for it.
        """
        line = self.add(
            peer, RecordType.REQUEST, message_id, due_epoch=epoch + 1, leaves_epoch=epoch + 1
        )
        self._requests[line] = None
        forgotten = 0
        of_peer = self._peers[peer].lines[RecordType.REQUEST]
        if len(of_peer) > REQUESTED_PER_PEER_MAX:
            self.remove(next(iter(of_peer.values())))
            forgotten += 1
        if len(self._requests) > REQUESTED_MAX:
            self.remove(next(iter(self._requests)))
            forgotten += 1
        return forgotten

    def remove(self, line: Line) -> None:
        """Forget a record."""
        state = self._peers[line.peer]
        del state.lines[line.type][line.message_id]
        state.held.pop(line, None)
        self.ack_count -= line.type is RecordType.ACK
        self._requests.pop(line, None)
        self._agenda.drop(line)
        self._prune(line.peer, state)

    def put(self, line: Line, epoch: int) -> None:
        """Let a record go out at an epoch."""
        line.due_epoch = epoch
        self._agenda.put(line, epoch)

    def note_body(self, peer: PublicKey, epoch: int) -> None:
        """Note that a body left for a peer."""
        self._peers[peer].body_epoch = epoch

    def hold(self, line: Line) -> None:
        """Let a record leave with the next payload for its peer, if that is before its epoch."""
        self._peers[line.peer].held[line] = None

    def release(self, peer: PublicKey, epoch: int) -> None:
        """Let what was held leave at an epoch: the peer has answered."""
        state = self._peers.get(peer)
        if state is None:
            return
        state.body_epoch = None
        for line in state.held:
            self._agenda.put(line, epoch)

    def take_due(self, epoch: int) -> dict[PublicKey, list[Line]]:
        """Return what goes out at an epoch, by peer; each is put again or removed afterwards."""
        by_peer: dict[PublicKey, dict[Line, None]] = {}
        for line in self._agenda.take_due(epoch):
            by_peer.setdefault(line.peer, {})[line] = None
        for peer, lines in by_peer.items():
            held = self._peers[peer].held
            for line in held:
                self._agenda.drop(line)
            lines.update(held)
            held.clear()
        return {peer: list(lines) for peer, lines in by_peer.items()}

    def next_epoch(self) -> int | None:
        """Return the first epoch at which something goes out, or None."""
        return self._agenda.next_epoch()

    def _prune(self, peer: PublicKey, state: PeerState) -> None:
        if state.is_empty:
            self._peers.pop(peer, None)
