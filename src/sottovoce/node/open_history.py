"""One request for history that is open, and what of its answer was asked for.

A server is believed as far as it was asked: no more envelopes than the limit, sent between the
bounds, on topics that were named or lie in the filter.

Spec: status-go services/shhext/api_geth.go; EIP-627, "P2P Request".
"""

import math
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import SECONDS_MAX, Envelope
from sottovoce.mail.request import REQUEST_LIMIT_MAX, HistoryRequest
from sottovoce.node.inputs import AskHistory

# A thousand envelopes of 128 kB each; people's are hundreds of bytes, and a few have pictures.
ANSWER_BYTES_MAX: Final = 128 * 1024 * 1024


@dataclass(slots=True)
class OpenHistory:
    """A request on its way.

    Attributes:
        wish: What the owner wants.
        sessions: Where it was asked and may be answered; empty while the proof of work is searched,
            and one from the first word on.
        envelope: The request, once it is sealed.
        asked_s: The monotonic second at which it was sent last.
        other_world_s: When it is asked in another world, if nothing is heard until then; monotonic.
        is_heard: Whether the server said anything to it.
        envelopes_left: How many envelopes it may still bring.
        strays_left: How many of these may belong to a request that was given up before.
        bytes_left: How many bytes it may still bring.
        told: How many envelopes the owner was told of; a late answer to a request for the same,
            that was given up, counts only as far as this one goes.
    """

    wish: AskHistory
    sessions: list[int] = field(default_factory=list)
    envelope: Envelope | None = field(default=None, repr=False)
    asked_s: float = 0.0
    other_world_s: float = math.inf
    is_heard: bool = False
    envelopes_left: int = 0
    strays_left: int = 0
    bytes_left: int = 0
    told: int = 0
    topics: frozenset[bytes] = field(init=False, repr=False)
    bloom: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.topics = frozenset(self.wish.wanted.topics)
        self.bloom = int.from_bytes(self.wish.wanted.bloom, "big")

    @property
    def server(self) -> PublicKey:
        """Whose node key it is."""
        return self.wish.server.enode.public_key

    @property
    def limit(self) -> int:
        """For how many envelopes it is."""
        return limit_of(self.wish.wanted)

    def heard(self, session: int, strays_max: int) -> list[int]:
        """Take the first word; returns the sessions from which no answer is waited for any more.

        Args:
            session: Where it was said.
            strays_max: How many envelopes may come there that belong to requests given up before.
        """
        self.is_heard, self.other_world_s = True, math.inf
        silent = [each for each in self.sessions if each != session]
        self.sessions = [session]
        self.strays_left = strays_max
        self.envelopes_left = self.limit + strays_max
        self.bytes_left = ANSWER_BYTES_MAX
        return silent

    def asked_for(self, envelope: Envelope) -> bool:
        """Whether an envelope is one of those that were asked for."""
        wanted = self.wish.wanted
        to_unix_s = wanted.to_unix_s or SECONDS_MAX  # 0 is now, by the server's clock
        if not wanted.from_unix_s <= envelope.sent_unix_s <= to_unix_s:
            return False
        # A server of status-go's kind looks at the filter only, one of ours at the names.
        bits = topic_bloom(envelope.topic)
        return envelope.topic in self.topics or bits & self.bloom == bits

    def take(self, envelopes: tuple[Envelope, ...], asked_for: int, size_bytes: int) -> str | None:
        """Count what came against what was asked for, and say what is wrong with it."""
        self.envelopes_left -= len(envelopes)
        self.strays_left -= len(envelopes) - asked_for
        self.bytes_left -= size_bytes
        if self.strays_left < 0:
            return "the mailserver sent envelopes that were not asked for"
        if self.envelopes_left < 0:
            return "the mailserver sent more envelopes than were asked for"
        if self.bytes_left < 0:
            return "the mailserver sent too much for one answer"
        return None


def limit_of(wanted: HistoryRequest) -> int:
    """Return how many envelopes a request is for; 0 stands for the most."""
    return wanted.limit or REQUEST_LIMIT_MAX
