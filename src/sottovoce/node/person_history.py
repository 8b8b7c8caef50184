"""What a person does about history: the machine that asks, between stack and node.

It tells that machine which topics are heard, which mailservers are connected and how pages end, and
turns its wishes into the node's. Two topics are of our key and of nobody else's, our contact code
and our personal topic: they are never asked for, for whoever knows the key would know who asks. We
send to the one ourselves, and nobody sends to the other. The topic of our key's class is asked for,
for strangers write there; it is that of one key in 5,000.

Spec: status-go protocol/messenger_mailserver.go has no counterpart of it in 2020; the app asked.
"""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.gossip.filters import Filter
from sottovoce.mail import client_events as mail
from sottovoce.mail.client import MailClient
from sottovoce.node import effects, inputs
from sottovoce.stack.events import PeersChanged, TimePassed
from sottovoce.stack.topics import contact_code, personal_discovery

if TYPE_CHECKING:
    from sottovoce.node.person_events import MailInput, PersonOutput

# Where nobody is connected, mailservers are dialled after the peers, and again each minute: they
# may be the only nodes that can be reached, or the network may be down.
_ALONE_FIRST_S: Final = 5.0
_ALONE_AGAIN_S: Final = 60.0

_NOT_HEARD: Final = "nothing of this chat is heard here, so there is nothing to ask for"


