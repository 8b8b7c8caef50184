"""What happened among simulated people, written down for whoever checks it afterwards."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sottovoce.chat.events import ChatFact, MessageAdded, MessageChanged
from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.payloads.message_id import MessageId


class Said(NamedTuple):
    """A message that a device answered "queued" for, or that is in its history after a crash."""

    device: int
    chat_id: ChatId
    message_id: MessageId
    at_s: float


@dataclass(slots=True)
class DeviceLog:
    """What one device told and lost.

    Attributes:
        added: How often it told of each new message, since the copy that it goes on from.
        forgotten: Messages that it had and that a restored copy does not have.
    """

    added: Counter[MessageId] = field(default_factory=Counter)
    forgotten: set[MessageId] = field(default_factory=set)


class PeopleLog:
    """What was said, by its text, and what each device told.

    Attributes:
        tried: Texts that somebody asked to send, whatever came of it.
        said: What was queued.
        acknowledged_s: When an author first heard of the acknowledgement.
        devices: By their numbers.
    """

    def __init__(self) -> None:
        self.tried: Final[set[str]] = set()
        self.said: Final[dict[str, Said]] = {}
        self.acknowledged_s: Final[dict[MessageId, float]] = {}
        self.devices: Final[dict[int, DeviceLog]] = {}

    def of(self, device: int) -> DeviceLog:
        """Return the log of a device."""
        return self.devices.setdefault(device, DeviceLog())

    def heard(self, device: int, fact: ChatFact, at_s: float) -> None:
        """Note what a device told."""
        if isinstance(fact, MessageAdded):
            self.of(device).added[fact.message.id] += 1
        elif isinstance(fact, MessageChanged) and fact.message.state is MessageState.ACKNOWLEDGED:
            self.acknowledged_s.setdefault(fact.message.id, at_s)

    def is_from(self, device: int, message: Message) -> bool:
        """Tell whether a message was said on this very device, which must know what became of it.

        One that went back and has it from another device again need not.
        """
        said = self.said.get(message.text)
        return (
            said is not None
            and said.device == device
            and (message.id not in self.of(device).forgotten)
        )

    def went_back(
        self, device: int, *, before: frozenset[MessageId], after: frozenset[MessageId]
    ) -> None:
        """Note that a copy has taken the place of a device's store.

        Args:
            device: Which.
            before: What it had.
            after: What the copy has.
        """
        log = self.of(device)
        log.forgotten |= before - after
        log.added = Counter(after)
