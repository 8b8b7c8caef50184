"""Two persons back to back: their lanes and databases, and nothing of a network between them.

What one posts the other's filters have opened at once: no envelope is sealed or mined, no socket is
written. What remains is what storing and secrecy cost: chats, data sync, sessions, signatures, rows
and commits, as `runtime.PersonLane` does them.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from bench.errors import BenchmarkError
from bench.people import PASSWORD, TEXT, Counting, become_acquainted
from sottovoce.adapters.sqlite.database import DatabaseSettings
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore, open_person_store
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.chat.commands import AddContact, Asked, OpenOneToOne, SendMessage
from sottovoce.chat.events import Done, MessageAdded, MessageChanged, Refused
from sottovoce.chat.records import ChatId, MessageState
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.node import effects, inputs
from sottovoce.node.person import Person
from sottovoce.payloads.contact_id import contact_id
from sottovoce.runtime.person_lane import PersonLane
from sottovoce.runtime.person_ports import NodeWish, Owner, OwnerFact
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.secure.facts import Secrecy


class LanePerson(Counting):
    """One of the two.

    Attributes:
        lane: Their lane.
        key: Their public key.
        other: The other one, once both are made.
    """

    def __init__(self, store: SqlitePersonStore, device: str) -> None:
        super().__init__()
        identity = secp256k1.generate_private_key(SystemEntropy())
        self.key: Final = secp256k1.public_key(identity)
        self.other: LanePerson = self
        self._filters: dict[int, Filter] = {}
        self._requests = 0
        self._answers: dict[int, asyncio.Future[None]] = {}

        def make(now: Moment, *, installed: Mapping[int, Filter], first_number: int) -> Person:
            return Person(
                identity,
                device,
                store,
                SystemEntropy(),
                now,
                installed=installed,
                first_number=first_number,
            )

        owner = Owner(wish=self._wish, hear=self._hear, trouble=lambda _: None, now=read_clock)
        self.lane: Final = PersonLane(store, make, owner)

    @property
    @override
    def commits(self) -> int:
        return self.lane.statistics.commits

    @override
    async def say(self) -> None:
        # It is stored when this returns.
        await self._ask(SendMessage(ChatId(contact_id(self.other.key)), TEXT))

    async def meet(self, other: "LanePerson") -> None:
        """Begin, and have somebody to talk to."""
        self.other = other
        self.lane.start()
        self.lane.fact(effects.PeerConnected(other.key, "", "", inbound=False))
        await self._ask(AddContact(other.key))
        await self._ask(OpenOneToOne(other.key))

    async def _ask(self, command: AddContact | OpenOneToOne | SendMessage) -> None:
        self._requests += 1
        answer = self._answers[self._requests] = asyncio.get_running_loop().create_future()
        self.lane.ask(Asked(self._requests, command))
        await answer

    def _hear(self, fact: OwnerFact) -> None:
        match fact:
            case Done(request):
                self._answers.pop(request).set_result(None)
            case Refused(request, reason):
                self._answers.pop(request).set_exception(BenchmarkError(reason))
            case MessageAdded(message) if not message.own:
                self.note(heard=1, has_session=message.secrecy is Secrecy.RATCHET)
            case MessageChanged(message) if message.state is MessageState.ACKNOWLEDGED:
                self.note(acknowledged=1)
            case _:
                pass

    def _wish(self, wish: NodeWish) -> None:
        match wish:
            case inputs.InstallFilter(number, wanted):
                self._filters[number] = wanted
            case inputs.RemoveFilter(number):
                del self._filters[number]
            case inputs.PostMessage(request):
                name = EnvelopeHash(keccak256(wish.payload))
                self.lane.fact(effects.PostSucceeded(request, name, len(wish.payload), 1, 1.0))
                self.lane.fact(effects.SentToPeer(self.other.key, (name,)))
                self.other.arrives(wish, name)
            case _:
                pass  # Nobody here trusts a mailserver.

    def arrives(self, post: inputs.PostMessage, name: EnvelopeHash) -> None:
        """Have an envelope of the other one opened, if a filter wants it."""
        numbers = tuple(
            number for number, each in self._filters.items() if post.route.topic in each.topics
        )
        message = OpenedMessage(
            payload=post.payload,
            padding=b"",
            transport_sender=self.other.key,
            recipient=None,
            topic=post.route.topic,
            ttl_s=post.ttl_s,
            sent_unix_s=read_clock().unix_whole_s,
            pow=1.0,
            hash=name,
        )
        if numbers:
            self.lane.fact(effects.MessageArrived(numbers, message, direct=False))


@asynccontextmanager
async def two_lanes(place: Path, vfs: str = "") -> AsyncIterator[tuple[LanePerson, LanePerson]]:
    """Give two persons who know each other and have talked, so that their session turns.

    Args:
        place: Where a folder for their databases is made.
        vfs: SQLite's name of the file system to use; empty for its own.
    """
    settings = DatabaseSettings(vfs=vfs)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        async with AsyncExitStack() as stack:
            people = []
            for name in ("anna", "bruno"):
                path = Path(folder, name)
                store = open_person_store(path, PASSWORD, create=True, settings=settings)
                people.append(LanePerson(store, f"the only device of {name}"))
                stack.push_async_callback(people[-1].lane.stop)
            anna, bruno = people
            await anna.meet(bruno)
            await bruno.meet(anna)
            await become_acquainted((anna, bruno))
            yield anna, bruno
