"""What is known of each mailserver: whether it is connected and busy, and how well it answers.

A server that fails is set aside, each time for longer, and then has to answer a small request
before it is trusted with work again. One that lies is set aside for hours, then for days.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sottovoce.base.entropy import Entropy, uniform
from sottovoce.base.moment import Moment
from sottovoce.mail.client_events import ServerState, ServerStatus
from sottovoce.mail.fetching import Page, Run
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import REQUEST_LIMIT_MAX
from sottovoce.mail.settings import DAY_S

# Three of four are what counts of the last five requests.
_WEIGHT: Final = 0.25
_UNKNOWN_HEALTH: Final = 0.7  # below a server that answers, above one that does not
_JITTER_SHARE: Final = 0.25  # so that not all clients of a restarted server come back at once
_DOUBLINGS_MAX: Final = 16
# A quarter of an hour of a busy network fits into any bound on pages.
_SPAN_MIN_S: Final = 900
# Any inbox takes so many at once; with fewer, a day would cost more in requests than in envelopes.
LIMIT_MIN: Final = 50


class Failure(Enum):
    """What a server is set aside for."""

    SILENT = "does not answer"
    REFUSED = "does not want to"
    TIRING = "does not come to an end"
    DISHONEST = "lies"


# Seconds at first, and at most.
_RESTS_S: Final = {
    Failure.SILENT: (10.0, 3600.0),
    Failure.REFUSED: (60.0, 6 * 3600.0),
    Failure.TIRING: (600.0, 1.0 * DAY_S),
    Failure.DISHONEST: (3600.0, 7.0 * DAY_S),
}
_TRICKS: Final = frozenset({Failure.TIRING, Failure.DISHONEST})


@dataclass(slots=True)
class ServerEntry:
    """One mailserver that is trusted.

    Attributes:
        server: Its name, as it was told last.
        place: Its place in the order of preference.
        is_wished: Whether we want to be connected.
        is_connected: Whether we are, whoever wanted it.
        connect_by_s: When connecting takes too long, monotonic.
        page: The request that is open, or None.
        run: The window that it is at, or None; also of a server that is set aside.
        rests_until_s: Until when it is set aside, monotonic.
        waits_until_s: Until when it does not want to be asked, monotonic.
        rests_for: Why it is set aside, or was last; None if it never was since it answered.
        idle_since_s: Since when there is nothing to ask, or None.
        span_s: How long a window it is asked for.
        limit: How many envelopes it is asked for at once; fewer if we could not take so many.
        behind_unix_s: From where on it is asked first: behind a day that it fails at.
        planned: The version of the ledger in which nothing was open, so that nobody looks again.
    """

    server: Mailserver
    place: int
    is_wished: bool = False
    is_connected: bool = False
    connect_by_s: float = 0.0
    page: Page | None = None
    run: Run | None = field(default=None, repr=False)
    rests_until_s: float = 0.0
    waits_until_s: float = 0.0
    rests_for: Failure | None = None
    idle_since_s: float | None = None
    span_s: int = DAY_S
    limit: int = REQUEST_LIMIT_MAX
    behind_unix_s: int = 0
    planned: int = -1
    health: float = _UNKNOWN_HEALTH
    pages: int = 0
    failures: int = 0
    pauses: int = 0  # requests in a row that it wanted later, or that we were too busy for
    answered_unix_s: int | None = None
    detail: str = ""
    _failures_in_a_row: int = 0
    _tricks: int = 0
    _stumbled_unix_s: int = -1

    @property
    def name(self) -> str:
        """Where it is reached, for people."""
        return f"{self.server.enode.host}:{self.server.enode.tcp_port}"

    @property
    def needs_probe(self) -> bool:
        """Whether it has to answer something small before it is trusted with work."""
        return self.rests_for is not None

    def state(self, now_s: float) -> ServerState:
        """Return how it stands, for people."""
        if self.page is not None:
            return ServerState.ASKED
        if max(self.rests_until_s, self.waits_until_s) > now_s:
            return ServerState.RESTING
        if self.is_connected:
            return ServerState.CONNECTED
        return ServerState.CONNECTING if self.is_wished else ServerState.IDLE

    def answered(self, latency_s: float, timeout_s: float, now: Moment) -> None:
        """Note an answer; a quick one counts for more, and a slow one for half at least."""
        self.pages += 1
        self.answered_unix_s = now.unix_whole_s
        self._failures_in_a_row = self.pauses = 0
        self.rests_for = None
        self.detail = ""
        self._weigh(timeout_s / (timeout_s + max(latency_s, 0.0)))

    def came_to_an_end(self, from_unix_s: int) -> None:
        """Note that a window was answered to its end: the next one may be longer."""
        self.span_s = min(DAY_S, 2 * self.span_s)
        if from_unix_s < self.behind_unix_s:
            self.behind_unix_s = 0

    def stumbled(self, from_unix_s: int) -> None:
        """Note a window that it fails at; after the second time the next day comes first."""
        if from_unix_s == self._stumbled_unix_s:
            self.behind_unix_s = from_unix_s + DAY_S
        self._stumbled_unix_s = from_unix_s

    def failed(self, failure: Failure, detail: str, entropy: Entropy, now_s: float) -> None:
        """Set it aside."""
        self.failures += 1
        self._failures_in_a_row += 1
        self._tricks += failure in _TRICKS
        self._weigh(0.0)
        self.rests_for, self.detail = failure, detail
        first_s, longest_s = _RESTS_S[failure]
        # Whoever lies answers well in between, so its lies count for the whole life.
        times = self._tricks if failure in _TRICKS else self._failures_in_a_row
        rest_s = min(first_s * 2.0 ** min(times - 1, _DOUBLINGS_MAX), longest_s)
        self.rests_until_s = now_s + rest_s + uniform(entropy, rest_s * _JITTER_SHARE)

    def take_less(self) -> None:
        """Ask it for fewer envelopes at once, for we could not take so many."""
        self.limit = max(LIMIT_MIN, self.limit // 2)

    def take_more(self) -> None:
        """Ask it for twice as many envelopes at once, for we took all of them."""
        self.limit = min(REQUEST_LIMIT_MAX, self.limit * 2)

    def shorten(self) -> None:
        """Ask it for shorter windows until it comes to the end of one."""
        self.span_s = max(_SPAN_MIN_S, self.span_s // 4)

    def forgive(self) -> None:
        """Let it prove itself at once, if it was only silent: the network may have been down."""
        if self.rests_for is Failure.SILENT:
            self.rests_until_s = 0.0

    def standing(self, open_s: int, now_s: float) -> ServerStatus:
        """Return how it stands, for people."""
        enode = self.server.enode
        return ServerStatus(
            key=enode.public_key,
            host=enode.host or "",
            port=enode.tcp_port,
            state=self.state(now_s),
            health=self.health,
            pages=self.pages,
            failures=self.failures,
            open_s=open_s,
            answered_unix_s=self.answered_unix_s,
            detail=self.detail,
        )

    def _weigh(self, score: float) -> None:
        self.health += _WEIGHT * (score - self.health)


def rank(entry: ServerEntry) -> tuple[bool, bool, int, int]:
    """Return what servers are sorted by: who is at work stays, then health in steps of a tenth."""
    return (entry.page is None, entry.run is None, -round(entry.health * 10), entry.place)
