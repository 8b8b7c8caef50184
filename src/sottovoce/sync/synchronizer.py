"""The machine of data sync: bodies go out until they are acknowledged, and come up once.

It owns which bodies are taken and when records leave. It knows no envelope, no device and no
chat: it gets bytes of a peer and gives bytes for a peer. Everything that leaves, leaves as the
answer to `TimePassed`, so that what one batch of events brought shares a payload; a new body and
the acknowledgement of a new message make the deadline come at once.

Spec: VAC 2 (MVDS), "Flow" and "Retransmission"; status-go protocol/datasync
(docs/spec-deviations.md, "Epochs of data sync").
"""

from collections.abc import Iterator
from typing import Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.sync.bundle import Record, bundle
from sottovoce.sync.events import (
    BodyPostponed,
    BodyQueued,
    BodyRefused,
    BodySubmitted,
    BodyWithdrawn,
    BytesReceived,
    PayloadToSend,
    PeerForgotten,
    Refusal,
    StillWaiting,
    SyncEvent,
    SyncOutput,
    TimePassed,
)
from sottovoce.sync.ledger import Ledger
from sottovoce.sync.message_id import message_id
from sottovoce.sync.peer_state import Line
from sottovoce.sync.reception import Reception
from sottovoce.sync.records import Message, MessageId, RecordType
from sottovoce.sync.rhythm import Rhythm
from sottovoce.sync.schedule import next_send_epoch
from sottovoce.sync.settings import (
    BODY_BYTES_MAX,
    PAYLOAD_BYTES_SENT_MAX,
    REQUEST_ATTEMPTS_MAX,
    WAITING_BYTES_PER_PEER_MAX,
    WAITING_MAX,
    WAITING_PER_PEER_MAX,
    Mode,
    SyncSettings,
)
from sottovoce.sync.statistics import SyncStatistics
from sottovoce.sync.stores import SyncStore, Waiting
from sottovoce.sync.wire import encode_payload

_BEGINNINGS: Final = {Mode.BATCH: RecordType.MESSAGE, Mode.INTERACTIVE: RecordType.OFFER}

# Short records first, so that a body that fills its payload does not hold them up.
_SENDING_ORDER: Final = (
    RecordType.ACK,
    RecordType.OFFER,
    RecordType.REQUEST,
    RecordType.MESSAGE,
)


