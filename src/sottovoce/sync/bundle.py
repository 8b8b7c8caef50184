"""Records of one peer, put into as few payloads as their bound of bytes allows.

Spec: VAC 2 (MVDS), "Flow": one payload for each peer and epoch; more only if one would be too
large (docs/spec-deviations.md, "Payloads of data sync").
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sottovoce.sync.records import Message, MessageId, Payload, RecordType
from sottovoce.sync.wire import ID_RECORD_BYTES, overhead_bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A record on its way out; a message comes with its content."""

    type: RecordType
    message_id: MessageId
    message: Message | None = None

    @property
    def size_bytes(self) -> int:
        """Its length in a payload, at most."""
        if self.message is None:
            return ID_RECORD_BYTES
        body_bytes = len(self.message.body)
        return body_bytes + overhead_bytes(body_bytes)


@dataclass(slots=True)
class Bundle:
    """Records that fill one payload."""

    records: list[Record] = field(default_factory=list)
    size_bytes: int = 0

    def add(self, record: Record) -> None:
        """Put one more record in."""
        self.records.append(record)
        self.size_bytes += record.size_bytes

    def to_payload(self) -> Payload:
        """Return the records by their types, each type in its order."""
        return Payload(
            acks=self._ids(RecordType.ACK),
            offers=self._ids(RecordType.OFFER),
            requests=self._ids(RecordType.REQUEST),
            messages=tuple(record.message for record in self.records if record.message is not None),
        )

    def message_ids(self) -> tuple[MessageId, ...]:
        """Return the identifiers of the messages in it."""
        return self._ids(RecordType.MESSAGE)

    def _ids(self, type: RecordType) -> tuple[MessageId, ...]:
        return tuple(record.message_id for record in self.records if record.type is type)


def bundle(records: Iterable[Record], bytes_max: int) -> Iterator[Bundle]:
    """Fill bundles with records in their order.

    Args:
        records: The records; they may be made while they are taken.
        bytes_max: No payload is longer, unless a single record is.
    """
    filling = Bundle()
    for record in records:
        if filling.records and filling.size_bytes + record.size_bytes > bytes_max:
            yield filling
            filling = Bundle()
        filling.add(record)
    if filling.records:
        yield filling
