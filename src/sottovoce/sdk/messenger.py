"""The messenger: a person inside an asyncio program, with a node of their own or somebody's.

async with Messenger.open("~/.local/share/sottovoce", password="...") as me:
    await me.join("lobby")
    await me.send("#lobby", "hello")
    async for event in await me.events():
        ...
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from typing_extensions import override

from sottovoce.app.person import (
    PersonSettings,
    RunningPerson,
    open_store,
    start_person,
)
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.commands import Asked, Command, JoinPublicChat
from sottovoce.chat.events import Done, MessageChanged, Refused
from sottovoce.chat.records import Message, MessageState
from sottovoce.chat.stores import HistoryReader
from sottovoce.crypto import secp256k1
from sottovoce.payloads.message_id import MessageId
from sottovoce.runtime.person_ports import LaneStatistics, Owner, OwnerFact
from sottovoce.sdk.client import Client
from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.errors import (
    ClientClosedError,
    NotDeliveredError,
    RefusedError,
    StoreRefusedError,
)
from sottovoce.sdk.events import EventSubscription, MessengerEvent, StorageTrouble, event_of
from sottovoce.sdk.messages import PeerInfo
from sottovoce.sdk.messenger_port import CommandResult, MessengerPort
from sottovoce.sdk.queries import AnswerT, Query
from sottovoce.sdk.ready import Ready, hold
from sottovoce.sdk.state_watch import CLOSED, StateWatch
from sottovoce.sdk.subscriptions import QUEUE_MAX
from sottovoce.stack.events import OwnBundle, OwnBundleAsked
from sottovoce.stack.settings import StackSettings

ReadT = TypeVar("ReadT")

# What a person in memory is called among its devices: it has no others.
_INSTALLATION_BYTES: Final = 16
NOT_RUNNING: Final = "the messenger is not running; use it inside 'async with'"


class Messenger(MessengerPort):
    """A person who holds their account in this process; `open` or `in_memory` makes it.

    Args:
        prepare: Does what takes long, when the messenger is entered.
    """

    def __init__(self, prepare: Callable[[], Awaitable[Ready]]) -> None:
        self._prepare = prepare
        self._ready: Ready | None = None
        self._person: RunningPerson | None = None
        self._first_number = 0
        self._control: ControlServer | None = None
        self._public_key: PublicKey | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[CommandResult | bytes]] = {}
        self._subscriptions: list[EventSubscription] = []
        self._watch = StateWatch()
        self._closing: asyncio.Task[None] | None = None
        self._takes_wishes = True  # until what other programs had begun is done

    @classmethod
    def open(
        cls,
        data_dir: str | Path,
        *,
        password: str,
        account: str | None = None,
        listen: str | None = None,
        peers: Iterable[str] | None = None,
        client: Client | None = None,
        is_locked: bool = False,
        serves: bool = True,
    ) -> Self:
        """Make the messenger of an account on disk; ``async with`` unlocks and starts it.

        While it runs it holds the lock of the data directory and serves ``control.sock`` there,
        through which other programs of the same user reach it (`ControlClient`).

        Args:
            data_dir: The directory with the account.
            password: Its password.
            account: Which account: its name, the beginning of its key uid or address, or its chat
                key; None for the only one.
            listen: Host and port on which the node accepts peers, or None for nobody.
            peers: Enode URLs of peers; None for those saved in the data directory.
            client: A running node to use instead of one of its own; it stays open afterwards.
            is_locked: Whether the caller holds the data directory (`DataDirectory`) already.
            serves: Whether other programs reach it; one that ends at once would only hang up.
        """
        directory = Path(data_dir).expanduser()
        wanted = None if peers is None else tuple(peers)

        async def prepare() -> Ready:
            held = await hold(directory, account, password, is_locked=is_locked)
            try:
                node, owned = client, client is None
                if node is None:
                    node_key = held.node_key if listen is not None else None
                    node = Client(listen=listen, node_key=node_key)
                saved = held.peers if wanted is None else ()
                return Ready(
                    held.settings,
                    held.opened,
                    node,
                    owned=owned,
                    peers=[(peer, False) for peer in wanted or ()]
                    + [(str(peer.enode), peer.trusted) for peer in saved],
                    let_go=held.let_go,
                    directory=directory if serves else None,
                )
            except BaseException:
                held.close()
                raise

        return cls(prepare)

    @classmethod
    def in_memory(
        cls,
        identity: PrivateKey | None = None,
        *,
        listen: str | None = "127.0.0.1:0",
        peers: Iterable[str] = (),
        client: Client | None = None,
        is_owned: bool | None = None,
        stack: StackSettings | None = None,
    ) -> Self:
        """Make a messenger that keeps nothing: for tests and throw-away bots.

        Args:
            identity: Who it is, or None for a fresh key.
            listen: Host and port on which the node accepts peers, or None for nobody.
            peers: Enode URLs of peers.
            client: A running node to use instead of one of its own; it stays open afterwards.
            is_owned: Whether the node is started and stopped with the messenger; by default only
                one that it made itself.
            stack: Times and targets of messages; by default those of the deployed clients.
        """
        owned = client is None if is_owned is None else is_owned
        node = client or Client(listen=listen)
        key = identity or secp256k1.generate_private_key(node.entropy)
        settings = PersonSettings(
            key, node.entropy.take(_INSTALLATION_BYTES).hex(), stack=stack or StackSettings()
        )
        wanted = [(peer, False) for peer in peers]

        async def prepare() -> Ready:
            return Ready(
                settings, open_store(settings, node.entropy), node, owned=owned, peers=wanted
            )

        return cls(prepare)

    # ---- life

    async def __aenter__(self) -> Self:
        """Unlock the account, start the node and the person.

        Raises:
            SottovoceError: The account is not there or not ours to open, the password is wrong, or
                the port cannot be bound.
            ClientClosedError: It was entered before.
        """
        if self._ready is not None or self._closing is not None:
            raise ClientClosedError("a messenger is entered once; make a new one")
        self._ready = ready = await self._prepare()
        try:
            self._public_key = secp256k1.public_key(ready.settings.identity)
            await ready.start_node()
            self._start_person(ready)
            if ready.directory is not None:
                self._control = ControlServer(self, ready.directory)
                await self._control.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Store what is waiting, say goodbye, let go of everything; harmless when repeated."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            if self._control is not None:
                await self._control.stop()
        finally:
            self._takes_wishes = False
            await self._let_go()

    async def _let_go(self) -> None:
        if self._ready is None:
            return
        try:
            if self._person is not None:
                await self._person.stop()
                self._ready.client.detach(self._first_number)
            else:
                self._ready.opened.close()
            self._end_waiting()
            if self._ready.owned:
                await self._ready.client.close()
        finally:
            self._ready.let_go()

    def _end_waiting(self) -> None:
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(ClientClosedError(CLOSED))
        self._watch.end()
        for subscription in list(self._subscriptions):
            subscription.close()

    def _start_person(self, ready: Ready) -> None:
        owner = Owner(
            wish=ready.client.command,
            hear=self._hear,
            trouble=lambda reason: self._tell(StorageTrouble(reason)),
            now=ready.client.now,
        )
        self._first_number = ready.client.reserve_numbers()
        self._person = start_person(
            ready.settings,
            ready.opened,
            ready.client.entropy,
            owner,
            first_number=self._first_number,
        )
        ready.client.attach(self._first_number, self._person.lane.fact)

    # ---- what it has

    @property
    def client(self) -> Client:
        """The node under it: peers, statistics, channels, raw Whisper.

        Raises:
            ClientClosedError: The messenger was not entered.
        """
        if self._ready is None:
            raise ClientClosedError(NOT_RUNNING)
        return self._ready.client

    @property
    def enode(self) -> str | None:
        """The URL under which peers can connect to the node; None if it does not listen."""
        return self.client.enode

    @property
    @override
    def public_key(self) -> PublicKey:
        """Who we are.

        Raises:
            ClientClosedError: The messenger was not entered.
        """
        if self._public_key is None:
            raise ClientClosedError(NOT_RUNNING)
        return self._public_key

    @property
    def storage_trouble(self) -> str:
        """What is wrong with the store now, one sentence; empty if nothing is."""
        return self._running().lane.trouble

    def lane_statistics(self) -> LaneStatistics:
        """Return the live counters of storing."""
        return self._running().lane.statistics

    # ---- asking

    @override
    async def ask(self, command: Command) -> CommandResult:
        lane = self._running().lane
        answer = await self._answer(lambda number: Asked(number, command))
        assert not isinstance(answer, bytes)
        if isinstance(command, JoinPublicChat):
            # Its key takes a moment; whoever joined expects to hear what is said from now on.
            await lane.names_heard()
        return answer

    async def own_bundle(self) -> bytes:
        """Return our signed bundle, as a link carries it.

        Raises:
            RefusedError: The store is in trouble.
        """
        answer = await self._answer(OwnBundleAsked)
        assert isinstance(answer, bytes)
        return answer

    async def _answer(self, wish: Callable[[int], Asked | OwnBundleAsked]) -> CommandResult | bytes:
        lane = self._running().lane
        number = next(self._numbers)
        waiting: asyncio.Future[CommandResult | bytes] = asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        try:
            lane.ask(wish(number))
            return await waiting
        finally:
            del self._answers[number]

    @override
    async def query(self, query: Query[AnswerT]) -> AnswerT:
        self._running()
        return await query.answer(self)

    @override
    async def events(self, *, queue_max: int = QUEUE_MAX) -> EventSubscription:
        self._running()
        subscription = EventSubscription(
            queue_max=queue_max, on_close=lambda: self._subscriptions.remove(subscription)
        )
        self._subscriptions.append(subscription)
        return subscription

    # ---- where answers of queries come from

    async def read(self, how: Callable[[HistoryReader], ReadT]) -> ReadT:
        """Read what was committed, off the loop.

        Raises:
            StorageError: It cannot be read.
        """
        return await self._running().read(how)

    def list_peers(self) -> tuple[PeerInfo, ...]:
        """Return the connected peers of the node."""
        return self.client.peers

    async def connect_peer(self, enode: str, timeout_s: float) -> PeerInfo:
        """Connect the node to a peer and stay connected.

        Raises:
            ConnectError: It was not reached in time.
        """
        return await self.client.connect(enode, timeout_s=timeout_s)

    async def await_state(
        self, message_id: MessageId, states: tuple[MessageState, ...], timeout_s: float
    ) -> Message:
        """Wait until a message of ours has one of these states.

        Raises:
            NotDeliveredError: It failed, or did not come so far in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._watch.until(message_id, states, self.read)
        except TimeoutError:
            raise NotDeliveredError(
                f"the message did not come so far within {timeout_s:g} s; it is sent again by "
                "itself until it arrives"
            ) from None

    # ---- hearing

    def _hear(self, fact: OwnerFact) -> None:
        match fact:
            case Done(request, result):
                self._answered(request, result)
            case OwnBundle(request, bundle):
                self._answered(request, bundle)
            case Refused(request, reason, by_store):
                waiting = self._answers.get(request)
                if waiting is not None and not waiting.done():
                    kind = StoreRefusedError if by_store else RefusedError
                    waiting.set_exception(kind(reason))
            case _:
                if isinstance(fact, MessageChanged):
                    self._watch.note(fact.message)
                self._tell(event_of(fact))

    def _answered(self, request: int, result: CommandResult | bytes) -> None:
        waiting = self._answers.get(request)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)

    def _tell(self, event: MessengerEvent) -> None:
        for subscription in self._subscriptions:
            subscription.put(event)

    def _running(self) -> RunningPerson:
        """Return the person.

        Raises:
            ClientClosedError: It does not run.
        """
        if self._person is None or not self._takes_wishes:
            raise ClientClosedError(NOT_RUNNING)
        return self._person
