"""Admission: whether an envelope may enter the pool, and what has changed lately about that.

It owns the checks, their order, and the tolerance after a change. It keeps no envelopes: whether
one is pooled already is the relay's question, asked first because it is the cheapest.

A minimum or a bloom that was configured counts as in force from the start. The Go nodes tolerate
a proof of work of 0.2 until the minimum is first set at run time, whatever was configured; that
is not copied (docs/spec-deviations.md, "Tolerance at the start").

Spec: EIP-627, "Whisper Envelope"; go-ethereum whisper/whisperv6/whisper.go (add, SetMinimumPoW,
SetBloomFilter).
"""

from collections import deque
from typing import Final, Generic, NamedTuple, TypeVar

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import (
    BLOOM_BYTES,
    bloom_from_bytes,
    bloom_matches,
    bloom_of_topics,
    bloom_to_bytes,
    topic_bloom,
)
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import Drop
from sottovoce.gossip.options import TOPICS_MAX
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.settings import SYNC_ALLOWANCE_S, GossipSettings, Interest
from sottovoce.gossip.wishes import parse_bloom

ValueT = TypeVar("ValueT")

# Peers learn of a change by a packet that may be on its way behind envelopes they sent under the
# old rule. Ten seconds is what the network gives; less would blame peers that did nothing wrong.
TOLERANCE_S: Final = 10.0

# Changes that follow each other within this time count as the first of them, or a person's thousand
# filters, installed one by one, would be remembered a thousand times.
CHANGES_TOGETHER_S: Final = 0.5

# An envelope that has just expired may have been alive when the peer sent it: nobody's fault.
EXPIRY_ALLOWANCE_S: Final = 2 * SYNC_ALLOWANCE_S


class Wanted(NamedTuple):
    """Which topics we take.

    Attributes:
        bloom: Topics outside of this are refused; None refuses none.
        topics: Topics that are not among these are refused; None refuses none.
    """

    bloom: int | None = None
    topics: frozenset[Topic] | None = None

    def lets_pass(self, topic: Topic) -> bool:
        """Tell whether an envelope with this topic is taken."""
        if self.topics is not None:
            return topic in self.topics
        return bloom_matches(self.bloom, topic_bloom(topic))


EVERYTHING: Final = Wanted()
NOTHING: Final = Wanted(0, frozenset())


class Policy(NamedTuple):
    """What is asked of an envelope at one moment (a NamedTuple, for one is made per packet).

    Attributes:
        minimum_pow: Work below this is refused,
        tolerated_pow: unless it reaches this.
        wanted: Topics outside of this are refused (None refuses none),
        tolerated: unless they are inside this.
        message_bytes_max: The largest size.
        now_unix_s: The wall clock in whole seconds.
    """

    minimum_pow: float
    tolerated_pow: float
    wanted: Wanted | None
    tolerated: Wanted
    message_bytes_max: int
    now_unix_s: int


def check(envelope: Envelope, policy: Policy) -> Drop | float:
    """Check one envelope, in the network's order.

    Args:
        envelope: Any envelope.
        policy: What is asked at this moment.

    Returns:
        What the envelope's nonce is worth, or why it is refused.
    """
    extra_s = 0
    ahead_s = envelope.sent_unix_s - policy.now_unix_s
    if ahead_s > 0:
        if ahead_s > SYNC_ALLOWANCE_S:
            return Drop.FUTURE
        # It will live longer than its ttl says, as far as we can tell: its work counts for less.
        extra_s = ahead_s + 1
    if envelope.expiry_unix_s < policy.now_unix_s:
        too_old = envelope.expiry_unix_s + EXPIRY_ALLOWANCE_S < policy.now_unix_s
        return Drop.VERY_OLD if too_old else Drop.EXPIRED
    if envelope.size_bytes > policy.message_bytes_max:
        return Drop.TOO_LARGE
    pow = envelope_pow(envelope, extra_s)
    if pow < policy.minimum_pow and pow < policy.tolerated_pow:
        return Drop.LOW_POW
    wanted, topic = policy.wanted, envelope.topic
    if wanted is not None and not (wanted.lets_pass(topic) or policy.tolerated.lets_pass(topic)):
        return Drop.BLOOM if wanted.topics is None else Drop.TOPICS
    return pow


class SlowChange(Generic[ValueT]):
    """A value whose old one stays tolerated for a while after each change."""

    def __init__(self, value: ValueT) -> None:
        self.current = value
        self._tolerated = value
        self._ends: deque[tuple[float, ValueT]] = deque()

    def change(self, value: ValueT, now_s: float) -> None:
        """Set a new value at a monotonic second."""
        self.tolerated(now_s)
        self.current = value
        end_s = now_s + TOLERANCE_S
        if self._ends and end_s - self._ends[-1][0] < CHANGES_TOGETHER_S:
            end_s, _ = self._ends.pop()
        self._ends.append((end_s, value))

    def tolerated(self, now_s: float) -> ValueT:
        """Return what is still tolerated at a monotonic second; the current value in the end."""
        while self._ends and self._ends[0][0] <= now_s:
            _, self._tolerated = self._ends.popleft()
        return self._tolerated


