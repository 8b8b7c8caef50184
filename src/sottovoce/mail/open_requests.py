"""Requests that wait for their answer: who comes next, and how many there may be.

A peer has one query at a time, and none while its socket takes no bytes; so what waits to be sent
to it is one answer at most. Peers go round: the second request of one waits behind the first of all
others that came until then.

Spec: none; status-go answers each request in a thread of its own.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.mail.reading import Refused, Wanted
from sottovoce.mail.server_events import QueryArchive
from sottovoce.mail.server_statistics import Refusal
from sottovoce.mail.settings import ServerSettings

# An engine answers one query after the other; a few more in its hands keep it busy.
QUERIES_AT_ONCE_MAX: Final = 4
# Topics of all open requests together, at about 90 bytes each: 18 MB. An honest request names some
# hundred of them; one with the ten thousand that are allowed counts like a hundred requests.
OPEN_TOPICS_MAX: Final = 200_000
# A refusal has some 130 bytes; who reads nothing and asks on is not told of more.
HELD_REFUSALS_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that is going to be answered.

    Attributes:
        peer: Who asked.
        key: Its node key.
        request_id: 32 bytes; empty if another mailserver asks for sync.
        wanted: What it asks for.
    """

    peer: int
    key: PublicKey
    request_id: bytes
    wanted: Wanted

    @property
    def is_sync(self) -> bool:
        """Whether another mailserver asks."""
        return not self.request_id


@dataclass(slots=True)
class _Peer:
    """What is known of a peer that asks.

    Attributes:
        open: Its requests that are not answered.
        round: The round in which its last one is to be answered.
        busy: Whether the archive is at a query of its.
        blocked: Whether its socket takes no bytes.
        held: Refusals that it is to be told when it does.
    """

    open: int = 0
    round: int = -1
    busy: bool = False
    blocked: bool = False
    held: list[bytes] = field(default_factory=list)

    @property
    def is_forgettable(self) -> bool:
        return not (self.open or self.busy or self.blocked or self.held)


class OpenRequests:
    """All open requests, in rounds, and within one in the order in which they came."""

    def __init__(self, settings: ServerSettings) -> None:
        """Begin with none."""
        self._settings = settings
        self._jobs = 0
        self._topics = 0
        self._round = 0
        self._rounds: dict[int, int] = {}  # of the requests that wait
        self._waiting: dict[int, OpenRequest] = {}
        self._asked: dict[int, OpenRequest | None] = {}
        self._peers: dict[int, _Peer] = {}

    def __len__(self) -> int:
        return len(self._waiting) + sum(asked is not None for asked in self._asked.values())

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        held = sum(len(peer.held) for peer in self._peers.values())
        return {
            "open requests": len(self),
            "topics of open requests": self._topics,
            "peers that ask": len(self._peers),
            "held refusals": held,
        }

    def refusal(self, peer: int, wanted: Wanted) -> Refused | None:
        """Tell why one more request of a peer is too many, or None."""
        settings = self._settings
        known = self._peers.get(peer)
        if known is not None and known.open >= settings.open_requests_per_peer:
            many = settings.open_requests_per_peer
            return _busy(f"{many} of your requests wait; ask again when one is answered")
        if len(self) >= settings.open_requests_max:
            return _busy("too many peers ask at once; ask again in a few seconds")
        if self._topics + len(wanted.selection.topics) > OPEN_TOPICS_MAX:
            return _busy("too many topics are asked for at once; ask again in a few seconds")
        return None

    def add(self, request: OpenRequest) -> None:
        """Put a request into the line; `refusal` was asked before."""
        self._jobs += 1
        self._waiting[self._jobs] = request
        self._topics += len(request.wanted.selection.topics)
        peer = self._peer(request.peer)
        peer.open += 1
        self._rounds[self._jobs] = peer.round = max(self._round, peer.round + 1)

    def next_queries(self) -> list[QueryArchive]:
        """Return what the archive is to be asked now."""
        queries: list[QueryArchive] = []
        if len(self._asked) >= QUERIES_AT_ONCE_MAX:
            return queries
        # They came in order, and sorting keeps it.
        for job in sorted(self._waiting, key=self._rounds.__getitem__):
            if len(self._asked) >= QUERIES_AT_ONCE_MAX:
                break
            request = self._waiting[job]
            peer = self._peers[request.peer]
            if peer.busy or peer.blocked:
                continue
            peer.busy = True
            self._round = max(self._round, self._rounds.pop(job))
            del self._waiting[job]
            self._asked[job] = request
            queries.append(QueryArchive(job, request.wanted.selection))
        return queries

    def take(self, job: int) -> OpenRequest | None:
        """Take a request that the archive answered out of the line; None if its peer is gone."""
        request = self._asked.pop(job, None)
        if request is None:
            return None
        self._topics -= len(request.wanted.selection.topics)
        peer = self._peers[request.peer]
        peer.open -= 1
        peer.busy = False
        self._tidy(request.peer)
        return request

    def is_blocked(self, peer: int) -> bool:
        """Tell whether a peer's socket takes no bytes."""
        known = self._peers.get(peer)
        return known is not None and known.blocked

    def hold_refusal(self, peer: int, body: bytes) -> bool:
        """Keep a refusal for a peer whose socket takes no bytes; tell whether there was room."""
        held = self._peer(peer).held
        if len(held) >= HELD_REFUSALS_MAX:
            return False
        held.append(body)
        return True

    def block(self, peer: int) -> None:
        """Note that a peer's socket takes no bytes."""
        self._peer(peer).blocked = True

    def unblock(self, peer: int) -> list[bytes]:
        """Note that a peer's socket takes bytes again; returns the refusals that were held."""
        known = self._peer(peer)
        known.blocked = False
        held, known.held = known.held, []
        self._tidy(peer)
        return held

    def forget(self, peer: int) -> None:
        """Forget a peer and what it asked for; what the archive is at goes nowhere."""
        self._peers.pop(peer, None)
        for job, request in list(self._waiting.items()):
            if request.peer == peer:
                del self._waiting[job], self._rounds[job]
                self._topics -= len(request.wanted.selection.topics)
        for job, asked in self._asked.items():
            if asked is not None and asked.peer == peer:
                self._asked[job] = None
                self._topics -= len(asked.wanted.selection.topics)

    def _peer(self, peer: int) -> _Peer:
        return self._peers.setdefault(peer, _Peer())

    def _tidy(self, peer: int) -> None:
        if self._peers[peer].is_forgettable:
            del self._peers[peer]


def _busy(why: str) -> Refused:
    return Refused(Refusal.BUSY, f"rate limit exceeded: {why}")
