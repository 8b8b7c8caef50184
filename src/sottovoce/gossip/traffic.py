"""Traffic: what was carried, by peer, by topic and by use.

It owns the tallies and the bounded table of topics. It decides nothing: whoever receives and sends
envelopes says what of them was of use. A copy that left counts as useful until the peer shows that
it was not. Packets, peers and the pool are not its business.

A topic may name a person or a chat, so that nothing here shows one unless it is asked for it.

Spec: none; EIP-627 and 6/WAKU1 leave measuring to the node.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sottovoce.base.quantities import Topic

# Rows of topics that nobody here listens to. The networks have some thousands of topics, of which a
# few carry most; so many rows take a megabyte at the most.
TOPIC_ROWS_MAX: Final = 2048


class Amount(NamedTuple):
    """So many envelopes, and the bytes of their RLP."""

    envelopes: int = 0
    bytes: int = 0


NOTHING: Final = Amount()


@dataclass(frozen=True, slots=True)
class Flow:
    """What was carried in one direction.

    Attributes:
        useful: Received: newly pooled, on a topic that somebody here listens to, or any as long as
            we want everything. Sent: copies that the peer had not, as far as we know.
        duplicate: Received: what we had already. Sent: what the peer sent us at the same time.
        unwanted: Received: what we refused, or pooled only because a bloom filter cannot tell it
            from what we want. Sent: envelopes of our own that a peer confirmed as refused.
        other_bytes: Payload bytes of everything else: greetings, confirmations, history, and what
            is around envelopes.
    """

    useful: Amount = NOTHING
    duplicate: Amount = NOTHING
    unwanted: Amount = NOTHING
    other_bytes: int = 0

    @property
    def envelopes(self) -> int:
        """All envelopes."""
        return self.useful.envelopes + self.duplicate.envelopes + self.unwanted.envelopes

    @property
    def bytes(self) -> int:
        """All payload bytes."""
        envelope_bytes = self.useful.bytes + self.duplicate.bytes + self.unwanted.bytes
        return envelope_bytes + self.other_bytes


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried in both directions."""

    received: Flow = field(default_factory=Flow)
    sent: Flow = field(default_factory=Flow)

    @property
    def bytes(self) -> int:
        """All payload bytes."""
        return self.received.bytes + self.sent.bytes


