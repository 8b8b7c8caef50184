"""Whoever asks mailservers for history: when fetching begins, and who is told of its end.

Fetching begins when the first peer comes, a second after topics or servers changed, at intervals,
and at once when somebody asks. What was answered is kept; a new client on an old store goes on
where the last commit was. `Started` is the first event.

Spec: docs/spec-deviations.md, "Mail request"; docs/reference/mailserver-privacy.md.
"""

from collections.abc import Iterator
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.mail.asking import Asking
from sottovoce.mail.client_events import (
    ClientEvent,
    ClientOutput,
    FetchAsked,
    OnlineChanged,
    PageArriving,
    PageDone,
    PageReasked,
    ServerConnected,
    ServerGone,
    ServersChanged,
    ServersStanding,
    ServerState,
    ServerStatus,
    Started,
    TimePassed,
    TopicsChanged,
)
from sottovoce.mail.ledger import Ledger
from sottovoce.mail.progress import ASKERS_MAX, Asker, Tally
from sottovoce.mail.settings import ClientSettings
from sottovoce.mail.stores import MailStore

# A start with a hundred topics, told one after the other, makes few requests.
COLLECT_S: Final = 1.0
# Whoever asks for everything and connects for that is within the lives of envelopes then: peers
# give what was said since.
_CONNECTING_S: Final = 5.0

_NO_SERVER: Final = "no mailserver is set; name one that you trust"
_PIN_MISSING: Final = "the pinned mailserver is none of those that are set"
_OFFLINE: Final = "there is no connection to anybody"
_TOO_MANY_TOPICS: Final = "there are more topics than history is fetched for"
_TOO_MANY_ASKERS: Final = "too many wait for history already; ask again when some are done"


