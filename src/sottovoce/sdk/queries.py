"""What can be asked of a person's history and node, as values that a control socket can carry.

Each query names the type of its answer, and knows where the answer comes from.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import (
    Final,
    Generic,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypeVar,
    assert_never,
    get_args,
)

from typing_extensions import override

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import (
    Chat,
    ChatId,
    ChatKind,
    Contact,
    Device,
    Group,
    Message,
    MessageState,
    Place,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.chat.stores import HistoryReader
from sottovoce.mail.client_events import FetchDone, ServerStatus
from sottovoce.node.budget import Budget
from sottovoce.payloads.contact_id import contact_key
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.errors import UnknownNameError
from sottovoce.sdk.messages import PeerInfo
from sottovoce.sdk.traffic import TrafficReport

AnswerT = TypeVar("AnswerT")
ReadT = TypeVar("ReadT")

# One page of history; a line of the control socket holds a page of the longest texts.
PAGE_MAX: Final = 200


def _check_limit(limit: int) -> None:
    """Check how many messages are wanted.

    Raises:
        LocalProtocolError: So many are no page.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise LocalProtocolError(f"a page has 1 to {PAGE_MAX} messages; ask for so many")


class Whereabouts(NamedTuple):
    """Whose messages a chat has.

    Attributes:
        public_chats: Names of public chats.
        people: People who write to us alone, or to a group of ours.
    """

    public_chats: tuple[str, ...] = ()
    people: tuple[PublicKey, ...] = ()


class MailPlace(Protocol):
    """Where answers about mailservers come from."""

    def standing(self) -> tuple[ServerStatus, ...]:
        """Return how the trusted mailservers stand."""
        ...

    async def trust(self, urls: tuple[str, ...], pinned: str | None) -> tuple[ServerStatus, ...]:
        """Trust these mailservers, and no others, from now on; return how they stand.

        Raises:
            LocalProtocolError: One is no mailserver, or there are too many.
            DataDirectoryError: They cannot be kept.
        """
        ...

    async def fetch(
        self, where: Whereabouts | None, since_s: int | None, timeout_s: float
    ) -> FetchDone:
        """Fetch what is missing, there or of all that is heard; return what came of it."""
        ...


class AnswerPlace(Protocol):
    """Where answers come from: a person who is running."""

    @property
    def mail(self) -> MailPlace:
        """Who asks mailservers."""
        ...

    async def read(self, how: Callable[[HistoryReader], ReadT]) -> ReadT:
        """Read what was committed, off the loop."""
        ...

    async def own_bundle(self) -> bytes:
        """Return our signed bundle."""
        ...

    async def traffic_report(self) -> TrafficReport:
        """Return what the node carried."""
        ...

    def budget(self) -> Budget | None:
        """Return how the day's budget stands."""
        ...

    def list_peers(self) -> tuple[PeerInfo, ...]:
        """Return the connected peers."""
        ...

    async def connect_peer(self, enode: str, timeout_s: float) -> PeerInfo:
        """Connect to a peer.

        Raises:
            ConnectError: It was not reached in time.
        """
        ...

    async def await_state(
        self, message_id: MessageId, states: tuple[MessageState, ...], timeout_s: float
    ) -> Message:
        """Wait for a message.

        Raises:
            NotDeliveredError: It failed, or did not come so far in time.
        """
        ...


class Query(ABC, Generic[AnswerT]):
    """A question whose answer is an `AnswerT`."""

    __slots__ = ()

    @classmethod
    def answer_type(cls) -> object:
        """Return the type of the answer, as an annotation has it."""
        [base] = getattr(cls, "__orig_bases__")  # noqa: B009 - made by the base class's brackets
        [answer] = get_args(base)
        return answer

    @abstractmethod
    async def answer(self, place: AnswerPlace) -> AnswerT:
        """Answer it."""


@dataclass(frozen=True, slots=True)
class ListChats(Query[tuple[Chat, ...]]):
    """All chats, the one with the newest message first."""

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Chat, ...]:
        return await place.read(lambda reader: tuple(reader.list_chats()))


