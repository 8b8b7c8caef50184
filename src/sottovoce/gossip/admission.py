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
from sottovoce.gossip.bloom import bloom_matches, topic_bloom
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import Drop
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.settings import SYNC_ALLOWANCE_S, GossipSettings
from sottovoce.gossip.wishes import parse_bloom

ValueT = TypeVar("ValueT")

# Peers learn of a change by a packet that may be on its way behind envelopes they sent under the
# old rule. Ten seconds is what the network gives; less would blame peers that did nothing wrong.
TOLERANCE_S: Final = 10.0

# An envelope that has just expired may have been alive when the peer sent it: nobody's fault.
EXPIRY_ALLOWANCE_S: Final = 2 * SYNC_ALLOWANCE_S


class Policy(NamedTuple):
    """What is asked of an envelope at one moment (a NamedTuple, for one is made per packet).

    Attributes:
        minimum_pow: Work below this is refused,
        tolerated_pow: unless it reaches this.
        bloom: Topics outside of this are refused (None refuses none),
        tolerated_bloom: unless they are inside this.
        message_bytes_max: The largest size.
        now_unix_s: The wall clock in whole seconds.
    """

    minimum_pow: float
    tolerated_pow: float
    bloom: int | None
    tolerated_bloom: int | None
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
    if policy.bloom is not None and not _is_wanted(envelope, policy):
        return Drop.BLOOM
    return pow


def _is_wanted(envelope: Envelope, policy: Policy) -> bool:
    bloom = topic_bloom(envelope.topic)
    return bloom_matches(policy.bloom, bloom) or bloom_matches(policy.tolerated_bloom, bloom)


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
        self._ends.append((now_s + TOLERANCE_S, value))

    def tolerated(self, now_s: float) -> ValueT:
        """Return what is still tolerated at a monotonic second; the current value in the end."""
        while self._ends and self._ends[0][0] <= now_s:
            _, self._tolerated = self._ends.popleft()
        return self._tolerated


class Admission:
    """Our own requirements and how they change."""

    def __init__(self, settings: GossipSettings) -> None:
        self._minimum_pow = SlowChange(settings.minimum_pow)
        self._bloom = SlowChange(parse_bloom(settings.bloom))
        self._message_bytes_max = settings.message_bytes_max
        self.announced_bloom = settings.bloom

    @property
    def minimum_pow(self) -> float:
        """The requirement that we announce."""
        return self._minimum_pow.current

    def set_minimum_pow(self, minimum_pow: float, now_s: float) -> None:
        """Require another proof of work from now on."""
        self._minimum_pow.change(minimum_pow, now_s)

    def set_bloom(self, announced: bytes, now_s: float) -> None:
        """Take only matching envelopes from now on; 64 bytes."""
        self._bloom.change(parse_bloom(announced), now_s)
        self.announced_bloom = announced

    def policy(self, now: Moment) -> Policy:
        """Return what is asked at a moment."""
        return Policy(
            self._minimum_pow.current,
            self._minimum_pow.tolerated(now.monotonic_s),
            self._bloom.current,
            self._bloom.tolerated(now.monotonic_s),
            self._message_bytes_max,
            now.unix_whole_s,
        )