class Admission:
    """Our own requirements, what of them peers are told, and how they change.

    Attributes:
        announced_bloom: The bloom filter that peers are told, 64 bytes, or empty for none.
        announced_topics: The topics that peers are told instead, where they can be; None for none.
    """

    def __init__(self, settings: GossipSettings) -> None:
        self._settings: Final = settings
        self._minimum_pow = SlowChange(settings.minimum_pow)
        self._paused = False
        self._topics: frozenset[Topic] = frozenset()
        self._names_topics = settings.interest is Interest.TOPICS and not settings.bloom
        # It only grows, lest peers see what somebody stops to listen to; None restricts nothing.
        self._bloom: int | None = None
        if settings.bloom or settings.interest is not Interest.EVERYTHING:
            self._bloom = bloom_from_bytes(settings.bloom or bytes(BLOOM_BYTES))
        # What it has whatever the topics are, and which topics are in it beside that.
        self._bloom_of_owner = self._bloom or 0
        self._blurred: frozenset[Topic] = frozenset()
        self.announced_bloom = b""
        self.announced_topics: frozenset[Topic] | None = None
        self._wanted = SlowChange(self._announce())

    @property
    def minimum_pow(self) -> float:
        """The requirement that we announce."""
        return self._minimum_pow.current

    @property
    def is_paused(self) -> bool:
        """Whether nothing of others is taken or passed on for now."""
        return self._paused

    def set_minimum_pow(self, minimum_pow: float, now_s: float) -> None:
        """Require another proof of work from now on."""
        self._minimum_pow.change(minimum_pow, now_s)

    def set_bloom(self, announced: bytes, now_s: float) -> None:
        """Take only matching envelopes from now on, in place of any topics; 64 bytes."""
        self._bloom = self._bloom_of_owner = bloom_from_bytes(announced)
        self._blurred = frozenset()
        self._names_topics = False
        self._change(now_s)

    def set_topics(
        self, topics: frozenset[Topic], now_s: float, *, hidden: frozenset[Topic] = frozenset()
    ) -> bool:
        """Learn which topics our filters want; tell whether there is something to announce.

        Args:
            topics: All that peers may be told of.
            now_s: The monotonic second.
            hidden: Those that they may not be told of from now on, told before or not.
        """
        before = self.announced_bloom, self.announced_topics
        if self._bloom is not None:
            self._blur(topics, hidden)
        self._topics = topics
        self._change(now_s)
        return before != (self.announced_bloom, self.announced_topics)

    def _blur(self, topics: frozenset[Topic], hidden: frozenset[Topic]) -> None:
        """Put topics into the bloom, and take out what may not be in it any more."""
        new = topics - self._topics
        self._bloom = (self._bloom or 0) | bloom_of_topics(new)
        self._blurred |= new
        # One that nobody here listens to any more is in it still, and may have to leave now.
        if hidden & self._blurred:
            self._blurred -= hidden
            self._bloom = self._bloom_of_owner | bloom_of_topics(self._blurred)

    def pause(self, paused: bool, now_s: float) -> None:
        """Want nothing from now on, or what was wanted before."""
        self._paused = paused
        self._change(now_s)

    def policy(self, now: Moment) -> Policy:
        """Return what is asked at a moment."""
        wanted = self._wanted.current
        return Policy(
            self._minimum_pow.current,
            self._minimum_pow.tolerated(now.monotonic_s),
            None if wanted == EVERYTHING else wanted,
            self._wanted.tolerated(now.monotonic_s),
            self._settings.message_bytes_max,
            now.unix_whole_s,
        )

    def _change(self, now_s: float) -> None:
        wanted = self._announce()
        if wanted != self._wanted.current:
            self._wanted.change(wanted, now_s)

    def _announce(self) -> Wanted:
        """Find what to announce, and what to take accordingly."""
        self.announced_topics = None
        if self._paused:
            self.announced_bloom = bytes(BLOOM_BYTES)
            self.announced_topics = frozenset()
            return NOTHING
        if self._bloom is None:
            self.announced_bloom = b""
            return EVERYTHING
        # More topics than a peer accepts fill every bloom: then they are wanted by theirs.
        if self._names_topics and len(self._topics) <= TOPICS_MAX:
            bloom = bloom_of_topics(self._topics)
            self.announced_bloom, self.announced_topics = bloom_to_bytes(bloom), self._topics
            return Wanted(bloom, self._topics)
        self.announced_bloom = bloom_to_bytes(self._bloom)
        return Wanted(parse_bloom(self.announced_bloom))
