"""Mailservers of a list of envelopes, wired back to back with whoever asks them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic, topic
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.devp2p.enode import Enode
from sottovoce.mail.client import MailClient
from sottovoce.mail.client_events import (
    AskPage,
    CancelPage,
    ClientEvent,
    ClientOutput,
    ConnectServer,
    DisconnectServer,
    FetchDone,
    FetchProgress,
    OnlineChanged,
    PageArriving,
    PageDone,
    PageEnd,
    ServerConnected,
    ServerGone,
    ServersChanged,
    ServersStanding,
    Started,
    TimePassed,
    TopicsChanged,
)
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.memory_store import MemoryMailStore
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.settings import ClientSettings
from sottovoce.sim.entropy import SeededEntropy

UNIX_S = 1_600_000_000
DAY = 86_400
TOPIC, OTHER = topic(b"aaaa"), topic(b"bbbb")


def server(n: int) -> Mailserver:
    key = public_key(PrivateKey(n.to_bytes(32, "big")))
    return Mailserver(Enode(key, f"10.0.0.{n}", 30303), None)


def key(n: int) -> PublicKey:
    return server(n).enode.public_key


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """An envelope in an archive."""

    sent_unix_s: int
    hash: EnvelopeHash
    topic: Topic

    @property
    def place(self) -> Cursor:
        return Cursor(self.sent_unix_s, self.hash)


def envelopes(count: int, *, first: int, last: int, of: Topic = TOPIC) -> list[Kept]:
    """Make envelopes that were sent at even distances."""
    step = (last - first) / max(count - 1, 1)
    return [
        Kept(
            first + round(n * step),
            EnvelopeHash(keccak256(of + first.to_bytes(8, "big") + n.to_bytes(8, "big"))),
            of,
        )
        for n in range(count)
    ]


@dataclass(slots=True)
class Answer:
    """What a server says to one request."""

    found: list[Kept] = field(default_factory=list)
    cursor: bytes = b""
    end: PageEnd = PageEnd.ANSWERED
    detail: str = ""
    is_silent: bool = False
    delay_s: float = 0.05


class Archive:
    """An honest server; those who lie change `answer`.

    Args:
        kept: What it has.
        page: How many envelopes it sends at once.
        goes_up: Whether from old to new.
    """

    def __init__(
        self, kept: Iterable[Kept] = (), *, page: int = 1000, goes_up: bool = True
    ) -> None:
        self.kept = list(kept)
        self.page = page
        self.goes_up = goes_up
        self.is_up = True
        self.wanted: list[HistoryRequest] = []

    def selected(self, wanted: HistoryRequest) -> list[Kept]:
        """Return all that a request is about, behind its cursor."""
        named = set(wanted.topics)
        found = [
            it
            for it in self.kept
            if wanted.from_unix_s <= it.sent_unix_s <= wanted.to_unix_s
            and (not named or it.topic in named)
        ]
        found.sort(reverse=not self.goes_up)
        if wanted.cursor:
            found = [it for it in found if self._is_behind(it, wanted.cursor)]
        return found

    def _is_behind(self, it: Kept, cursor: bytes) -> bool:
        place = it.place.encode()
        return place > cursor if self.goes_up else place < cursor

    def answer(self, wanted: HistoryRequest) -> Answer:
        self.wanted.append(wanted)
        found, size = self.selected(wanted), min(self.page, wanted.limit)
        is_more = len(found) >= size
        found = found[:size]
        return Answer(found, found[-1].place.encode() if is_more else b"")


class Scene:
    """A client and its servers on one virtual clock.

    Attributes:
        got: The envelopes that came, each with how often.
        told: What people were told, without progress and standing.
    """

    def __init__(
        self,
        archives: dict[int, Archive],
        *,
        topics: Iterable[Topic] = (TOPIC,),
        settings: ClientSettings | None = None,
        store: MemoryMailStore | None = None,
        unix_s: int = UNIX_S,
    ) -> None:
        self.archives = {key(n): archive for n, archive in archives.items()}
        self.servers = tuple(server(n) for n in archives)
        self.topics = frozenset(topics)
        self.settings = settings
        self.store = store or MemoryMailStore()
        self.now = Moment(1000.0, float(unix_s))
        self.lives = 0
        self.got: dict[EnvelopeHash, int] = {}
        self.told: list[FetchDone] = []
        self.progress: list[FetchProgress] = []
        self.standing: list[ServersStanding] = []
        self.log: list[ClientOutput] = []
        self.asked: list[tuple[float, PublicKey, HistoryRequest]] = []
        self.connected: set[PublicKey] = set()
        self.open: set[int] = set()
        self.unreachable: set[PublicKey] = set()  # and nobody says so
        self.queue: list[tuple[float, int, Callable[[], None]]] = []
        self.count = 0
        self.begin()

    # ---- the life of a client

    def begin(self) -> None:
        """Begin a life on what is stored."""
        self.lives += 1
        self.queue.clear()
        self.open.clear()
        self.connected.clear()
        self.client = MailClient(
            self.store, SeededEntropy("client", self.lives), self.now, self.settings
        )
        self.tell(Started())
        self.tell(ServersChanged(self.servers))
        self.tell(TopicsChanged(self.topics))
        self.tell(OnlineChanged(online=True))

    def tell(self, event: ClientEvent) -> None:
        for output in self.client.handle(event, self.now):
            self.log.append(output)
            self._do(output)

    def run(self, seconds: float) -> None:
        """Let time pass, with all that happens in it."""
        end_s = self.now.monotonic_s + seconds
        while True:
            dues = [due for due in (self.client.next_deadline(), self._next()) if due is not None]
            due = max(min(dues, default=end_s), self.now.monotonic_s)
            if due > end_s:
                break
            stuck = due == self.now.monotonic_s
            self._advance(due)
            if self.queue and self._next() is not None and (self._next() or 0) <= due:
                self.queue.sort(key=lambda item: item[:2])
                self.queue.pop(0)[2]()
            elif due == end_s and not dues:
                break
            else:
                self.tell(TimePassed())
                deadline = self.client.next_deadline()
                assert not stuck or deadline is None or deadline > due, "time stands still"
        self._advance(end_s)

    def _advance(self, monotonic_s: float) -> None:
        passed_s = monotonic_s - self.now.monotonic_s
        self.now = Moment(monotonic_s, self.now.unix_s + passed_s)

    def _next(self) -> float | None:
        return min((due for due, *_ in self.queue), default=None)

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        self.count += 1
        self.queue.append((self.now.monotonic_s + delay_s, self.count, act))

    # ---- what the client wants

    def _do(self, output: ClientOutput) -> None:
        match output:
            case ConnectServer(named):
                self.later(0.02, lambda: self._connect(named.enode.public_key))
            case DisconnectServer(key=gone):
                self.later(0.01, lambda: self._leave(gone))
            case AskPage():
                self._ask(output)
            case CancelPage(request):
                assert request in self.open
                self.open.discard(request)
            case FetchDone():
                self.told.append(output)
            case FetchProgress():
                self.progress.append(output)
            case ServersStanding():
                self.standing.append(output)

    def _connect(self, named: PublicKey) -> None:
        if named in self.unreachable:
            return
        if self.archives[named].is_up:
            self.connected.add(named)
            self.tell(ServerConnected(named))
        else:
            self.tell(ServerGone(named, "nobody listens there"))

    def _leave(self, named: PublicKey) -> None:
        if named in self.connected:
            self.connected.discard(named)
            self.tell(ServerGone(named, ""))

    def _ask(self, ask: AskPage) -> None:
        named = ask.server.enode.public_key
        self.asked.append((self.now.monotonic_s, named, ask.wanted))
        assert ask.request not in self.open
        self.open.add(ask.request)
        if named not in self.connected:
            self.later(0.0, lambda: self.end(ask.request, Answer(end=PageEnd.NOT_CONNECTED)))
            return
        answer = self.archives[named].answer(ask.wanted)
        if not answer.is_silent:
            self.later(answer.delay_s, lambda: self.end(ask.request, answer))

    def end(self, request: int, answer: Answer) -> None:
        if request not in self.open:
            return
        if answer.found:
            new = sum(it.hash not in self.got for it in answer.found)
            for it in answer.found:
                self.got[it.hash] = self.got.get(it.hash, 0) + 1
            self.tell(PageArriving(request, len(answer.found), new, 300 * len(answer.found)))
        if request in self.open:
            self.open.discard(request)
            self.tell(PageDone(request, answer.end, answer.cursor, answer.detail))

    # ---- what became of it

    def missed(self, archive: Archive, *, since: int, until: int) -> list[Kept]:
        """Return what an archive has of a time and the client did not get."""
        return [
            it
            for it in archive.kept
            if since <= it.sent_unix_s <= until
            and it.topic in self.topics
            and it.hash not in self.got
        ]
