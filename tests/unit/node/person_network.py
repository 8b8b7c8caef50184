"""People wired back to back through a relay that forgets and a mailserver that keeps everything."""

import heapq
import itertools
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.chat.commands import Asked, Command
from sottovoce.chat.events import CommandResult, Done, MessageAdded
from sottovoce.chat.records import ChatId, Message
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.mail.client_events import FetchDone, PageEnd, ServersChanged
from sottovoce.mail.mailserver import Mailserver
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS_FROM, Person
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack.events import DeriveKey, KeyDerived, PeersChanged, Started, TimePassed
from sottovoce.stack.topics import key_of_name

if TYPE_CHECKING:
    from sottovoce.gossip.filters import Filter

DAY_S: Final = 86_400
BEGIN_UNIX_S: Final = 1_600_000_000
LATENCY_S: Final = 0.1
RELAY = secp256k1.public_key(secp256k1.generate_private_key(SeededEntropy("relay", 1)))
SERVER_KEY = secp256k1.public_key(secp256k1.generate_private_key(SeededEntropy("server", 1)))
SERVER = Mailserver(Enode(SERVER_KEY, "192.0.2.1", 30303, 30303), SymmetricKey(b"s" * 32))
# A client of status-go's kind gives no more to a page.
PAGE_MAX: Final = 20

# Deriving a name's key takes tens of milliseconds, and each person does it anew.
_KEYS: dict[str, SymmetricKey] = {}


class Letter(NamedTuple):
    """An envelope as the mailserver keeps it; the order is that of archives."""

    sent_unix_s: int
    hash: EnvelopeHash
    post: inputs.PostMessage


@dataclass
class Office:
    """The relay, the mailserver and the time.

    Attributes:
        archive: All that was ever sent, ascending.
        asked: Every request for history.
        is_serving: Whether the mailserver can be reached.
    """

    now_s: float = 0.0
    archive: list[Letter] = field(default_factory=list)
    asked: list[inputs.AskHistory] = field(default_factory=list)
    people: list["Participant"] = field(default_factory=list)
    is_serving: bool = True
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def moment(self) -> Moment:
        return Moment(1000.0 + self.now_s, BEGIN_UNIX_S + self.now_s)

    def later(self, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now_s + LATENCY_S, next(self._order), action))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end_s = self.now_s + seconds
        while True:
            dues = [(each.due_s, number) for number, each in enumerate(self.people)]
            due_s, number = min(dues, default=(end_s, 0))
            if self._due and self._due[0][0] <= min(due_s, end_s):
                self.now_s, _, action = heapq.heappop(self._due)
                action()
            elif due_s <= end_s:
                self.now_s = max(self.now_s, due_s)
                self.people[number].tell(TimePassed())
            else:
                self.now_s = end_s
                return

    def post(self, sender: "Participant", post: inputs.PostMessage) -> None:
        name = EnvelopeHash(keccak256(post.payload))
        letter = Letter(self.moment.unix_whole_s, name, post)
        at = bisect_right(self.archive, letter[:2], key=lambda each: each[:2])
        self.archive.insert(at, letter)
        self.later(lambda: sender.posted(post.request, name))
        for person in self.people:
            self.later(lambda person=person: person.hears(letter, direct=False))  # type: ignore[misc]

    def serve(self, person: "Participant", ask: inputs.AskHistory) -> None:
        """Answer a page: the oldest first, with a cursor if there is more."""
        self.asked.append(ask)
        wanted = ask.wanted
        found = [
            letter
            for letter in self.archive
            if wanted.from_unix_s <= letter.sent_unix_s <= (wanted.to_unix_s or 2**32)
            and letter.post.route.topic in wanted.topics
            and _place(letter) > wanted.cursor
        ]
        page = found[: min(wanted.limit, PAGE_MAX)]
        cursor = _place(page[-1]) if len(found) > len(page) else b""

        def answer() -> None:
            person.told(effects.HistoryArriving(ask.request, len(page), len(page), 100 * len(page)))
            for letter in page:
                person.hears(letter, direct=True, page=ask.request)
            person.told(effects.HistoryDone(ask.request, PageEnd.ANSWERED, cursor))

        self.later(answer)


def _place(letter: Letter) -> bytes:
    return letter.sent_unix_s.to_bytes(4) + letter.hash