@dataclass(frozen=True, slots=True)
class ListContacts(Query[tuple[Contact, ...]]):
    """All contacts, in the order of their keys."""

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Contact, ...]:
        return await place.read(lambda reader: tuple(reader.list_contacts()))


@dataclass(frozen=True, slots=True)
class ListGroups(Query[tuple[Group, ...]]):
    """All groups, in the order of their ids."""

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Group, ...]:
        return await place.read(lambda reader: tuple(reader.list_groups()))


@dataclass(frozen=True, slots=True)
class ListDevices(Query[tuple[Device, ...]]):
    """Our own devices, this one first."""

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Device, ...]:
        return await place.read(lambda reader: tuple(reader.list_devices()))


@dataclass(frozen=True, slots=True)
class ListRecipients(Query[tuple[Recipient, ...]]):
    """To whom a message of our own in a group went."""

    message_id: MessageId = field(repr=False)

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Recipient, ...]:
        return await place.read(lambda reader: tuple(reader.list_recipients(self.message_id)))


@dataclass(frozen=True, slots=True)
class ReadProfile(Query[Profile]):
    """What we tell contacts about ourselves."""

    @override
    async def answer(self, place: AnswerPlace) -> Profile:
        return await place.read(lambda reader: reader.read_profile())


@dataclass(frozen=True, slots=True)
class ReadMessage(Query[Message | None]):
    """A message by its id."""

    message_id: MessageId = field(repr=False)

    @override
    async def answer(self, place: AnswerPlace) -> Message | None:
        return await place.read(lambda reader: reader.read_message(self.message_id))


@dataclass(frozen=True, slots=True)
class FindMessages(Query[tuple[Message, ...]]):
    """The messages, at most ten, whose ids begin with these lower-case hex digits."""

    id_start: str = field(repr=False)

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Message, ...]:
        return await place.read(lambda reader: tuple(reader.find_messages(self.id_start)))


@dataclass(frozen=True, slots=True)
class ReadPage(Query[tuple[Message, ...]]):
    """Messages of a chat, the newest first, behind a place.

    Raises:
        LocalProtocolError: The limit is no page's.
    """

    chat_id: ChatId = field(repr=False)
    before: Place | None = field(repr=False)
    limit: int

    def __post_init__(self) -> None:
        _check_limit(self.limit)

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Message, ...]:
        return await place.read(
            lambda reader: tuple(reader.page(self.chat_id, before=self.before, limit=self.limit))
        )


@dataclass(frozen=True, slots=True)
class SearchMessages(Query[tuple[Message, ...]]):
    """Messages that contain all words, of one chat or of all accepted ones, the newest first.

    Raises:
        LocalProtocolError: The limit is no page's.
    """

    words: str = field(repr=False)
    chat_id: ChatId | None = field(repr=False)
    before: Place | None = field(repr=False)
    limit: int

    def __post_init__(self) -> None:
        _check_limit(self.limit)

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Message, ...]:
        return await place.read(
            lambda reader: tuple(
                reader.search(
                    self.words, chat_id=self.chat_id, before=self.before, limit=self.limit
                )
            )
        )


@dataclass(frozen=True, slots=True)
class ReadReactions(Query[tuple[Reaction, ...]]):
    """The reactions to messages that were not taken back."""

    message_ids: tuple[MessageId, ...] = field(repr=False)

    @override
    async def answer(self, place: AnswerPlace) -> tuple[Reaction, ...]:
        return await place.read(lambda reader: tuple(reader.reactions(self.message_ids)))


@dataclass(frozen=True, slots=True)
class ReadBundle(Query[bytes]):
    """Our own signed bundle, for a link."""

    @override
    async def answer(self, place: AnswerPlace) -> bytes:
        return await place.own_bundle()


@dataclass(frozen=True, slots=True)
class ListPeers(Query[tuple[PeerInfo, ...]]):
    """The connected peers of the node."""

    @override
    async def answer(self, place: AnswerPlace) -> tuple[PeerInfo, ...]:
        return place.list_peers()


