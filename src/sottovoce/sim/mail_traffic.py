"""The envelopes of a world of history: who sent what when, and on which topic.

They are real envelopes with random bytes inside: what a filter would open is what was posted here,
and whatever else comes is some server's invention.
"""

from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final, NamedTuple

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope

TTL_S: Final = 15
DATA_BYTES_MIN: Final = 40
DATA_BYTES_MAX: Final = 400
NONCE_MAX: Final = 1 << 30


class Posted(NamedTuple):
    """An envelope that somebody sent.

    Attributes:
        envelope: It.
        posted_s: When, on the world's clock.
    """

    envelope: Envelope
    posted_s: float


class MailTraffic:
    """Makes envelopes, and knows those that were posted.

    Args:
        random: What they are drawn from.
        topics: What they are about.

    Attributes:
        topics: The same.
        posted: By hash, in order.
    """

    def __init__(self, random: Random, topics: tuple[Topic, ...]) -> None:
        self._random: Final = random
        self.topics: Final = topics
        self.posted: Final[dict[EnvelopeHash, Posted]] = {}

    def post(self, sent_unix_s: int, now_s: float) -> Envelope:
        """Send an envelope on one of the topics, the first of which are talked about most."""
        place = min(self._random.randrange(len(self.topics)) for _ in range(2))
        envelope = self.invent(self.topics[place], sent_unix_s)
        self.posted[envelope.hash] = Posted(envelope, now_s)
        return envelope

    def unheard(self) -> Topic:
        """Return a topic that nobody talks about."""
        return Topic(self._random.randbytes(4))

    def invent(self, topic: Topic, sent_unix_s: int) -> Envelope:
        """Return an envelope that nobody sent."""
        size_bytes = self._random.randint(DATA_BYTES_MIN, DATA_BYTES_MAX)
        unmined = UnminedEnvelope(
            sent_unix_s + TTL_S, TTL_S, topic, self._random.randbytes(size_bytes)
        )
        return unmined.mined(self._random.randrange(NONCE_MAX))