class Participant:
    """One person, whose process begins and ends.

    Attributes:
        added: Every message that was told as new, of all lives.
        fetched: How fetching ended, each time.
        ends_at: At which commits the process ends, every other time before the commit; it is back
            soon after.
    """

    def __init__(self, name: str, office: Office, store: MemoryPersonStore | None = None) -> None:
        self.identity = secp256k1.generate_private_key(SeededEntropy(name, 1))
        self.key = secp256k1.public_key(self.identity)
        self.store = store or MemoryPersonStore()
        self.added: list[Message] = []
        self.fetched: list[FetchDone] = []
        self.linked: list[inputs.AddPeer | inputs.RemovePeer] = []
        self.filters: dict[int, Filter] = {}
        self.ends_at: frozenset[int] = frozenset()
        self.commit_count = 0
        self._name = name
        self._office = office
        self._person: Person | None = None
        self._first_number = PERSON_NUMBERS_FROM
        self._lives = 0
        self._last_done: Done | None = None
        office.people.append(self)

    @property
    def due_s(self) -> float:
        """When something is due by itself, on the office's clock."""
        due = None if self._person is None else self._person.next_deadline()
        return float("inf") if due is None else due - 1000.0

    def start(self, *servers: Mailserver) -> None:
        self._lives += 1
        self._first_number += 1000
        self.filters.clear()
        entropy = SeededEntropy(self._name, 1 + self._lives)
        moment = self._office.moment
        self._person = Person(
            self.identity,
            f"{self._name} one",
            self.store,
            entropy,
            moment,
            first_number=self._first_number,
        )
        self.tell(Started())
        self.tell(PeersChanged(1))
        if servers:
            self.tell(ServersChanged(servers))

    def stop(self) -> None:
        """End the process; what was committed stays."""
        self._person = None

    def tell(self, event: PersonInput) -> None:
        assert self._person is not None
        self.store.begin()
        outputs = self._person.handle(event, self._office.moment)
        self.commit_count += self.store.wrote
        if self.store.wrote and self.commit_count in self.ends_at:
            self._end(before_commit=self.commit_count % 2 == 0)
            return
        self.store.commit()
        for output in outputs:
            self._perform(output)

    def _end(self, *, before_commit: bool) -> None:
        """End the process around a commit; nothing that follows from it leaves."""
        if not before_commit:
            self.store.commit()
        self.store = self.store.reopened()
        self._person = None
        self.commit_count += 1
        self._office.later(lambda: self.start(SERVER))

    def told(self, fact: effects.HistoryArriving | effects.HistoryDone) -> None:
        if self._person is not None:
            self.tell(fact)

    def ask(self, command: Command) -> CommandResult:
        self.tell(Asked(1, command))
        assert self._last_done is not None
        return self._last_done.result

    def posted(self, request: int, name: EnvelopeHash) -> None:
        if self._person is not None:
            self.tell(effects.PostSucceeded(request, name, 100, 1, 1.0))
            self.tell(effects.SentToPeer(RELAY, (name,)))

    def hears(self, letter: Letter, *, direct: bool, page: int | None = None) -> None:
        route = letter.post.route
        numbers = tuple(
            number
            for number, wanted in self.filters.items()
            if route.topic in wanted.topics
            and (wanted.allows_direct or not direct)
            and _opens(wanted.key, route.envelope_key)
        )
        if numbers and self._person is not None:
            self.tell(effects.MessageArrived(numbers, _opened(letter), direct, page))

    def _perform(self, output: PersonOutput) -> None:
        match output:
            case inputs.InstallFilter(number, wanted):
                self.filters[number] = wanted
            case inputs.RemoveFilter(number):
                del self.filters[number]
            case inputs.PostMessage():
                self._office.post(self, output)
            case inputs.AskHistory():
                self._office.serve(self, output)
            case inputs.AddPeer() | inputs.RemovePeer():
                self._link(output)
            case DeriveKey(name):
                key = _KEYS.setdefault(name, _KEYS.get(name) or key_of_name(name))
                self.tell(KeyDerived(name, key))
            case MessageAdded(message):
                self.added.append(message)
            case Done():
                self._last_done = output
            case FetchDone():
                self.fetched.append(output)
            case _:
                pass

    def _link(self, wish: inputs.AddPeer | inputs.RemovePeer) -> None:
        self.linked.append(wish)
        if isinstance(wish, inputs.AddPeer):
            key = wish.enode.public_key
            fact: PersonInput = effects.PeerConnected(key, "server", "192.0.2.1", inbound=False)
            if not self._office.is_serving:
                fact = effects.PeerUnreachable(key, "nobody is there", 30.0)
            self._office.later(lambda: None if self._person is None else self.tell(fact))

    def texts(self, chat_id: ChatId) -> list[str]:
        """Return what a chat's timeline has of others, the oldest first."""
        history = self.store.open_history()
        page = history.page(chat_id, before=None, limit=200)
        history.close()
        return [each.text for each in reversed(page) if not each.own and each.text]

    def said(self, start: str) -> list[Message]:
        """Return our own messages that begin so."""
        history = self.store.open_history()
        found = [
            message
            for chat in history.list_chats()
            for message in history.page(chat.id, before=None, limit=200)
            if message.own and message.text.startswith(start)
        ]
        history.close()
        return found


def _opens(key: SymmetricKey | PrivateKey, sealed_for: object) -> bool:
    return (secp256k1.public_key(key) if isinstance(key, PrivateKey) else key) == sealed_for


def _opened(letter: Letter) -> OpenedMessage:
    post = letter.post
    assert post.route.signer is not None
    return OpenedMessage(
        payload=post.payload,
        padding=b"",
        transport_sender=secp256k1.public_key(post.route.signer),
        recipient=None,
        topic=post.route.topic,
        ttl_s=post.ttl_s,
        sent_unix_s=letter.sent_unix_s,
        pow=1.0,
        hash=letter.hash,
    )