@dataclass(slots=True)
class Tally:
    """Running counts; plain numbers with names, for some grow with every envelope.

    Attributes:
        received_useful: Envelopes; the other fields are what their names say (`Flow` explains).
    """

    received_useful: int = 0
    received_useful_bytes: int = 0
    received_duplicate: int = 0
    received_duplicate_bytes: int = 0
    received_unwanted: int = 0
    received_unwanted_bytes: int = 0
    sent_useful: int = 0
    sent_useful_bytes: int = 0
    sent_duplicate: int = 0
    sent_duplicate_bytes: int = 0
    sent_unwanted: int = 0
    sent_unwanted_bytes: int = 0

    def add(self, other: "Tally") -> None:
        """Add another one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def leave(self, count: int, size_bytes: int) -> None:
        """Note envelopes that are sent."""
        self.sent_useful += count
        self.sent_useful_bytes += size_bytes

    def crossed(self, size_bytes: int) -> None:
        """Note that the peer sent us what we had sent to it."""
        self.sent_useful -= 1
        self.sent_useful_bytes -= size_bytes
        self.sent_duplicate += 1
        self.sent_duplicate_bytes += size_bytes

    def refused(self, size_bytes: int) -> None:
        """Note that the peer did not take what we had sent to it."""
        self.sent_useful -= 1
        self.sent_useful_bytes -= size_bytes
        self.sent_unwanted += 1
        self.sent_unwanted_bytes += size_bytes

    def carried(self, received_bytes: int | None = None, sent_bytes: int | None = None) -> Carried:
        """Return the counts of this moment.

        Args:
            received_bytes: All payload bytes received, or None if nothing else was counted here.
            sent_bytes: All payload bytes sent, likewise.
        """
        received = Flow(
            Amount(self.received_useful, self.received_useful_bytes),
            Amount(self.received_duplicate, self.received_duplicate_bytes),
            Amount(self.received_unwanted, self.received_unwanted_bytes),
        )
        sent = Flow(
            Amount(self.sent_useful, self.sent_useful_bytes),
            Amount(self.sent_duplicate, self.sent_duplicate_bytes),
            Amount(self.sent_unwanted, self.sent_unwanted_bytes),
        )
        return Carried(_completed(received, received_bytes), _completed(sent, sent_bytes))


def _completed(flow: Flow, all_bytes: int | None) -> Flow:
    if all_bytes is None:
        return flow
    return Flow(flow.useful, flow.duplicate, flow.unwanted, all_bytes - flow.bytes)


class TopicRow:
    """The place of a topic in the table (a slotted class: each pooled envelope refers to one).

    Attributes:
        tally: What its topic carried; that of the other topics once the row was given up.
        topic: Its topic, for as long as something refers to it; None for other topics.
    """

    __slots__ = ("tally", "topic")

    def __init__(self, topic: Topic | None = None) -> None:
        self.tally = Tally()
        self.topic: Final = topic


@dataclass(frozen=True, slots=True)
class TopicTraffic:
    """What one topic carried.

    Attributes:
        topic: Four bytes; None for all topics that have no row of their own.
        is_heard: Whether a filter of ours names it.
        carried: The counts.
    """

    topic: Topic | None = field(repr=False)
    is_heard: bool
    carried: Carried


class TopicTable:
    """What each topic carried, in a bounded number of rows.

    When there are too many, the half that carried least is given up: its counts go to the other
    topics, and so does what its envelopes carry afterwards. Rows of topics that we listen to stay,
    however many others come.

    Args:
        is_heard: Tells whether a filter of ours names a topic.
        rows_max: How many rows there may be of topics that we do not listen to.

    Attributes:
        rows: The rows, to look up; `open` makes one.
        others: The row of all other topics.
    """

    def __init__(
        self, is_heard: Callable[[Topic], bool], *, rows_max: int = TOPIC_ROWS_MAX
    ) -> None:
        self.rows: Final[dict[Topic, TopicRow]] = {}
        self.others: Final = TopicRow()
        self._is_heard: Final = is_heard
        self._rows_max: Final = rows_max
        # How many rows there may be until somebody looks which of them are heard.
        self._looked_at_count = rows_max

    def open(self, topic: Topic) -> TopicRow:
        """Return the row of a topic; make it if there is none."""
        row = self.rows.get(topic)
        if row is None:
            if len(self.rows) >= self._looked_at_count:
                self._give_up_some()
            row = self.rows[topic] = TopicRow(topic)
        return row

    def snapshot(self) -> tuple[TopicTraffic, ...]:
        """Return the counts of this moment, the topic that carried most first, the others last."""
        named = [
            TopicTraffic(topic, self._is_heard(topic), row.tally.carried())
            for topic, row in self.rows.items()
        ]
        named.sort(key=lambda row: -row.carried.bytes)
        others = TopicTraffic(None, is_heard=False, carried=self.others.tally.carried())
        return (*named, others) if others.carried.bytes else tuple(named)

    def _give_up_some(self) -> None:
        others = [topic for topic in self.rows if not self._is_heard(topic)]
        others.sort(key=lambda topic: self.rows[topic].tally.carried().bytes)
        kept_count = min(len(others), self._rows_max // 2)
        for topic in others[: len(others) - kept_count]:
            row = self.rows.pop(topic)
            self.others.tally.add(row.tally)
            row.tally = self.others.tally
        self._looked_at_count = len(self.rows) - kept_count + self._rows_max


@dataclass(frozen=True, slots=True)
class SessionTraffic:
    """What one session carried.

    Attributes:
        peer: The node's number for it.
        protocol: How it is spoken: ``shh/6``, ``waku/1``.
        carried: The counts.
    """

    peer: int
    protocol: str
    carried: Carried


@dataclass(frozen=True, slots=True)
class RelayTraffic:
    """What a relay carried so far.

    Attributes:
        total: All of it, peers that left included.
        sessions: The sessions of this moment.
        topics: The topics that carried most first.
    """

    total: Carried
    sessions: tuple[SessionTraffic, ...]
    topics: tuple[TopicTraffic, ...]