class MailClient:
    """The machine that fetches history.

    Args:
        store: What is kept; what one event wrote is to be committed as one.
        entropy: For pauses and decoys.
        now: The moment of the beginning.
        settings: Bounds and windows.
    """

    def __init__(
        self,
        store: MailStore,
        entropy: Entropy,
        now: Moment,
        settings: ClientSettings | None = None,
    ) -> None:
        self._settings: Final = settings or ClientSettings()
        self._tally: Final = Tally()
        self._ledger: Final = Ledger(store, self._settings)
        self._asking: Final = Asking(store, self._ledger, self._settings, entropy, self._tally)
        self._is_online = False
        self._offline = _OFFLINE
        self._askers: list[Asker] = []
        self._collect_s: float | None = None
        self._collects_all = False
        self._refresh_s: float | None = None
        self._began_all_s: float | None = None
        self._seen_version = -1
        self._told: tuple[tuple[ServerState, str], ...] = ()
        self._now = now

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due, or None."""
        return min((due for due in self._dues() if due is not None), default=None)

    def standing(self) -> tuple[ServerStatus, ...]:
        """Return how each mailserver stands, in the order of preference."""
        return tuple(
            entry.standing(
                self._ledger.open_s(entry.server.enode.public_key, self._now),
                self._now.monotonic_s,
            )
            for entry in self._asking.entries()
        )

    def handle(self, event: ClientEvent, now: Moment) -> list[ClientOutput]:
        """Take an event, and return what is to be done."""
        self._now = now
        self._ledger.look_at_clock(now)
        out: list[ClientOutput] = []
        match event:
            case PageArriving() | PageReasked() | PageDone():
                out += self._asking.page_said(event, now)
            case ServerConnected(key):
                self._asking.connected(key)
            case ServerGone(key, detail):
                out += self._asking.gone(key, detail, now)
            case OnlineChanged(is_online, detail):
                self._set_online(is_online, now)
                self._offline = detail or _OFFLINE
            case TopicsChanged(topics):
                self._set_topics(topics, now)
            case ServersChanged(servers, pinned):
                out += self._asking.set_servers(servers, pinned, now)
                self._collect(now, is_all=True)
            case FetchAsked():
                out += self._ask(event, now)
            case Started() | TimePassed():
                pass
        self._begin_due(now)
        out += self._asking.drive(now, may_dial=self._is_online or self._somebody_asks())
        out += self._tell(now)
        return out

    # ---- when fetching begins

    def _set_online(self, is_online: bool, now: Moment) -> None:
        if is_online and not self._is_online:
            self._asking.forgive()
            if not self._has_just_begun(now):
                self._collect(now, is_all=True)
        self._is_online = is_online

    def _set_topics(self, topics: frozenset[Topic], now: Moment) -> None:
        self._asking.forget_topics(self._ledger.topics - topics)
        self._ledger.set_topics(topics, now)
        if self._ledger.newcomers():
            self._collect(now, is_all=False)

    def _collect(self, now: Moment, *, is_all: bool) -> None:
        """See to it that fetching begins soon; several wishes are one."""
        if self._collect_s is None:
            self._collect_s = now.monotonic_s + COLLECT_S
        self._collects_all = self._collects_all or is_all

    def _ask(self, event: FetchAsked, now: Moment) -> list[ClientOutput]:
        """Begin at once for somebody who wants to know how it ends."""
        asker = self._tally.asker(event.request, event.topics)
        detail = _TOO_MANY_ASKERS if len(self._askers) >= ASKERS_MAX else self._obstacle()
        if detail:
            return [self._tally.done(asker, detail)]
        topics = self._ledger.topics if event.topics is None else event.topics
        if event.topics is None:
            self._plan_refresh(now)
        if event.from_unix_s is not None:
            self._ledger.reach_back(topics, event.from_unix_s, now)
        self._asking.forgive()
        self._begin(asker, topics, now)
        return []

    def _begin_due(self, now: Moment) -> None:
        """Begin what is due by itself."""
        is_refresh = self._refresh_s is not None and self._refresh_s <= now.monotonic_s
        is_collected = self._collect_s is not None and self._collect_s <= now.monotonic_s
        if not self._is_online or not (is_refresh or is_collected):
            return
        is_all = is_refresh or self._collects_all
        topics = self._ledger.topics if is_all else self._ledger.newcomers()
        if is_all:
            self._plan_refresh(now)
        self._collect_s = None
        if not topics or self._obstacle():
            return
        is_known = any(asker.request is None for asker in self._askers)
        self._begin(None if is_known else self._tally.asker(None, None), topics, now)

    def _has_just_begun(self, now: Moment) -> bool:
        """Tell whether everything was asked for a moment ago, and is not here yet."""
        began_s = self._began_all_s
        if began_s is None or now.monotonic_s - began_s > _CONNECTING_S:
            return False
        return any(asker.topics is None for asker in self._askers)

    def _plan_refresh(self, now: Moment) -> None:
        """Plan the next look at everything, for one begins now."""
        self._began_all_s = now.monotonic_s
        self._collect_s, self._collects_all = None, False
        every_s = self._settings.refresh_s
        self._refresh_s = None if every_s is None else now.monotonic_s + every_s

    def _begin(self, asker: Asker | None, topics: frozenset[Topic], now: Moment) -> None:
        if not self._askers:
            self._tally.begin()
        if asker is not None:
            self._askers.append(asker)
        self._ledger.begin(topics, now)

    def _somebody_asks(self) -> bool:
        return any(asker.request is not None for asker in self._askers)

    def _obstacle(self) -> str:
        """Return why nobody can be asked, if so."""
        if not self._asking.entries():
            return _NO_SERVER
        return "" if self._asking.allowed() else _PIN_MISSING

    # ---- what is told

    def _tell(self, now: Moment) -> Iterator[ClientOutput]:
        if self._askers:
            if self._tally.is_due(now.monotonic_s):
                open_s = self._open_s(now)
                is_busy = self._asking.is_busy
                yield self._tally.progress(open_s, now.monotonic_s, is_busy=is_busy)
            yield from self._tell_done(now)
        told = tuple(
            (entry.state(now.monotonic_s), entry.detail) for entry in self._asking.entries()
        )
        if told != self._told:
            self._told = told
            yield ServersStanding(self.standing())

    def _open_s(self, now: Moment) -> int:
        """Return the seconds that are open at as many servers as will be asked."""
        keys = [entry.server.enode.public_key for entry in self._asking.allowed()]
        open_s = sorted((self._ledger.open_s(key, now) for key in keys), reverse=True)
        return sum(open_s[: self._settings.witnesses])

    def _tell_done(self, now: Moment) -> Iterator[ClientOutput]:
        """Tell those who wait for what is over."""
        is_over = not self._asking.is_busy
        if not is_over and self._seen_version == self._ledger.version:
            return
        self._seen_version = self._ledger.version
        waiting: list[Asker] = []
        for asker in self._askers:
            is_open = self._is_open(asker, now)
            if is_open and not is_over:
                waiting.append(asker)
            else:
                yield self._tally.done(
                    asker, self._why_open(asker, now) if is_open else self._left_out()
                )
        self._askers = waiting

    def _left_out(self) -> str:
        return _TOO_MANY_TOPICS if self._ledger.left_out else ""

    def _is_open(self, asker: Asker, now: Moment) -> bool:
        return any(
            self._ledger.is_open(entry.server.enode.public_key, asker.topics, now)
            for entry in self._asking.allowed()
        )

    def _why_open(self, asker: Asker, now: Moment) -> str:
        """Say why an asker did not get everything."""
        obstacle = self._obstacle()
        if obstacle:
            return obstacle
        reasons = [
            f"{entry.name}: {entry.detail}"
            for entry in self._asking.allowed()
            if entry.detail
            and self._ledger.is_open(entry.server.enode.public_key, asker.topics, now)
        ]
        return "; ".join(reasons) or self._offline

    def _dues(self) -> Iterator[float | None]:
        yield self._asking.next_deadline()
        if self._is_online:
            yield self._collect_s
            yield self._refresh_s
        if self._askers:
            yield self._tally.next_deadline()
