"""Replays an exchange of two real nodes on two machines of ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.sync.events import (
    BodiesReceived,
    BodyQueued,
    BodySubmitted,
    BytesReceived,
    Delivered,
    PayloadToSend,
    TimePassed,
)
from sottovoce.sync.group_id import group_of_two
from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import GroupId, Message, MessageId, Payload, RecordType
from sottovoce.sync.schedule import REFERENCE
from sottovoce.sync.settings import EPOCH_S, Mode, SyncSettings
from sottovoce.sync.synchronizer import Synchronizer
from sottovoce.sync.wire import decode_payload, encode_payload
from vectors.text import unhex

MODES: Final = {"batch": Mode.BATCH, "interactive": Mode.INTERACTIVE}
OWN: Final = {Mode.BATCH: RecordType.MESSAGE, Mode.INTERACTIVE: RecordType.OFFER}

EPOCHS_APART: Final = 2  # how far the two real nodes' counters may be apart

Record = tuple[RecordType, bytes]


def read_message(recorded: dict[str, Any]) -> Message:
    """Read a message from its description; our identifier must be the recorded one."""
    message = Message(
        unhex(recorded["group_id"]), int(recorded["timestamp"]), unhex(recorded["body"])
    )
    assert message_id(message).hex() == recorded["id"]
    return message


def read_payload(recorded: dict[str, Any]) -> Payload:
    """Read a payload from its description."""
    return Payload(
        acks=tuple(map(unhex, recorded["acks"] or ())),
        offers=tuple(map(unhex, recorded["offers"] or ())),
        requests=tuple(map(unhex, recorded["requests"] or ())),
        messages=tuple(map(read_message, recorded["messages"] or ())),
    )


def records(payload: Payload) -> Iterator[Record]:
    """Take a payload apart."""
    for ack in payload.acks:
        yield RecordType.ACK, ack
    for offer in payload.offers:
        yield RecordType.OFFER, offer
    for request in payload.requests:
        yield RecordType.REQUEST, request
    for message in payload.messages:
        yield RecordType.MESSAGE, message_id(message)


@dataclass
class Node:
    """One of our machines, and what it sent and told so far.

    Attributes:
        peer: The other one.
        first_epoch: The number of its first epoch.
        mode: How its bodies begin.
        epoch: Where its time stands.
        unix_s: Where its wall clock stands.
        sent: The epochs at which each record left.
        payloads: What left, in bytes.
        bodies: What was handed up.
        delivered: What the other one acknowledged.
    """

    peer: PublicKey
    first_epoch: int
    mode: Mode
    epoch: int = 0
    unix_s: float = 0.0
    sent: dict[Record, list[int]] = field(default_factory=dict)
    payloads: list[bytes] = field(default_factory=list)
    bodies: list[Message] = field(default_factory=list)
    delivered: list[MessageId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.epoch = self.first_epoch
        self.store = MemorySyncStore()
        self.synchronizer = Synchronizer(
            self.store,
            now=self._moment(),
            settings=SyncSettings(mode=self.mode, schedule=REFERENCE),
            first_epoch=self.first_epoch,
        )

    def _moment(self) -> Moment:
        return Moment((self.epoch - self.first_epoch) * EPOCH_S, self.unix_s)

    def submit(self, group: GroupId, body: bytes, timestamp_s: int) -> MessageId:
        self.unix_s = timestamp_s + 0.5
        event = BodySubmitted(group, self.peer, body)
        (queued,) = self.synchronizer.handle(event, self._moment())
        assert isinstance(queued, BodyQueued)
        return queued.message_id

    def receive(self, raw: bytes) -> None:
        for output in self.synchronizer.handle(BytesReceived(self.peer, raw), self._moment()):
            match output:
                case BodiesReceived():
                    self.bodies += output.messages
                case Delivered():
                    self.delivered += output.message_ids
                case _:
                    raise AssertionError(f"unexpected: {output}")

    def advance(self, epoch: int) -> None:
        """Let time pass up to the beginning of an epoch, and collect what leaves."""
        self._flush()
        while self.epoch < epoch:
            self.epoch += 1
            self._flush()

    def await_record(self, record: Record) -> None:
        """Require that an answer leaves; the real nodes' epochs may begin a little later."""
        for epoch in range(self.epoch, self.epoch + EPOCHS_APART + 1):
            self.advance(epoch)
            if record in self.sent:
                return
        raise AssertionError("the real node sent what ours did not")

    def bytes_like(self, payload: Payload) -> set[bytes]:
        """Return the payloads of ours that hold just these records."""
        wanted = set(records(payload))
        return {raw for raw in self.payloads if set(records(decode_payload(raw))) == wanted}

    def records_left(self) -> int:
        """Return how many offers, requests and messages are still to be sent."""
        state = self.synchronizer._ledger.state(self.peer)
        kept = (RecordType.OFFER, RecordType.REQUEST, RecordType.MESSAGE)
        return 0 if state is None else sum(len(state.lines[type]) for type in kept)

    def _flush(self) -> None:
        for output in self.synchronizer.handle(TimePassed(), self._moment()):
            if isinstance(output, PayloadToSend):
                assert output.raw, "an empty payload says nothing"
                self.payloads.append(output.raw)
                for record in records(decode_payload(output.raw)):
                    # What leaves at once counts for the epoch in which the real nodes send it.
                    epoch = max(self.epoch, self.first_epoch + 1)
                    self.sent.setdefault(record, []).append(epoch)