@dataclass(frozen=True, slots=True)
class ReadTraffic(Query[TrafficReport]):
    """What the node carried, by peer, topic, direction and use."""

    @override
    async def answer(self, place: AnswerPlace) -> TrafficReport:
        return await place.traffic_report()


@dataclass(frozen=True, slots=True)
class ReadBudget(Query[Budget | None]):
    """How the day's budget of the node stands; None if there is none."""

    @override
    async def answer(self, place: AnswerPlace) -> Budget | None:
        return place.budget()


@dataclass(frozen=True, slots=True)
class ConnectPeer(Query[PeerInfo]):
    """Connect the node to a peer, wait until envelopes flow, and stay connected."""

    enode: str
    timeout_s: float

    @override
    async def answer(self, place: AnswerPlace) -> PeerInfo:
        return await place.connect_peer(self.enode, self.timeout_s)


@dataclass(frozen=True, slots=True)
class AwaitState(Query[Message]):
    """A message of ours once it has one of these states, or has failed."""

    message_id: MessageId = field(repr=False)
    states: tuple[MessageState, ...]
    timeout_s: float

    @override
    async def answer(self, place: AnswerPlace) -> Message:
        return await place.await_state(self.message_id, self.states, self.timeout_s)


@dataclass(frozen=True, slots=True)
class ListMailservers(Query[tuple[ServerStatus, ...]]):
    """The mailservers that are trusted, and how each of them stands."""

    @override
    async def answer(self, place: AnswerPlace) -> tuple[ServerStatus, ...]:
        return place.mail.standing()


@dataclass(frozen=True, slots=True)
class TrustMailservers(Query[tuple[ServerStatus, ...]]):
    """Trust these mailservers, the preferred one first, and no others from now on."""

    urls: tuple[str, ...] = field(repr=False)
    pinned: str | None = field(repr=False)

    @override
    async def answer(self, place: AnswerPlace) -> tuple[ServerStatus, ...]:
        return await place.mail.trust(self.urls, self.pinned)


@dataclass(frozen=True, slots=True)
class FetchHistory(Query[FetchDone]):
    """Fetch what is missing, of a chat or of all that is heard, and wait for the end."""

    chat_id: ChatId | None = field(repr=False)
    since_s: int | None
    timeout_s: float

    @override
    async def answer(self, place: AnswerPlace) -> FetchDone:
        where = None
        if self.chat_id is not None:
            chat_id = self.chat_id
            where = await place.read(lambda reader: _whereabouts(reader, chat_id))
        return await place.mail.fetch(where, self.since_s, self.timeout_s)


def _whereabouts(reader: HistoryReader, chat_id: ChatId) -> Whereabouts:
    """Return whose messages a chat has.

    Raises:
        UnknownNameError: It is not here.
    """
    chat = next((each for each in reader.list_chats() if each.id == chat_id), None)
    if chat is None:
        raise UnknownNameError("there is no such chat here; join it first")
    match chat.kind:
        case ChatKind.PUBLIC:
            return Whereabouts(public_chats=(chat_id,))
        case ChatKind.ONE_TO_ONE:
            return Whereabouts(people=(contact_key(chat_id),))
        case ChatKind.GROUP:
            groups = [each for each in reader.list_groups() if each.chat_id == chat_id]
            return Whereabouts(people=tuple(key for each in groups for key in each.members))
        case _:
            assert_never(chat.kind)


AnyQuery: TypeAlias = (
    ListChats
    | ListContacts
    | ListGroups
    | ListDevices
    | ListRecipients
    | ReadProfile
    | ReadMessage
    | FindMessages
    | ReadPage
    | SearchMessages
    | ReadReactions
    | ReadBundle
    | ListPeers
    | ReadTraffic
    | ReadBudget
    | ConnectPeer
    | AwaitState
    | ListMailservers
    | TrustMailservers
    | FetchHistory
)