class Synchronizer:
    """One person's data sync with all peers.

    Attributes:
        statistics: Counters.
    """

    def __init__(
        self,
        store: SyncStore,
        *,
        now: Moment,
        settings: SyncSettings | None = None,
        first_epoch: int = 0,
    ) -> None:
        """Start with what the store holds; all that waits there is due with the next epoch.

        Args:
            store: What survives.
            now: When the first epoch begins.
            settings: Mode and schedule.
            first_epoch: The number of the first epoch; only the reference's schedule cares.
        """
        self._settings: Final = SyncSettings() if settings is None else settings
        self._store: Final = store
        self._rhythm: Final = Rhythm(now, first_epoch)
        self._ledger: Final = Ledger()
        self.statistics: Final = SyncStatistics()
        self._reception: Final = Reception(self._ledger, store, self.statistics)
        for waiting in store.waiting():
            line = self._wait(waiting, due_epoch=first_epoch + 1, leaves_epoch=first_epoch + 1)
            line.send_count = waiting.send_count

    def handle(self, event: SyncEvent, now: Moment) -> list[SyncOutput]:
        """Take one event and return what follows from it, in order."""
        epoch = self._rhythm.epoch(now)
        match event:
            case BytesReceived():
                return self._reception.take(event, epoch)
            case TimePassed():
                return self._flush(epoch)
            case BodySubmitted():
                return [self._submit(event, epoch, now)]
            case BodyPostponed():
                self._reception.postpone(event.peer, event.message_id)
            case BodyWithdrawn():
                if self._ledger.waits(event.peer, event.message_id):
                    self._give_up(event.peer, event.message_id)
            case PeerForgotten():
                self._forget(event.peer)
            case _:
                assert_never(event)
        return []

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something leaves, or None."""
        epoch = self._ledger.next_epoch()
        return None if epoch is None else self._rhythm.deadline_s(epoch)

    def waiting(self, peer: PublicKey) -> tuple[MessageId, ...]:
        """Return what waits for a peer's acknowledgement, in the order of submission."""
        state = self._ledger.state(peer)
        return () if state is None else tuple(state.waiting)

    # ---- bodies of our own

    def _submit(self, event: BodySubmitted, epoch: int, now: Moment) -> SyncOutput:
        peer, body_bytes = event.peer, len(event.body)
        state = self._ledger.state(peer)
        message = Message(event.group_id, now.unix_whole_s, event.body)
        id = message_id(message)
        if self._ledger.waits(peer, id):
            return BodyQueued(peer, id)
        refusal = self._refusal(peer, body_bytes)
        if refusal is not None:
            return BodyRefused(peer, refusal)
        waiting = Waiting(peer, id, _BEGINNINGS[self._settings.mode], 0, body_bytes)
        self._store.add_waiting(waiting, message)
        if state is not None and state.body_epoch == epoch:
            # One envelope costs as much as many bodies in it; whoever answers soon gets it soon.
            line = self._wait(waiting, due_epoch=epoch + 1, leaves_epoch=epoch + 1)
            self._ledger.hold(line)
        else:
            self._wait(waiting, due_epoch=epoch + 1, leaves_epoch=epoch)
        return BodyQueued(peer, id)

    def _refusal(self, peer: PublicKey, body_bytes: int) -> Refusal | None:
        if body_bytes > BODY_BYTES_MAX:
            return Refusal.TOO_LARGE
        state = self._ledger.state(peer)
        if state is not None and (
            len(state.waiting) >= WAITING_PER_PEER_MAX
            or state.waiting_bytes + body_bytes > WAITING_BYTES_PER_PEER_MAX
        ):
            return Refusal.PEER_FULL
        return Refusal.FULL if self._ledger.waiting_count >= WAITING_MAX else None

    def _wait(self, waiting: Waiting, *, due_epoch: int, leaves_epoch: int) -> Line:
        peer, id = waiting.peer, waiting.message_id
        self._ledger.add_waiting(peer, id, waiting.body_bytes)
        line = self._ledger.add(
            peer, waiting.type, id, due_epoch=due_epoch, leaves_epoch=leaves_epoch
        )
        line.stored = True
        return line

    def _give_up(self, peer: PublicKey, id: MessageId) -> None:
        self._ledger.remove_waiting(peer, id)
        self._store.remove_waiting(peer, id)

    def _forget(self, peer: PublicKey) -> None:
        for id in self.waiting(peer):
            self._give_up(peer, id)
        state = self._ledger.state(peer)
        if state is not None:
            for line in [line for lines in state.lines.values() for line in lines.values()]:
                self._ledger.remove(line)

    # ---- what leaves

    def _flush(self, epoch: int) -> list[SyncOutput]:
        outputs: list[SyncOutput] = []
        for peer, lines in self._ledger.take_due(epoch).items():
            lines.sort(key=_sending_key)
            outputs += self._payloads(peer, lines)
            again = tuple(line.message_id for line in lines if line.stored and line.send_count)
            if again:
                outputs.append(StillWaiting(peer, again))
            for line in lines:
                self._after_sending(line, epoch)
        return outputs

    def _payloads(self, peer: PublicKey, lines: list[Line]) -> Iterator[SyncOutput]:
        for filled in bundle(map(self._record, lines), PAYLOAD_BYTES_SENT_MAX):
            ids = filled.message_ids()
            self.statistics.payloads_sent += 1
            self.statistics.messages_sent += len(ids)
            yield PayloadToSend(peer, encode_payload(filled.to_payload()), ids)

    def _record(self, line: Line) -> Record:
        if line.type is not RecordType.MESSAGE:
            return Record(line.type, line.message_id)
        message = self._store.message(line.peer, line.message_id)
        return Record(line.type, line.message_id, message)

    def _after_sending(self, line: Line, epoch: int) -> None:
        line.send_count += 1
        if line.type is RecordType.ACK or (
            line.type is RecordType.REQUEST and line.send_count >= REQUEST_ATTEMPTS_MAX
        ):
            self._ledger.remove(line)
            return
        if line.stored:
            self._store.set_send_count(line.peer, line.message_id, line.send_count)
            self._ledger.note_body(line.peer, epoch)
        # What leaves at once counts as sent in the epoch in which the rhythm would have sent it.
        line.sent_epoch = max(epoch, line.due_epoch)
        again = next_send_epoch(
            self._settings.schedule,
            send_count=line.send_count,
            due_epoch=line.due_epoch,
            epoch=line.sent_epoch,
        )
        self._ledger.put(line, again)


def _sending_key(line: Line) -> tuple[int, bool, int]:
    # A client of 2020 stops reading a payload's acknowledgements at the first one that it does not
    # expect; those that were given before come last.
    return _SENDING_ORDER.index(line.type), line.repeated, line.serial