def check_exchange(recorded: dict[str, Any], first: PublicKey, second: PublicKey) -> None:
    """Replay one exchange and compare every field that does not hang on the nodes' timing."""
    mode = MODES[recorded["mode"]]
    epoch = recorded["appended_at_epoch"]
    nodes = {"a": Node(second, epoch, mode), "b": Node(first, epoch, mode)}
    submitted = _submit(recorded, nodes["a"], group_of_two(first, second))
    nodes["a"].advance(epoch)
    own_epochs: dict[Record, list[int]] = {(OWN[mode], id): [] for id in submitted}
    lost_count = 0
    for step in recorded["payloads"]:
        payload = _payload(step)
        if payload.is_empty:
            continue
        sender, receiver = (nodes["a"], nodes["b"])[:: 1 if step["from"] == "a" else -1]
        sender.advance(step["epoch"])
        for record in records(payload):
            if step["from"] == "a" and record in own_epochs:
                own_epochs[record].append(step["epoch"])
            else:
                sender.await_record(record)
        assert sender.bytes_like(payload) <= {unhex(step["protobuf"])}
        if step["lost"]:
            lost_count += 1
        else:
            receiver.advance(max(step["epoch"], receiver.epoch))
            receiver.receive(unhex(step["protobuf"]))
    assert {record: nodes["a"].sent[record] for record in own_epochs} == own_epochs
    assert lost_count == recorded["first_payloads_of_a_lost"]
    assert [message.body.decode() for message in nodes["b"].bodies] == recorded["bodies"]
    assert nodes["a"].bodies == []
    assert len(nodes["a"].delivered) == len(set(nodes["a"].delivered) & set(submitted))
    for name, node in nodes.items():
        assert node.records_left() == recorded[f"records_left_at_{name}"]


def _payload(step: dict[str, Any]) -> Payload:
    """Read a step's payload from its description, which its bytes must equal."""
    payload = read_payload(step["payload"])
    assert encode_payload(payload) == unhex(step["protobuf"])
    assert decode_payload(unhex(step["protobuf"])) == payload
    return payload


def _submit(recorded: dict[str, Any], node: Node, group: Any) -> list[MessageId]:
    """Submit the bodies at the seconds which the recorded messages carry."""
    seconds = {
        message["body"]: int(message["timestamp"])
        for step in recorded["payloads"]
        for message in step["payload"]["messages"] or ()
    }
    bodies = [text.encode() for text in recorded["bodies"]]
    return [node.submit(group, body, seconds[body.hex()]) for body in bodies]