class PersonHistory:
    """One person's history.

    Args:
        client: Asks for it.
        own: Who we are.
        number: Gives the next number of the person's range.
    """

    def __init__(self, client: MailClient, own: PublicKey, number: Callable[[], int]) -> None:
        self._client = client
        names = (contact_code(own), personal_discovery(own))
        self._unasked: Final = frozenset(name.topic for name in names)
        self._number = number
        self._heard: Counter[Topic] = Counter()
        self._has_begun = False
        self._is_settled = True
        self._servers: frozenset[PublicKey] = frozenset()
        self._inner: dict[int, int] = {}
        self._outer: dict[int, int] = {}
        self._is_allowed = True
        self._peer_count = 0
        self._alone_s: float | None = None

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        alone_s = self._alone_s if self._servers else None
        deadlines = (self._client.next_deadline(), alone_s)
        return min((moment for moment in deadlines if moment is not None), default=None)

    def standing(self) -> tuple[mail.ServerStatus, ...]:
        """Return how the trusted mailservers stand."""
        return self._client.standing()

    def is_page(self, request: int | None) -> bool:
        """Tell whether a request of the node is one that a trusted mailserver is at, for us."""
        return request is not None and request in self._inner

    def is_server(self, key: PublicKey) -> bool:
        """Tell whether somebody is one of the trusted mailservers."""
        return key in self._servers

    # ---- from the stack

    def listening(self, wanted: Filter) -> None:
        """Take a filter that the stack installs; `settled` tells what it comes to."""
        self._heard.update(wanted.topics)
        self._is_settled = False

    def silenced(self, wanted: Filter) -> None:
        """Take a filter that the stack removes."""
        self._heard.subtract(wanted.topics)
        self._heard = +self._heard
        self._is_settled = False

    def settled(self, now: Moment) -> "list[PersonOutput]":
        """Tell which topics are heard, if that changed."""
        if self._is_settled or not self._has_begun:
            return []
        self._is_settled = True
        return self._tell(mail.TopicsChanged(self._topics()), now)

    def _topics(self) -> frozenset[Topic]:
        return frozenset(self._heard) - self._unasked

    # ---- from outside

    def started(self, now: Moment) -> "list[PersonOutput]":
        """Begin, once the stack's first filters are known."""
        self._alone_s = now.monotonic_s + _ALONE_FIRST_S
        self._has_begun = True
        return [*self._tell(mail.Started(), now), *self.settled(now)]

    def also(self, event: TimePassed | PeersChanged, now: Moment) -> "list[PersonOutput]":
        """Take what the stack was told, too."""
        if isinstance(event, PeersChanged):
            return self._peers_changed(event.count, now)
        return self._time_passed(now)

    def _peers_changed(self, count: int, now: Moment) -> "list[PersonOutput]":
        before, self._peer_count = self._peer_count, count
        if not self._is_allowed or (count > 0) == (before > 0):
            return []
        self._alone_s = None if count else now.monotonic_s + _ALONE_FIRST_S
        # Servers that were silent while nobody could be reached are not to blame.
        return self._online(now, False, True) if count else self._online(now, False)

    def _time_passed(self, now: Moment) -> "list[PersonOutput]":
        out: list[PersonOutput] = []
        is_alone = self._alone_s is not None and self._alone_s <= now.monotonic_s
        if is_alone and self._servers:
            self._alone_s = now.monotonic_s + _ALONE_AGAIN_S
            out += self._online(now, False, True)
        return [*out, *self._tell(mail.TimePassed(), now)]

    def handle(self, event: "MailInput", now: Moment) -> "list[PersonOutput]":
        """Take what concerns mailservers and their answers."""
        match event:
            case effects.HistoryArriving() | effects.HistoryReasked() | effects.HistoryDone():
                return self._page_said(event, now)
            case effects.PeerConnected(key):
                return self._server_said(mail.ServerConnected(key), now)
            case effects.PeerDisconnected(key, detail) | effects.PeerUnreachable(key, detail, _):
                return self._server_said(mail.ServerGone(key, detail), now)
            case mail.ServersChanged(servers):
                self._servers = frozenset(server.enode.public_key for server in servers)
                return self._tell(event, now)
            case mail.FetchAsked():
                return self._fetch(event, now)
            case mail.OnlineChanged():
                return self._allow(event, now)
            case _:
                assert_never(event)

    def _page_said(
        self,
        fact: effects.HistoryArriving | effects.HistoryReasked | effects.HistoryDone,
        now: Moment,
    ) -> "list[PersonOutput]":
        inner = self._inner.get(fact.request)
        if inner is None:
            return []  # Cancelled, or of an earlier life.
        if isinstance(fact, effects.HistoryArriving):
            arriving = mail.PageArriving(inner, fact.envelopes, fact.new, fact.bytes)
            return self._tell(arriving, now)
        if isinstance(fact, effects.HistoryReasked):
            return self._tell(mail.PageReasked(inner), now)
        self._forget_page(inner)
        return self._tell(mail.PageDone(inner, fact.end, fact.cursor, fact.detail), now)

    def _server_said(
        self, event: mail.ServerConnected | mail.ServerGone, now: Moment
    ) -> "list[PersonOutput]":
        return self._tell(event, now) if self.is_server(event.key) else []

    def _fetch(self, wish: mail.FetchAsked, now: Moment) -> "list[PersonOutput]":
        if wish.topics is None:
            return self._tell(wish, now)
        topics = wish.topics & self._topics()
        if not topics:
            return [mail.FetchDone(wish.request, False, 0, 0, _NOT_HEARD)]
        return self._tell(mail.FetchAsked(wish.request, wish.from_unix_s, topics), now)

    def _allow(self, event: mail.OnlineChanged, now: Moment) -> "list[PersonOutput]":
        """Take whether the network may be used at all; then mailservers are dialled at once."""
        self._is_allowed = event.online
        is_alone = event.online and not self._peer_count
        self._alone_s = now.monotonic_s + _ALONE_AGAIN_S if is_alone else None
        return self._online(now, False, True) if event.online else self._tell(event, now)

    def _online(self, now: Moment, *states: bool) -> "list[PersonOutput]":
        return [output for state in states for output in self._tell(mail.OnlineChanged(state), now)]

    # ---- to the node

    def _tell(self, event: mail.ClientEvent, now: Moment) -> "list[PersonOutput]":
        return [self._wish(said) for said in self._client.handle(event, now)]

    def _wish(self, said: mail.ClientOutput) -> "PersonOutput":
        match said:
            case mail.ConnectServer(server):
                return inputs.AddPeer(server.enode)
            case mail.DisconnectServer(key):
                return inputs.RemovePeer(key)
            case mail.AskPage(inner, server, wanted):
                outer = self._number()
                self._inner[outer], self._outer[inner] = inner, outer
                return inputs.AskHistory(outer, server, wanted)
            case mail.CancelPage(inner):
                return inputs.CancelHistory(self._forget_page(inner))
            case mail.FetchProgress() | mail.FetchDone() | mail.ServersStanding():
                return said
            case _:
                assert_never(said)

    def _forget_page(self, inner: int) -> int:
        outer = self._outer.pop(inner)
        del self._inner[outer]
        return outer
