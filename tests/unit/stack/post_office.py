"""People on whole stacks, joined by a post office in memory: real envelopes, and no network."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import sha256
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import FilterTable
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import seal
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.metadata import Wrapped
from sottovoce.stack.composing import compose, compose_public_text
from sottovoce.stack.destinations import Contact, Destination, PublicChat
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    DeriveKey,
    EnvelopeFailed,
    EnvelopeOpened,
    EnvelopePosted,
    EnvelopesTaken,
    KeyDerived,
    Listen,
    MessageSubmitted,
    OwnBundle,
    OwnInstallations,
    PeerInstallationSeen,
    PeersChanged,
    PeopleChanged,
    PostEnvelope,
    Sealed,
    SentToPeers,
    StackEvent,
    StackOutput,
    Started,
    StopListening,
    Stored,
    TimePassed,
    Undeliverable,
)
from sottovoce.stack.memory_store import memory_stores
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.stack import Stack
from vectors.scripted_entropy import SeededEntropy

START = Moment(1000.0, 1_590_000_000.0)
RELAY = PublicKey(b"a relay's node key ".ljust(64, b"."))
NOBODY = PeopleChanged(frozenset(), frozenset(), frozenset(), frozenset())
PHONE = "phone"
_ROUNDS_MAX = 500  # a conversation that has not ended by then is a game of ping-pong

Upward = Arrived | Sealed | SentToPeers | Stored | Acknowledged | Undeliverable | OwnBundle
OfDevices = OwnInstallations | PeerInstallationSeen


def quick_key(name: str) -> SymmetricKey:
    """Return a key of a name that takes no time, and is the same for everybody."""
    return SymmetricKey(sha256(b"quick" + name.encode()))


class Office:
    """Carries envelopes, and knows the time.

    Attributes:
        now: The time.
        people: Who is there.
        sent: Every envelope that was carried.
        loses: Says of each envelope whether it is lost.
        fails: Why no envelope leaves, or empty.
        derives: Is told which name's key is asked for.
        told: Is called after somebody was told something.
    """

    def __init__(self) -> None:
        self.now = START
        self.people: list[Person] = []
        self.sent: list[Envelope] = []
        self.loses: Callable[[Envelope], bool] = lambda envelope: False
        self.fails = ""
        self.derives: Callable[[str], object] = lambda name: None
        self.told: Callable[[Person], object] = lambda person: None
        self._mail: deque[tuple[Person, StackEvent]] = deque()

    def add(self, name: str, *, device: str = PHONE, **settings: Any) -> "Person":
        """Let somebody in with one device, who is connected at once."""
        chosen = replace(StackSettings(), **settings)
        person = Person(name, self, chosen, device)
        self.people.append(person)
        person.start()
        self.settle()
        return person

    def bring(self, person: "Person", event: StackEvent) -> None:
        """Have an event told to somebody in its turn."""
        self._mail.append((person, event))

    def post(self, person: "Person", wish: PostEnvelope) -> None:
        """Seal a wanted envelope and carry it to everybody who is connected."""
        if self.fails:
            self.bring(person, EnvelopeFailed(wish.request, self.fails))
            return
        unmined = seal(
            wish.payload, wish.route, ttl_s=wish.ttl_s, now=self.now, entropy=person.entropy
        )
        envelope = mine(unmined, 0.0, 1)
        self.bring(person, EnvelopePosted(wish.request, envelope.hash))
        if not person.connected:
            return
        self.sent.append(envelope)
        self.bring(person, EnvelopesTaken(RELAY, (envelope.hash,)))
        if not self.loses(envelope):
            self.carry(envelope)

    def carry(self, envelope: Envelope) -> None:
        """Bring an envelope to everybody whose filters open it, its sender included."""
        for person in self.people:
            opened = person.open(envelope) if person.connected else None
            if opened is not None:
                self.bring(person, opened)

    def settle(self) -> None:
        """Let everybody do what is due, until nobody has anything to do."""
        for _ in range(_ROUNDS_MAX):
            if not self._mail:
                for person in self.people:
                    deadline_s = person.stack.next_deadline()
                    if deadline_s is not None and deadline_s <= self.now.monotonic_s:
                        self.bring(person, TimePassed())
            if not self._mail:
                return
            for _ in range(len(self._mail)):
                if self._mail:  # Whose program ended meanwhile gets nothing.
                    receiver, event = self._mail.popleft()
                    receiver.tell(event)
                    self.told(receiver)
        raise AssertionError("they never stop")

    def pass_time(self, seconds: float) -> None:
        """Let time pass, from one deadline to the next."""
        self.settle()
        end_s = self.now.monotonic_s + seconds
        while True:
            deadlines = [person.stack.next_deadline() for person in self.people]
            nearest = min((due for due in deadlines if due is not None), default=end_s)
            step_s = min(nearest, end_s) - self.now.monotonic_s
            self.now = Moment(self.now.monotonic_s + step_s, self.now.unix_s + step_s)
            self.settle()
            if self.now.monotonic_s >= end_s:
                return

    def drop_mail(self, person: "Person") -> None:
        """Lose what somebody was about to be told: their program has ended."""
        self._mail = deque(entry for entry in self._mail if entry[0] is not person)


class Person:
    """Somebody with one device.

    Attributes:
        heard: Everything that went up, since it was last looked at, but about devices.
        devices: All that was told about devices.
    """

    def __init__(
        self, name: str, office: Office, settings: StackSettings, device: str = PHONE
    ) -> None:
        self.name = name
        self.private = PrivateKey(SeededEntropy(name.encode()).take(32))
        self.key = secp256k1.public_key(self.private)
        self.installation_id = f"{name}'s {device}"
        drawer = name if device == PHONE else self.installation_id
        self.entropy = SeededEntropy(drawer.encode() + b"'s draws")
        self.settings = settings
        self.office = office
        self.stores = memory_stores()
        self.people = NOBODY
        self.heard: list[Upward] = []
        self.devices: list[OfDevices] = []
        self.connected = True
        self.clock = 0
        self.filters = FilterTable()
        self.stack: Stack

    def start(self) -> None:
        """Start the program, anew if it ran."""
        self.office.drop_mail(self)
        self.filters = FilterTable()
        self.stack = Stack(
            self.private,
            self.installation_id,
            self.stores,
            self.entropy,
            now=self.office.now,
            settings=self.settings,
        )
        self.tell(Started())
        self.tell(self.people)
        if self.connected:
            self.tell(PeersChanged(1))

    def connect(self, connected: bool = True) -> None:
        """Be connected, or not."""
        self.connected = connected
        self.tell(PeersChanged(1 if connected else 0))
        self.office.settle()

    def knows(
        self,
        *,
        chats: Iterable[str] = (),
        followed: Iterable["Person"] = (),
        answered: Iterable["Person"] = (),
        ignored: Iterable["Person"] = (),
    ) -> None:
        """Say whom to hear."""
        self.people = PeopleChanged(
            public_chats=frozenset(chats),
            followed=frozenset(person.key for person in followed),
            answered=frozenset(person.key for person in answered),
            ignored=frozenset(person.key for person in ignored),
        )
        self.tell(self.people)
        self.office.settle()

    def tell(self, event: StackEvent) -> list[StackOutput]:
        """Tell the stack something, and carry out what it wants."""
        outputs = self.stack.handle(event, self.office.now)
        for output in outputs:
            self._carry_out(output)
        return outputs

    def _carry_out(self, output: StackOutput) -> None:
        match output:
            case PostEnvelope():
                self.office.post(self, output)
            case Listen():
                self.filters.install(output.number, output.filter)
            case StopListening():
                self.filters.remove(output.number)
            case DeriveKey():
                self.office.derives(output.name)
                self.office.bring(self, KeyDerived(output.name, quick_key(output.name)))
            case OwnInstallations() | PeerInstallationSeen():
                self.devices.append(output)
            case _:
                self.heard.append(output)

    def open(self, envelope: Envelope) -> EnvelopeOpened | None:
        """Try all filters on an envelope."""
        found = self.filters.open(envelope, direct=False, pow=1.0)
        return None if found is None else EnvelopeOpened(found[1], found[0])

    def write(self, text: str, to: "Person") -> Wrapped:
        """Compose a message to a person."""
        self.clock += 1
        at_unix_ms = int(self.office.now.unix_s * 1000)
        message = ChatMessage(
            clock=at_unix_ms + self.clock,
            timestamp_unix_ms=at_unix_ms,
            text=text,
            chat_id=contact_id(to.key),
            message_type=MessageType.ONE_TO_ONE,
            content_type=ContentType.TEXT_PLAIN,
        )
        return compose(message, self.private)

    def say(self, text: str, to: "Person | str") -> Wrapped:
        """Write to a person or a public chat, and let the message leave if it can."""
        destination: Destination
        if isinstance(to, str):
            destination = PublicChat(to)
            at_unix_ms = int(self.office.now.unix_s * 1000)
            wrapped = compose_public_text(
                text, destination, self.private, clock=at_unix_ms, timestamp_unix_ms=at_unix_ms
            )
        else:
            destination, wrapped = Contact(to.key), self.write(text, to)
        self.tell(MessageSubmitted(wrapped.message_id, wrapped.raw, destination))
        self.office.settle()
        return wrapped

    def texts(self) -> list[str]:
        """Return the texts that arrived since this was last asked, and forget all that was told."""
        found = [
            fact.payload.text
            for fact in self.heard
            if isinstance(fact, Arrived) and isinstance(fact.payload, ChatMessage)
        ]
        self.heard.clear()
        return found


def friends(**settings: Any) -> tuple[Office, Person, Person]:
    """Return two people who answer each other and have never written."""
    office = Office()
    alice, bob = office.add("alice", **settings), office.add("bob", **settings)
    alice.knows(answered=[bob])
    bob.knows(answered=[alice])
    return office, alice, bob


def talking(**settings: Any) -> tuple[Office, Person, Person]:
    """Return two friends on a running session that both have used."""
    office, alice, bob = friends(**settings)
    for sender, receiver in [(alice, bob), (bob, alice), (alice, bob), (bob, alice)]:
        sender.say("words", receiver)
    alice.heard.clear()
    bob.heard.clear()
    office.sent.clear()
    return office, alice, bob


def arrived(person: Person) -> list[Arrived]:
    """Return what arrived since somebody was last asked."""
    return [fact for fact in person.heard if isinstance(fact, Arrived)]
