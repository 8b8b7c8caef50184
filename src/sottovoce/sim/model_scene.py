"""How each case of the scaling model stands on nodes: what a person's node says and hears.

It names topics and wishes; the nodes themselves and what happens to them are in `model_world`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.settings import Interest, Transport
from sottovoce.mail.request import HistoryRequest
from sottovoce.node.node import Node
from sottovoce.sim.world import SimulatedNode
from sottovoce.stack.topics import GENERIC_DISCOVERY


@dataclass(frozen=True, slots=True)
class CaseScene:
    """How a case of the model stands on nodes.

    Attributes:
        interest: What people's nodes tell the hubs.
        transport: What they speak.
        light: Whether they relay nothing.
        topics: Which topics a person's private and public messages have.
        hubs: Full nodes that each person is connected to.
        filtered: Whether a person's filter is filled with other topics up to the model's rate.
        absent: Whether people are off line for the model's share of the time, and ask a mailserver.
    """

    interest: Interest
    transport: Transport
    topics: Callable[["ModelPerson"], tuple[Topic, Topic]]
    light: bool = False
    hubs: int = 1
    filtered: bool = False
    absent: bool = False


@dataclass(slots=True)
class ModelPerson:
    """Somebody who is sent messages, and the node.

    Attributes:
        number: Which one.
        partition: The topic that people with similar keys share.
        public: A topic that nobody else wants.
        key: What envelopes for this person are sealed with.
        home: The node.
        private_topic: Where private messages for this person go in this case.
        public_topic: Where public ones go.
        meant: How many envelopes were posted for this person.
        opened: Hashes of those that were opened.
        there: When the node is on line, from and to, seconds.
        away: When it is not.
        request: The number of the last request for history.
        asked: What it asked for.
    """

    number: int
    partition: Topic
    public: Topic
    key: SymmetricKey
    home: SimulatedNode
    private_topic: Topic = field(init=False)
    public_topic: Topic = field(init=False)
    meant: int = 0
    opened: set[EnvelopeHash] = field(default_factory=set)
    there: list[tuple[float, float]] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    request: int = 0
    asked: HistoryRequest | None = None

    @property
    def own_topics(self) -> frozenset[Topic]:
        """What this person wants."""
        return frozenset((self.private_topic, self.public_topic))

    @property
    def node(self) -> Node:
        """The machine."""
        assert isinstance(self.home.node, Node)
        return self.home.node


def _own_topic(person: ModelPerson) -> tuple[Topic, Topic]:
    return person.public, person.public


def _discovery(person: ModelPerson) -> tuple[Topic, Topic]:
    return GENERIC_DISCOVERY.topic, person.public


def _partitioned(person: ModelPerson) -> tuple[Topic, Topic]:
    return person.partition, person.public


# Whoever names topics speaks Waku, and whoever has a bloom filter Whisper, as the post has it.
SCENES: Final = {
    1: CaseScene(Interest.TOPICS, Transport.WAKU, _own_topic),
    2: CaseScene(Interest.EVERYTHING, Transport.WHISPER, _partitioned),
    3: CaseScene(Interest.TOPICS, Transport.WAKU, _discovery),
    4: CaseScene(Interest.TOPICS, Transport.WAKU, _partitioned),
    5: CaseScene(Interest.BLOOM, Transport.WHISPER, _partitioned, light=True, filtered=True),
    6: CaseScene(
        Interest.BLOOM, Transport.WHISPER, _partitioned, light=True, filtered=True, hubs=2
    ),
    7: CaseScene(
        Interest.BLOOM,
        Transport.WHISPER,
        _partitioned,
        light=True,
        filtered=True,
        hubs=2,
        absent=True,
    ),
    8: CaseScene(Interest.TOPICS, Transport.WAKU, _partitioned, light=True),
}
