"""Members of a group back to back: persons with lanes and databases, and no network between them.

What one posts is opened at once by whoever has a filter for its topic. Databases are in memory, but
for that of the one who speaks: a hundred of them on one disk would measure the disk.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

from bench.errors import BenchmarkError
from bench.people import PASSWORD, TEXT, TIMEOUT_S
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.commands import Asked, Command, SendMessage
from sottovoce.chat.events import (
    CommandResult,
    Done,
    MessageAdded,
    MessageChanged,
    Refused,
)
from sottovoce.chat.records import Chat, ChatId, ChatKind, Message, MessageState
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.node import effects, inputs
from sottovoce.node.person import Person
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent, sign_event
from sottovoce.runtime.person_lane import PersonLane
from sottovoce.runtime.person_ports import NodeWish, Owner, OwnerFact
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy

# The first message to somebody opens a session, their answer turns it.
_UNTIL_SESSIONS: Final = 3

ResultT = TypeVar("ResultT", bound=CommandResult)


class Room:
    """Where members are.

    Attributes:
        members: Everybody, the one who speaks first.
        envelopes: How many were posted.
        group: The group.
    """

    def __init__(self) -> None:
        self.members: Final[list[Member]] = []
        self.envelopes = 0
        self.group = ChatId("")
        self._changed = asyncio.Event()

    async def say(self) -> None:
        """Let the first member say 400 bytes, and wait until they know that all others have it.

        Raises:
            BenchmarkError: It did not reach everybody.
        """
        speaker, *others = self.members
        before = speaker.acknowledged, [member.heard for member in others]
        await speaker.ask(SendMessage(self.group, TEXT), Message)
        await self._until(lambda: speaker.acknowledged > before[0])
        if [member.heard - 1 for member in others] != before[1]:
            raise BenchmarkError("a message in a group was acknowledged and is not there")

    def post(self, wish: inputs.PostMessage, sender: "Member") -> None:
        """Have everybody open an envelope who has a filter for its topic."""
        self.envelopes += 1
        name = EnvelopeHash(keccak256(wish.payload))
        sender.lane.fact(effects.PostSucceeded(wish.request, name, len(wish.payload), 1, 1.0))
        sender.lane.fact(effects.SentToPeer(sender.key, (name,)))
        message = OpenedMessage(
            payload=wish.payload,
            padding=b"",
            transport_sender=sender.key,
            recipient=None,
            topic=wish.route.topic,
            ttl_s=wish.ttl_s,
            sent_unix_s=read_clock().unix_whole_s,
            pow=1.0,
            hash=name,
        )
        for member in self.members:
            if member is not sender:
                member.arrives(message)

    def note(self) -> None:
        """Look again whether what is waited for has come."""
        self._changed.set()

    async def _until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchmarkError("something did not arrive in a group") from None


class Member:
    """Somebody in the group.

    Attributes:
        lane: Their lane.
        key: Who they are.
        heard: How many messages they have of others.
        acknowledged: How many messages of theirs everybody has.
    """

    def __init__(self, room: Room, store: SqlitePersonStore, identity: PrivateKey) -> None:
        self.key: Final = secp256k1.public_key(identity)
        self.heard = self.acknowledged = 0
        self._room: Final = room
        self._filters: Final[dict[int, Filter]] = {}
        self._answers: Final[dict[int, asyncio.Future[CommandResult]]] = {}

        def make(now: Moment, *, installed: Mapping[int, Filter], first_number: int) -> Person:
            return Person(
                identity,
                "the only device",
                store,
                SystemEntropy(),
                now,
                installed=installed,
                first_number=first_number,
            )

        owner = Owner(wish=self._wish, hear=self._hear, trouble=lambda _: None, now=read_clock)
        self.lane: Final = PersonLane(store, make, owner)
        self.lane.start()
        self.lane.fact(effects.PeerConnected(self.key, "", "", inbound=False))

    async def ask(self, command: Command, kind: type[ResultT]) -> ResultT:
        """Carry out a command; what it did is stored when this returns."""
        request = len(self._answers) + 1
        answer = self._answers[request] = asyncio.get_running_loop().create_future()
        self.lane.ask(Asked(request, command))
        result = await answer
        assert isinstance(result, kind)
        return result

    def arrives(self, message: OpenedMessage) -> None:
        """Open an envelope, if a filter wants it."""
        numbers = tuple(
            number for number, each in self._filters.items() if message.topic in each.topics
        )
        if numbers:
            self.lane.fact(effects.MessageArrived(numbers, message, direct=False))

    def _wish(self, wish: NodeWish) -> None:
        match wish:
            case inputs.InstallFilter(number, wanted):
                self._filters[number] = wanted
            case inputs.RemoveFilter(number):
                del self._filters[number]
            case inputs.PostMessage():
                self._room.post(wish, self)
            case _:
                pass  # Nobody here trusts a mailserver.

    def _hear(self, fact: OwnerFact) -> None:
        match fact:
            case Done(request, result):
                self._answers[request].set_result(result)
            case Refused(request, reason):
                self._answers[request].set_exception(BenchmarkError(reason))
            case MessageAdded(message) if not message.own:
                self.heard += 1
            case MessageChanged(message) if message.state is MessageState.ACKNOWLEDGED:
                self.acknowledged += 1
            case _:
                return
        self._room.note()


@asynccontextmanager
async def group_of(count: int, place: Path) -> AsyncIterator[Room]:
    """Give a group of so many members who all joined, and have sessions with the first one.

    Everybody's database holds the group's history from the start: to tell each other that one has
    joined takes as many messages as there are pairs.

    Args:
        count: How many.
        place: Where a folder for the first one's database is made.
    """
    room = Room()
    identities = [secp256k1.generate_private_key(SystemEntropy()) for _ in range(count)]
    history = _history(identities)
    room.group = ChatId(history[0].chat_id)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        async with AsyncExitStack() as stack:
            for number, identity in enumerate(identities):
                store = MemoryPersonStore() if number else _stored(Path(folder, "speaker"))
                _remember(store, history)
                room.members.append(Member(room, store, identity))
                stack.push_async_callback(room.members[-1].lane.stop)
            for _ in range(_UNTIL_SESSIONS):
                await room.say()
            yield room


def _stored(file: Path) -> SqlitePersonStore:
    return open_person_store(file, PASSWORD, create=True)


def _history(identities: Sequence[PrivateKey]) -> list[SignedEvent]:
    """Return how the first of these made a group of all, and the others joined it."""
    creator, *others = identities
    chat_id = group_chat_id(str(uuid4()), secp256k1.public_key(creator))
    clock = read_clock().unix_whole_s * 1000 - len(identities) - 1
    invited = tuple(contact_id(secp256k1.public_key(each)) for each in others)
    said = [
        (creator, MembershipEvent(clock, name="bench", type=EventType.CHAT_CREATED)),
        (creator, MembershipEvent(clock + 1, members=invited, type=EventType.MEMBERS_ADDED)),
    ]
    said += [
        (who, MembershipEvent(clock + number, type=EventType.MEMBER_JOINED))
        for number, who in enumerate(others, 2)
    ]
    return [sign_event(event, chat_id=chat_id, author_key=who) for who, event in said]


def _remember(store: SqlitePersonStore, history: Sequence[SignedEvent]) -> None:
    store.begin()
    for signed in history:
        store.chat.add_group_event(signed)
    chat = Chat(ChatId(history[0].chat_id), ChatKind.GROUP, name="bench")
    store.chat.save_chat(replace(chat, last_clock=history[-1].event.clock))
    store.commit()
