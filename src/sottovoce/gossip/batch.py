"""A batch: what became of the envelopes of one `messages` packet.

It owns the counts of one packet, which are added to the tallies of its peer and of the relay at the
end: a packet brings many envelopes.

Spec: none; EIP-627 and 6/WAKU1 leave measuring to the node.
"""

from typing import TYPE_CHECKING, Final

from sottovoce.gossip.traffic import Tally, TopicRow

if TYPE_CHECKING:
    from sottovoce.gossip.envelope import Envelope
    from sottovoce.gossip.events import Drop


class Batch:
    """The counts while a packet is gone through (a slotted class, for one is made per packet).

    Attributes:
        price: What the peer pays for what was of no use.
        refused: What was refused and is told to be, with the reason.
        pooled: Envelopes that entered the pool.
        repeated: Envelopes that were in it.
    """

    __slots__ = (
        "_duplicate_bytes",
        "_refused_count",
        "_unheard",
        "_unwanted_bytes",
        "_useful_bytes",
        "pooled",
        "price",
        "refused",
        "repeated",
    )

    def __init__(self) -> None:
        self.price = 0.0
        self.refused: Final[list[tuple[Envelope, Drop]]] = []
        self.pooled = 0
        self._useful_bytes = 0
        self._unheard = 0
        self._refused_count = 0
        self._unwanted_bytes = 0
        self.repeated = 0
        self._duplicate_bytes = 0

    def take(self, count: int, size_bytes: int) -> None:
        """Count pooled envelopes of use, which are counted in their topics' rows already."""
        self.pooled += count
        self._useful_bytes += size_bytes

    def repeat(self, row: TopicRow, size_bytes: int) -> None:
        """Count an envelope that was here already."""
        self.repeated += 1
        self._duplicate_bytes += size_bytes
        row.tally.received_duplicate += 1
        row.tally.received_duplicate_bytes += size_bytes

    def refuse(self, row: TopicRow, size_bytes: int) -> None:
        """Count an envelope that was not taken."""
        self._refused_count += 1
        self._count_unwanted(row, size_bytes)

    def take_unheard(self, row: TopicRow, size_bytes: int) -> None:
        """Count an envelope that was pooled though nobody here wants its topic."""
        self.pooled += 1
        self._unheard += 1
        self._count_unwanted(row, size_bytes)

    def count(self, tally: Tally) -> None:
        """Add everything to a tally."""
        tally.received_useful += self.pooled - self._unheard
        tally.received_useful_bytes += self._useful_bytes
        if self._unwanted_bytes:
            tally.received_unwanted += self._unheard + self._refused_count
            tally.received_unwanted_bytes += self._unwanted_bytes
        if self.repeated:
            tally.received_duplicate += self.repeated
            tally.received_duplicate_bytes += self._duplicate_bytes

    def _count_unwanted(self, row: TopicRow, size_bytes: int) -> None:
        self._unwanted_bytes += size_bytes
        row.tally.received_unwanted += 1
        row.tally.received_unwanted_bytes += size_bytes
