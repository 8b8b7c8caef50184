"""What the records in a peer's payload do.

It owns the meaning of received records and nothing of their sending: what follows from them is
written into the ledger and leaves from there.

Spec: VAC 2 (MVDS), "Flow"; vacp2p/mvds node/node.go, for the order within a payload
(docs/spec-deviations.md, "Repeated messages", "Groups of data sync" and "Offers").
"""

from collections.abc import Iterable, Iterator

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.sync.events import (
    BodiesReceived,
    BytesReceived,
    Delivered,
    Ignored,
    NotDataSync,
    SyncOutput,
)
from sottovoce.sync.ledger import Ledger
from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import MESSAGE_ID_BYTES, Message, MessageId, RecordType
from sottovoce.sync.settings import (
    ACKS_MAX,
    ACKS_PER_PEER_MAX,
    RECEIVED_MAX,
    RECEIVED_PER_PEER_MAX,
    REQUEST_PAUSE_EPOCHS,
    STRANGE_MAX,
    STRANGE_PER_PEER_MAX,
)
from sottovoce.sync.statistics import SyncStatistics
from sottovoce.sync.stores import SyncStore
from sottovoce.sync.wire import decode_payload


class Reception:
    """The receiving half of a synchronizer."""

    def __init__(self, ledger: Ledger, store: SyncStore, statistics: SyncStatistics) -> None:
        self._ledger = ledger
        self._store = store
        self._statistics = statistics

    def take(self, event: BytesReceived, epoch: int) -> list[SyncOutput]:
        """Take bytes of a peer in an epoch; tells what was delivered and what came."""
        try:
            payload = decode_payload(event.raw)
        except RemoteProtocolError:
            return [NotDataSync(event.peer, event.raw)]
        if payload.is_empty:
            return [NotDataSync(event.peer, event.raw)]
        self._statistics.payloads_received += 1
        peer = event.peer
        outputs: list[SyncOutput] = []
        acked = tuple(id for id in self._checked(payload.acks) if self._take_ack(peer, id))
        if acked:
            self._ledger.release(peer, epoch)
            outputs.append(Delivered(peer, acked))
        for id in self._checked(payload.requests):
            self._take_request(peer, id, epoch)
        if event.answered:
            for id in self._checked(payload.offers):
                self._take_offer(peer, id, epoch)
        came = tuple(
            message
            for message in payload.messages
            if self._take_message(peer, message, event.answered, epoch)
        )
        if came:
            outputs.append(BodiesReceived(peer, came))
        self._statistics.bodies_delivered += len(acked)
        self._statistics.bodies_received += len(came)
        return outputs

    def postpone(self, peer: PublicKey, id: MessageId) -> None:
        """Count a message as not received, and do not acknowledge it."""
        self._store.forget_received(peer, id)
        line = self._ledger.line(peer, RecordType.ACK, id)
        if line is not None:
            self._ledger.remove(line)

    def _checked(self, ids: Iterable[bytes]) -> Iterator[MessageId]:
        for raw in ids:
            if len(raw) == MESSAGE_ID_BYTES:
                yield MessageId(raw)
            else:
                self._ignore(Ignored.BAD_ID)

    def _take_ack(self, peer: PublicKey, id: MessageId) -> bool:
        if not self._ledger.waits(peer, id):
            self._ignore(Ignored.UNKNOWN_ACK)
            return False
        self._ledger.remove_waiting(peer, id)
        self._store.remove_waiting(peer, id)
        return True

    def _take_request(self, peer: PublicKey, id: MessageId, epoch: int) -> None:
        # Only what was submitted for this very peer is given away, whatever group it names.
        if not self._ledger.waits(peer, id):
            self._ignore(Ignored.UNKNOWN_REQUEST)
            return
        line = self._ledger.line(peer, RecordType.MESSAGE, id)
        if line is None:
            self._ledger.add(
                peer, RecordType.MESSAGE, id, due_epoch=epoch + 1, leaves_epoch=epoch + 1
            )
        elif line.sent_epoch is None or epoch < line.sent_epoch + REQUEST_PAUSE_EPOCHS:
            self._ignore(Ignored.TOO_EARLY)
        elif line.due_epoch > epoch + 1:
            self._ledger.put(line, epoch + 1)

    def _take_offer(self, peer: PublicKey, id: MessageId, epoch: int) -> None:
        if self._ledger.waits(peer, id):
            self._ignore(Ignored.ECHO)
        elif self._store.has_received(peer, id):
            self._ignore(Ignored.KNOWN_OFFER)
            self._acknowledge_again(peer, id, epoch)
        elif self._ledger.line(peer, RecordType.REQUEST, id) is None:
            for _ in range(self._ledger.request(peer, id, epoch)):
                self._ignore(Ignored.OFFER_FORGOTTEN)

    def _take_message(self, peer: PublicKey, message: Message, answered: bool, epoch: int) -> bool:
        id = message_id(message)
        if self._ledger.waits(peer, id):
            # What we send to ourselves, for other devices, comes back on topics that are ours.
            self._ignore(Ignored.ECHO)
            return False
        if self._store.has_received(peer, id):
            self._ignore(Ignored.REPEATED)
            if answered:
                self._acknowledge_again(peer, id, epoch)
            return False
        if answered and not self._acknowledge(peer, id, epoch):
            return False
        self._remember(peer, id, answered=answered)
        request = self._ledger.line(peer, RecordType.REQUEST, id)
        if request is not None:
            self._ledger.remove(request)
        return True

    def _remember(self, peer: PublicKey, id: MessageId, *, answered: bool) -> None:
        self._store.remember_received(
            peer,
            id,
            answered=answered,
            per_peer_max=RECEIVED_PER_PEER_MAX if answered else STRANGE_PER_PEER_MAX,
            total_max=RECEIVED_MAX if answered else STRANGE_MAX,
        )

    def _acknowledge(self, peer: PublicKey, id: MessageId, epoch: int) -> bool:
        """Acknowledge a new message at once; False if too many acknowledgements wait."""
        return self._add_ack(peer, id, epoch, leaves_epoch=epoch, repeated=False)

    def _acknowledge_again(self, peer: PublicKey, id: MessageId, epoch: int) -> None:
        # It may have come while its author was a stranger.
        self._remember(peer, id, answered=True)
        # With the next epoch and not at once: a flood of replays costs a payload per epoch.
        if self._ledger.line(peer, RecordType.ACK, id) is None:
            self._add_ack(peer, id, epoch, leaves_epoch=epoch + 1, repeated=True)

    def _add_ack(
        self, peer: PublicKey, id: MessageId, epoch: int, *, leaves_epoch: int, repeated: bool
    ) -> bool:
        standing = self._ledger.line(peer, RecordType.ACK, id)
        if standing is not None:
            # The memory of what was received has a bound, so that a message may come as new while
            # an acknowledgement of it still waits.
            return True
        state = self._ledger.state(peer)
        of_peer = 0 if state is None else len(state.lines[RecordType.ACK])
        if of_peer >= ACKS_PER_PEER_MAX or self._ledger.ack_count >= ACKS_MAX:
            self._ignore(Ignored.TOO_MANY)
            return False
        line = self._ledger.add(
            peer, RecordType.ACK, id, due_epoch=epoch + 1, leaves_epoch=leaves_epoch
        )
        line.repeated = repeated
        return True

    def _ignore(self, reason: Ignored) -> None:
        self._statistics.ignored[reason] += 1
