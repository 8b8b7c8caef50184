"""What a peer learns of a person from what the person's node announces.

The person's filters are given to a node with the defaults of a client. A peer of it, a full node,
reads the announcement; what that peer then knows is attacked with a dictionary. Topics of contact
codes follow from public keys, so whoever knows keys can try each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded, so repeatable
from statistics import median
from typing import Final

from sottovoce.base.quantities import PUBLIC_KEY_BYTES, TOPIC_BYTES, PublicKey, Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.admission import Wanted
from sottovoce.gossip.bloom import FULL_BLOOM, topic_bloom
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.node import inputs
from sottovoce.node.node import Node
from sottovoce.sim.bloom_arithmetic import expected_candidates, expected_fill, expected_share
from sottovoce.sim.topics_person import Listener
from sottovoce.sim.world import SimulatedNode, World
from sottovoce.stack.topics import PARTITIONS, contact_code, partitioned, personal_discovery

_BLOOM_BITS: Final = FULL_BLOOM.bit_length()
_TOPICS_THERE_ARE: Final = 1 << 8 * TOPIC_BYTES
# Greetings and announcements take some round trips; what is added shows within a second.
_BEFORE_S: Final = 10.0
_AFTER_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class FootprintLine:
    """What a peer learns, in one case.

    Attributes:
        contacts: How many contacts the person has.
        announces: `bloom` or `topics`.
        topics: How many topics the announcement stands for.
        fill: Share of the filter's bits that are set; None without a filter.
        fill_expected: The same by arithmetic.
        share: Share of random topics that the announcement lets pass: of all traffic, what comes.
        share_expected: The same by arithmetic.
        own_announced: Whether the person's own contact code is announced.
        own_found: Whether trying it succeeds, be it by chance.
        discovery_found: Whether trying the person's own discovery topic succeeds.
        found: How many of the contacts are found: recall is this part of them.
        false_found: How many known keys are found that are no contacts.
        false_expected: The same by arithmetic.
        candidates: Of the known topics, how many explain what one more topic changed: the median
            over additions that showed.
        candidates_expected: The same by arithmetic.
        partition_class: How many known keys could be the person, by the partition topic.
        partition_expected: The same by arithmetic.
    """

    contacts: int
    announces: str
    topics: int
    fill: float | None
    fill_expected: float | None
    share: float
    share_expected: float
    own_announced: bool
    own_found: bool
    discovery_found: bool
    found: int
    false_found: int
    false_expected: float
    candidates: int
    candidates_expected: float
    partition_class: int
    partition_expected: float

    @property
    def recall(self) -> float:
        """Which part of the contacts is found."""
        return self.found / self.contacts if self.contacts else 1.0

    @property
    def precision(self) -> float:
        """Which part of the found keys are contacts."""
        found = self.found + self.false_found
        return self.found / found if found else 1.0


class Observer:
    """Somebody who knows keys and topics, and tries them.

    Attributes:
        strangers: Keys of people that have nothing to do with the person.
        topics: Topics that anything may be about.
        added: Some of them, which are added one at a time.
    """

    def __init__(self, seed: int, *, keys: int, topics: int, additions: int) -> None:
        random = Random(f"observer {seed}")  # noqa: S311
        self.strangers: Final = [PublicKey(random.randbytes(PUBLIC_KEY_BYTES)) for _ in range(keys)]
        self._codes: Final = [contact_code(key).topic for key in self.strangers]
        self._partitions: Final = [partitioned(key).topic for key in self.strangers]
        self.topics: Final = [Topic(random.randbytes(TOPIC_BYTES)) for _ in range(topics)]
        self.added: Final = self.topics[:additions]
        self._blooms: Final = [topic_bloom(topic) for topic in self.topics]

    def look(self, listener: Listener, interest: Interest, seed: int) -> FootprintLine:
        """Read what a person's node announces, and attack it."""
        before, after = _announcements(listener, interest, self.added, seed)
        announced = listener.announced()
        count = len(announced)
        own = contact_code(listener.key).topic
        is_bloom = before.topics is None
        share = expected_share(count) if is_bloom else count / _TOPICS_THERE_ARE
        # Strangers fill the dictionary up to the number of keys that was asked for.
        known = len(self.strangers) - len(listener.contacts) - 1
        return FootprintLine(
            contacts=len(listener.contacts),
            announces=interest.value,
            topics=count,
            fill=_fill(before) if is_bloom else None,
            fill_expected=expected_fill(count) if is_bloom else None,
            share=sum(map(before.lets_pass, self.topics)) / len(self.topics),
            share_expected=share,
            own_announced=own in announced,
            own_found=before.lets_pass(own),
            discovery_found=before.lets_pass(personal_discovery(listener.key).topic),
            found=sum(before.lets_pass(contact_code(key).topic) for key in listener.contacts),
            false_found=sum(map(before.lets_pass, self._codes[:known])),
            false_expected=known * share,
            candidates=self._candidates(before, after),
            candidates_expected=expected_candidates(count, len(self.topics)) if is_bloom else 1.0,
            partition_class=1 + sum(map(before.lets_pass, self._partitions[:known])),
            partition_expected=1 + known * (share + (1 - share) / PARTITIONS),
        )

    def _candidates(self, before: Wanted, after: Sequence[Wanted]) -> int:
        changes = [
            self._named(before.topics, later)
            if before.topics is not None
            else self._explaining(before, later)
            for later in after
        ]
        counts = [count for count in changes if count]
        return round(median(counts)) if counts else len(self.topics)

    def _named(self, before: frozenset[Topic], later: Wanted) -> int:
        """Count the known topics that are in a list and were not."""
        assert later.topics is not None
        new = later.topics - before
        return sum(topic in new for topic in self.topics)

    def _explaining(self, before: Wanted, later: Wanted) -> int:
        """Count the topics that alone set all new bits and set none outside of the filter."""
        assert before.bloom is not None
        assert later.bloom is not None
        new, bloom = later.bloom & ~before.bloom, later.bloom
        if not new:
            return 0
        return sum(each & new == new and each & bloom == each for each in self._blooms)


def _fill(wanted: Wanted) -> float:
    assert wanted.bloom is not None
    return wanted.bloom.bit_count() / _BLOOM_BITS


def _announcements(
    listener: Listener, interest: Interest, added: Sequence[Topic], seed: int
) -> tuple[Wanted, list[Wanted]]:
    """Return what a peer hears of a person's node, and then of one that adds each topic."""
    world = World(seed)
    peer = world.add_node()
    settings = GossipSettings(transport=Transport.EITHER, interest=interest)
    homes = [world.add_node(gossip=settings) for _ in range(1 + len(added))]
    for home in homes:
        for number, wanted in enumerate(listener.filters, start=1):
            world.start(home.number, inputs.InstallFilter(number, wanted))
        world.start(home.number, inputs.AddPeer(peer.enode))
    world.run_until(_BEFORE_S)
    before = _read(peer, homes[0])
    for home, topic in zip(homes[1:], added, strict=True):
        one_more = Filter(SymmetricKey(topic * 8), frozenset({topic}))
        world.command(home.number, inputs.InstallFilter(1 + len(listener.filters), one_more))
    world.run_until(_AFTER_S)
    return before, [_read(peer, home) for home in homes[1:]]


def _read(peer: SimulatedNode, home: SimulatedNode) -> Wanted:
    """Return what a peer knows of a node: what it was told where most is said, which is Waku."""
    node = peer.node
    assert isinstance(node, Node)
    wishes = node.wishes_of(home.node.public_key)[0]
    return Wanted(wishes.bloom, wishes.topics)
