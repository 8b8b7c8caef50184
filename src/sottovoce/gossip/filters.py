"""Filters: which of our keys to try on an envelope, and whom to hand the message to.

The table is indexed by topic, so that envelopes of other people's topics cost one look-up however
many filters there are. It keeps no messages and knows no peers.

Spec: go-ethereum whisper/whisperv6/filter.go; EIP-627 leaves filters to the node.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import TOPIC_BYTES, PublicKey, Topic
from sottovoce.base.quantities import topic as checked_topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.seal import OpenedMessage, open_envelope

ANY_TOPIC: Final[frozenset[Topic]] = frozenset()


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody wants to receive.

    Attributes:
        key: The one key to try.
        topics: The topics to listen to; empty means any.
        source: Only messages with this signer, or None for all.
        minimum_pow: Only envelopes worth at least this much; 0 for all.
        allows_direct: Whether messages count that came past the pool, from a trusted peer.
        announced: Whether peers may be told that we are interested in its topics. They are not if
            any filter says so, or ever said. Such a one is served by what comes anyway, and by
            history.

    Raises:
        LocalProtocolError: The minimum is negative, infinite or no number.
    """

    key: SymmetricKey | PrivateKey
    topics: frozenset[Topic] = field(default=ANY_TOPIC, repr=False)
    source: PublicKey | None = field(default=None, repr=False)
    minimum_pow: float = 0.0
    allows_direct: bool = False
    announced: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.minimum_pow < math.inf:
            raise LocalProtocolError("a minimum of work is a finite number that is not negative")


def make_filter(
    *,
    symmetric_key: SymmetricKey | None = None,
    private_key: PrivateKey | None = None,
    topics: Iterable[bytes] = (),
    source: PublicKey | None = None,
    minimum_pow: float = 0.0,
    allows_direct: bool = False,
) -> Filter:
    """Make a filter of what a caller handed in.

    Args:
        symmetric_key: The key of a symmetric filter.
        private_key: The key of an asymmetric filter; exactly one of the two must be given.
        topics: Topics of at most four bytes. Shorter ones are filled up with zero bytes, as on
            the network: they are no prefixes.
        source: Only messages with this signer.
        minimum_pow: Only envelopes worth at least this much.
        allows_direct: Whether messages count that came past the pool.

    Raises:
        LocalProtocolError: Both keys are given or none, a topic is too long, or the minimum is
            negative, infinite or no number.
    """
    key = private_key if symmetric_key is None else symmetric_key
    if key is None or (symmetric_key is not None and private_key is not None):
        raise LocalProtocolError("a filter has either a symmetric or a private key")
    return Filter(
        key=key,
        topics=frozenset(checked_topic(part.ljust(TOPIC_BYTES, b"\x00")) for part in topics),
        source=source,
        minimum_pow=minimum_pow,
        allows_direct=allows_direct,
    )


class FilterTable:
    """The installed filters, by number and by topic.

    Attributes:
        name_topic: Tells whether a filter names a topic, so that it is not for any. It is the
            dictionary's own function, for it is called for each envelope that comes.
        listen_to: Tells whether any filter would try its key on an envelope with a topic.
    """

    def __init__(self) -> None:
        # Dictionaries keep their order; a number that is installed later comes later everywhere.
        self._filters: dict[int, Filter] = {}
        self._orders: dict[int, int] = {}
        self._any_topic: dict[int, Filter] = {}
        self._by_topic: dict[Topic, dict[int, Filter]] = {}
        self._unannounced: set[Topic] = set()
        self.name_topic: Final[Callable[[Topic], bool]] = self._by_topic.__contains__
        self.listen_to: Callable[[Topic], bool] = self.name_topic
        self._installed_count = 0

    def __len__(self) -> int:
        return len(self._filters)

    def install(self, number: int, filter: Filter) -> None:
        """Add a filter under a number that the caller chose.

        Raises:
            LocalProtocolError: The number is taken.
        """
        if number in self._filters:
            raise LocalProtocolError(f"filter {number} is installed already")
        self._filters[number] = filter
        self._orders[number] = self._installed_count
        self._installed_count += 1
        if not filter.topics:
            self._any_topic[number] = filter
            self.listen_to = _is_any
        for topic in filter.topics:
            self._by_topic.setdefault(topic, {})[number] = filter
        if not filter.announced:
            self._unannounced |= filter.topics

    def remove(self, number: int) -> None:
        """Forget a filter; a number that is not installed is no error."""
        filter = self._filters.pop(number, None)
        if filter is None:
            return
        del self._orders[number]
        self._any_topic.pop(number, None)
        self.listen_to = _is_any if self._any_topic else self.name_topic
        for topic in filter.topics:
            listeners = self._by_topic[topic]
            del listeners[number]
            if not listeners:
                del self._by_topic[topic]

    def count_for(self, topic: Topic) -> int:
        """Return how many filters would try their key on an envelope with this topic."""
        return len(self._by_topic.get(topic, ())) + len(self._any_topic)

    def open(
        self,
        envelope: Envelope,
        *,
        direct: bool,
        pow: float | None,
        only_for: int | None = None,
    ) -> tuple[OpenedMessage, tuple[int, ...]] | None:
        """Try the filters' keys on an envelope, each distinct key once.

        Args:
            envelope: Any envelope.
            direct: Whether it came past the pool, from a trusted peer: then only filters that
                allow it are served.
            pow: What its nonce is worth, or None if nobody computed it, which filters with a
                minimum count as 0 (on the network such messages are worth nothing either).
            only_for: The one filter to serve, or None for all.

        Returns:
            The message and the numbers of all filters that it is for, in the order of their
            installation; None if there are none.
        """
        known_pow = 0.0 if pow is None else pow
        wanting = [
            (number, filter)
            for number, filter in self._candidates(envelope.topic)
            if (filter.allows_direct or not direct)
            and filter.minimum_pow <= known_pow
            and only_for in (None, number)
        ]
        if not wanting:
            return None
        opened = _open_first(envelope, (filter.key for _, filter in wanting), known_pow)
        if opened is None:
            return None
        key, message = opened
        numbers = tuple(
            number
            for number, filter in wanting
            if filter.key == key and filter.source in (None, message.transport_sender)
        )
        if not numbers:
            return None
        if pow is None:
            message = replace(message, pow=envelope_pow(envelope))
        return message, numbers

    def announced_topics(self) -> frozenset[Topic]:
        """Return all topics that filters name which peers may be told of.

        One filter is enough to keep its topics out: the contact code of one person of this node
        may be followed by another one. They stay out when it is removed, or that person's coming
        and going would show. A filter for any topic adds nothing: whoever restricts what is
        received chose so, and such a filter then sees what is let through.
        """
        return frozenset(self._by_topic) - self._unannounced

    def _candidates(self, topic: Topic) -> Iterable[tuple[int, Filter]]:
        listeners = self._by_topic.get(topic)
        if listeners is None:
            return self._any_topic.items()
        if not self._any_topic:
            return listeners.items()
        both = {**self._any_topic, **listeners}
        return sorted(both.items(), key=lambda item: self._orders[item[0]])


def _is_any(_topic: Topic) -> bool:
    return True


def _open_first(
    envelope: Envelope, keys: Iterable[SymmetricKey | PrivateKey], pow: float
) -> tuple[SymmetricKey | PrivateKey, OpenedMessage] | None:
    for key in dict.fromkeys(keys):
        message = open_envelope(envelope, key, pow=pow)
        if message is not None:
            return key, message
    return None
