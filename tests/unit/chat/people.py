"""People who talk: conversations wired back to back through a tiny post, with time at hand."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Final, TypeVar

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.author import Author
from sottovoce.chat.commands import AddContact, Asked, Command, JoinPublicChat, SendMessage
from sottovoce.chat.conversations import Conversations
from sottovoce.chat.events import (
    ChatEvent,
    ChatOutput,
    Done,
    MessageAdded,
    Refused,
    Unshown,
)
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import Chat, ChatId, Contact, Message
from sottovoce.chat.settings import ChatSettings
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.membership import MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent, sign_event
from sottovoce.payloads.metadata import Wrapped, unwrap, wrap
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.payloads.registry import Payload
from sottovoce.secure.facts import Secrecy
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack import destinations
from sottovoce.stack.destinations import PublicChat
from sottovoce.stack.events import Arrived, MessageSubmitted, PeopleChanged, Started, TimePassed

UNIX_S: Final = 1_590_000_000.0
NOW_MS: Final = 1_590_000_000_000
LOBBY: Final = ChatId("lobby")
DAY_S: Final = 86_400.0
ENVELOPE: Final = EnvelopeHash(bytes(32))

OutputT = TypeVar("OutputT")


def only(kind: type[OutputT], outputs: Iterable[object]) -> list[OutputT]:
    """Pick the outputs of one kind."""
    return [output for output in outputs if isinstance(output, kind)]


def one(kind: type[OutputT], outputs: Iterable[object]) -> OutputT:
    """Return the only output of one kind."""
    (found,) = only(kind, outputs)
    return found


def ms(seconds: float) -> int:
    return int(seconds * 1000)


class Person:
    """A person's conversations, their store, a clock of their own."""

    def __init__(self, number: int, *, settings: ChatSettings | None = None) -> None:
        self.private = PrivateKey(number.to_bytes(32, "big"))
        self.key = public_key(self.private)
        self.id = ChatId(contact_id(self.key))
        self.settings = settings
        self.device = "device-1"
        self.entropy = SeededEntropy(number)
        self.store = MemoryChatStore()
        self.now_s = 1000.0
        self.unix_s = UNIX_S
        self.request = 0
        self.start()

    @property
    def now(self) -> Moment:
        return Moment(self.now_s, self.unix_s)

    def start(self) -> list[ChatOutput]:
        """Make the machine anew of what the store holds."""
        self.chats = Conversations(self.author, self.store, self.settings)
        return self.chats.handle(Started(), self.now)

    @property
    def author(self) -> Author:
        return Author(self.key, self.device, self.compose, self.sign_event, self.entropy)

    def compose(self, payload: Payload) -> Wrapped:
        return wrap(payload, self.private)

    def sign_event(self, event: MembershipEvent, chat_id: str) -> SignedEvent:
        return sign_event(event, chat_id=chat_id, author_key=self.private)

    def handle(self, event: ChatEvent) -> list[ChatOutput]:
        return self.chats.handle(event, self.now)

    def wait(self, seconds: float) -> list[ChatOutput]:
        """Let time pass from deadline to deadline."""
        end_s, outputs = self.now_s + seconds, list[ChatOutput]()
        while (deadline_s := self.chats.next_deadline()) is not None and deadline_s <= end_s:
            self.unix_s += max(0.0, deadline_s - self.now_s)
            self.now_s = max(self.now_s, deadline_s)
            outputs += self.handle(TimePassed())
        self.unix_s += end_s - self.now_s
        self.now_s = end_s
        return outputs

    # ---- commands

    def ask(self, command: Command) -> list[ChatOutput]:
        self.request += 1
        return self.handle(Asked(self.request, command))

    def do(self, command: Command) -> list[ChatOutput]:
        """Ask for something that is done."""
        outputs = self.ask(command)
        assert isinstance(outputs[-1], Done), outputs
        assert outputs[-1].request == self.request
        return outputs

    def result(self, kind: type[OutputT], command: Command) -> OutputT:
        result = one(Done, self.do(command)).result
        assert isinstance(result, kind)
        return result

    def refused(self, command: Command) -> str:
        """Ask for something that is refused, and see that nothing changed."""
        before = deepcopy(vars(self.store))
        (refused,) = self.ask(command)
        assert isinstance(refused, Refused)
        assert refused.request == self.request
        assert vars(self.store) == before
        return refused.reason

    def join(self, name: str = LOBBY) -> list[ChatOutput]:
        return self.do(JoinPublicChat(name))

    def say(self, text: str = "Ciao", chat_id: str = LOBBY) -> Message:
        return self.result(Message, SendMessage(ChatId(chat_id), text))

    def add(self, other: "Person") -> list[ChatOutput]:
        return self.do(AddContact(other.key))

    # ---- what others say

    def arrives(
        self,
        payload: Payload,
        author: "Person",
        *,
        secrecy: Secrecy | None = None,
        public_chats: tuple[str, ...] | None = None,
    ) -> list[ChatOutput]:
        return self.handle(arrived(payload, author, secrecy=secrecy, public_chats=public_chats))

    def hears(self, author: "Person", text: str = "Ciao", *, clock: int = NOW_MS) -> Message:
        """Take a private message that is shown."""
        outputs = self.arrives(private(self, text, clock=clock), author)
        return one(MessageAdded, outputs).message

    def drops(
        self,
        payload: Payload,
        author: "Person",
        *,
        secrecy: Secrecy | None = None,
        public_chats: tuple[str, ...] | None = None,
    ) -> Unshown:
        """Take something that is not shown, and return why."""
        before, counted = deepcopy(vars(self.store)), self.chats.statistics.copy()
        assert self.arrives(payload, author, secrecy=secrecy, public_chats=public_chats) == []
        assert vars(self.store) == before
        (reason,) = self.chats.statistics - counted
        return reason

    # ---- what is there

    def chat(self, chat_id: str = LOBBY) -> Chat:
        (found,) = (chat for chat in self.store.chats() if chat.id == chat_id)
        return found

    def contact(self, other: "Person") -> Contact:
        (found,) = (contact for contact in self.store.contacts() if contact.key == other.key)
        return found

    def texts(self, chat_id: str = LOBBY) -> list[str]:
        """Return what a chat says, the oldest first."""
        page = self.store.page(ChatId(chat_id), before=None, limit=1_000_000)
        return [message.text for message in reversed(page)]

    def people(self) -> PeopleChanged:
        return one(PeopleChanged, self.handle(Started()))


