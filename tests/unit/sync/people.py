"""People who sync with each other: machines wired back to back, with time and losses at hand."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Final, TypeVar

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.sync.events import (
    BodiesReceived,
    BodyQueued,
    BodySubmitted,
    BytesReceived,
    Delivered,
    Ignored,
    PayloadToSend,
    SyncEvent,
    SyncOutput,
    TimePassed,
)
from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import GroupId, Message, MessageId, Payload
from sottovoce.sync.schedule import Schedule
from sottovoce.sync.settings import SyncSettings
from sottovoce.sync.synchronizer import Synchronizer
from sottovoce.sync.wire import decode_payload, encode_payload

ANNA, BRUNO, CARLA = (public_key(PrivateKey(bytes([n]) * 32)) for n in (1, 2, 3))
GROUP: Final = GroupId(b"a group id of thirty-two bytes!!")
UNIX_S: Final = 1_590_000_000.0

# Repeats at every epoch: what tests of loss and of models want.
EAGER: Final = Schedule(step_epochs=1, doubles=False, gap_epochs_max=1)

OutputT = TypeVar("OutputT")


def only(kind: type[OutputT], outputs: Iterable[SyncOutput]) -> list[OutputT]:
    """Pick the outputs of one kind."""
    return [output for output in outputs if isinstance(output, kind)]


def message(body: bytes = b"body", timestamp_s: int = 7) -> Message:
    return Message(GROUP, timestamp_s, body)


def id_of(body: bytes = b"body", timestamp_s: int = 7) -> MessageId:
    return message_id(message(body, timestamp_s))


class Person:
    """A synchronizer, its store, a clock of its own, and what it told so far."""

    def __init__(
        self, *, settings: SyncSettings | None = None, store: MemorySyncStore | None = None
    ) -> None:
        self.settings = settings
        self.store = MemorySyncStore() if store is None else store
        self.now_s = 1000.0
        self.unix_s = UNIX_S
        self.bodies: list[bytes] = []
        self.delivered: list[MessageId] = []
        self.start()

    @property
    def now(self) -> Moment:
        return Moment(self.now_s, self.unix_s)

    def start(self) -> None:
        """Make the machine anew of what the store holds."""
        self.sync = Synchronizer(self.store, now=self.now, settings=self.settings)

    def handle(self, event: SyncEvent) -> list[SyncOutput]:
        outputs = self.sync.handle(event, self.now)
        for received in only(BodiesReceived, outputs):
            self.bodies += [message.body for message in received.messages]
        for delivered in only(Delivered, outputs):
            self.delivered += delivered.message_ids
        return outputs

    def submit(self, body: bytes, peer: PublicKey = BRUNO) -> MessageId:
        (queued,) = self.handle(BodySubmitted(GROUP, peer, body))
        assert isinstance(queued, BodyQueued)
        return queued.message_id

    def receive(
        self, raw: bytes | Payload, peer: PublicKey = BRUNO, *, answered: bool = True
    ) -> list[SyncOutput]:
        raw = encode_payload(raw) if isinstance(raw, Payload) else raw
        return self.handle(BytesReceived(peer, raw, answered))

    def flush(self) -> list[SyncOutput]:
        return self.handle(TimePassed())

    def sent(self) -> list[Payload]:
        """Flush, and read what leaves."""
        return [decode_payload(output.raw) for output in only(PayloadToSend, self.flush())]

    def wait(self, seconds: float) -> list[Payload]:
        """Let time pass from deadline to deadline, and read what leaves meanwhile."""
        end_s = self.now_s + seconds
        sent: list[Payload] = []
        while (deadline_s := self.sync.next_deadline()) is not None and deadline_s <= end_s:
            assert deadline_s >= self.now_s
            self.now_s = deadline_s
            sent += self.sent()
        self.now_s = end_s
        return sent

    def ignored(self, reason: Ignored) -> int:
        return self.sync.statistics.ignored[reason]

    def snapshot(self) -> MemorySyncStore:
        """Return what the store holds now, as after a crash."""
        return deepcopy(self.store)
