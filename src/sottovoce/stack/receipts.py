"""Which message travels in which envelope: the join of envelope hashes and message ids.

It remembers envelopes for as long as the network carries them, and of each message only the latest
one counts. What a message says, and whether it has to leave again, is not its business.

Spec: status-go protocol/transport/waku/envelopes.go (the monitor of sent envelopes).
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from typing_extensions import override

from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack.destinations import Destination


class Leg(NamedTuple):
    """One message on its way to one destination."""

    message_id: MessageId
    destination: Destination

    @override
    def __repr__(self) -> str:
        return "Leg(…)"


@dataclass(slots=True)
class _Flight:
    """One wanted envelope.

    Attributes:
        legs: What is in it.
        ends_s: The monotonic second at which the network has forgotten it.
        hash: Its hash, once it is posted.
        peers: Who took it.
        is_stored: Whether a mailserver of ours has it.
    """

    legs: tuple[Leg, ...] = field(repr=False)
    ends_s: float
    hash: EnvelopeHash | None = None
    peers: set[PublicKey] = field(default_factory=set)
    is_stored: bool = False


class Receipts:
    """The envelopes of one person that are on their way."""

    def __init__(self) -> None:
        self._flights: dict[int, _Flight] = {}
        self._requests: dict[EnvelopeHash, int] = {}
        self._latest: dict[Leg, int] = {}
        # Ends of flights; one that was put off stands here a second time.
        self._ends: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._flights)

    def start(self, request: int, legs: tuple[Leg, ...], ends_s: float) -> None:
        """Note that an envelope is wanted; of its messages it is now the latest one."""
        self._flights[request] = _Flight(legs, ends_s)
        heapq.heappush(self._ends, (ends_s, request))
        for leg in legs:
            self._latest[leg] = request

    def posted(self, request: int, hash: EnvelopeHash, ends_s: float) -> None:
        """Note that an envelope is in our pool; one that nobody asked about is no error."""
        flight = self._flights.get(request)
        if flight is not None and flight.hash is None:
            flight.hash, flight.ends_s = hash, ends_s
            self._requests[hash] = request
            heapq.heappush(self._ends, (ends_s, request))

    def has_posted(self, hash: EnvelopeHash) -> bool:
        """Tell whether an envelope is one of ours, while the network carries it."""
        return hash in self._requests

    def taken(self, peer: PublicKey, hashes: Iterable[EnvelopeHash]) -> Iterator[tuple[Leg, int]]:
        """Note that a peer was sent envelopes; gives the messages in them, with counts of peers."""
        for hash in hashes:
            request = self._requests.get(hash)
            if request is None or peer in self._flights[request].peers:
                continue
            flight = self._flights[request]
            flight.peers.add(peer)
            for leg in flight.legs:
                if self._latest.get(leg) == request:
                    yield leg, len(flight.peers)

    def stored(self, hashes: Iterable[EnvelopeHash]) -> Iterator[Leg]:
        """Note that a mailserver has envelopes; gives the messages in them, once for each envelope.

        An earlier envelope of a message counts like its latest one: whoever asks gets either.
        """
        for hash in hashes:
            request = self._requests.get(hash)
            if request is None or self._flights[request].is_stored:
                continue
            flight = self._flights[request]
            flight.is_stored = True
            yield from (leg for leg in flight.legs if leg in self._latest)

    def failed(self, request: int) -> tuple[Leg, ...]:
        """Note that an envelope did not leave; returns the messages whose latest one it was."""
        return self._end(request)

    def forget(self, leg: Leg) -> None:
        """Tell nothing about a message any more."""
        self._latest.pop(leg, None)

    def expire(self, now_s: float) -> list[Leg]:
        """Forget envelopes that the network has forgotten.

        Returns:
            The messages whose latest envelope nobody took.
        """
        untaken: list[Leg] = []
        while self._ends and self._ends[0][0] <= now_s:
            _, request = heapq.heappop(self._ends)
            flight = self._flights.get(request)
            if flight is not None and flight.ends_s <= now_s:
                legs = self._end(request)
                untaken += () if flight.peers else legs
        return untaken

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which an envelope is forgotten, or None."""
        while self._ends:
            ends_s, request = self._ends[0]
            flight = self._flights.get(request)
            if flight is not None and flight.ends_s == ends_s:
                return ends_s
            heapq.heappop(self._ends)
        return None

    def _end(self, request: int) -> tuple[Leg, ...]:
        flight = self._flights.pop(request, None)
        if flight is None:
            return ()
        if flight.hash is not None:
            del self._requests[flight.hash]
        latest = tuple(leg for leg in flight.legs if self._latest.get(leg) == request)
        for leg in latest:
            del self._latest[leg]
        return latest