def arrived(
    payload: Payload,
    author: Person,
    *,
    secrecy: Secrecy | None = None,
    public_chats: tuple[str, ...] | None = None,
) -> Arrived:
    """Return how the stack tells that somebody's payload arrived where it belongs."""
    if public_chats is None:
        public_chats = ()
        if isinstance(payload, ChatMessage | EmojiReaction):
            is_public = payload.message_type == MessageType.PUBLIC_GROUP
            public_chats = (payload.chat_id,) if is_public else ()
    if secrecy is None:
        secrecy = Secrecy.PUBLIC if public_chats else Secrecy.RATCHET
    return Arrived(
        payload=payload,
        author=author.key,
        message_id=author.compose(payload).message_id,
        secrecy=secrecy,
        public_chats=public_chats,
        sent_unix_ms=NOW_MS,
        envelope=ENVELOPE,
    )


def public(text: str = "Ciao", *, clock: int = NOW_MS, chat_id: str = LOBBY) -> ChatMessage:
    return ChatMessage(
        clock=clock,
        timestamp_unix_ms=clock,
        text=text,
        chat_id=chat_id,
        message_type=MessageType.PUBLIC_GROUP,
        content_type=ContentType.TEXT_PLAIN,
    )


def private(to: Person, text: str = "Ciao", *, clock: int = NOW_MS) -> ChatMessage:
    return replace(public(text, clock=clock, chat_id=to.id), message_type=MessageType.ONE_TO_ONE)


def update(*, clock: int = NOW_MS, ens_name: str = "", picture: str = "") -> ContactUpdate:
    return ContactUpdate(clock, ens_name, picture)


def carry(
    outputs: Iterable[ChatOutput], author: Person, *to: Person, archived: bool = False
) -> list[ChatOutput]:
    """Bring what somebody submitted to those whom it is for, and return what they say."""
    said: list[ChatOutput] = []
    for submitted in only(MessageSubmitted, outputs):
        for person in _recipients(submitted, to):
            unwrapped = unwrap(submitted.raw)
            assert unwrapped.author == author.key
            assert unwrapped.message_id == submitted.message_id
            event = _as_arrived(submitted, unwrapped.payload, author.key)
            said += person.handle(replace(event, archived=archived))
    return said


def _recipients(submitted: MessageSubmitted, to: tuple[Person, ...]) -> Iterator[Person]:
    match submitted.destination:
        case PublicChat():
            yield from to
        case destinations.Contact(key=key):
            yield from (person for person in to if person.key == key)
        case _:
            raise AssertionError


def _as_arrived(submitted: MessageSubmitted, payload: Payload, author: PublicKey) -> Arrived:
    to = submitted.destination
    return Arrived(
        payload=payload,
        author=author,
        message_id=submitted.message_id,
        secrecy=Secrecy.PUBLIC if isinstance(to, PublicChat) else Secrecy.RATCHET,
        public_chats=(to.name,) if isinstance(to, PublicChat) else (),
        sent_unix_ms=NOW_MS,
        envelope=ENVELOPE,
    )
