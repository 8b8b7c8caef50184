"""The messenger: a person inside an asyncio program, with a node of their own or somebody's.

async with Messenger.open("~/.local/share/sottovoce", password="...") as me:
    await me.join("lobby")
    await me.send("#lobby", "hello")
    async for event in await me.events():
        ...
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias, TypeVar

from typing_extensions import override

from sottovoce.adapters.mailserver_file import parse_all
from sottovoce.app.person import RunningPerson, start_person
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.commands import Asked, Command, JoinPublicChat
from sottovoce.chat.events import Done, MessageChanged, Refused
from sottovoce.chat.records import Message, MessageState
from sottovoce.chat.stores import HistoryReader
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import Transport
from sottovoce.mail.client_events import (
    ClientFact,
    FetchAsked,
    FetchDone,
    FetchProgress,
    ServersStanding,
)
from sottovoce.mail.settings import ClientSettings
from sottovoce.node.budget import Budget
from sottovoce.payloads.message_id import MessageId
from sottovoce.runtime.person_ports import LaneStatistics, Owner, OwnerFact
from sottovoce.sdk.answers import Answers
from sottovoce.sdk.client import Client
from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.duty_cycle import Cycle, DutyCycle, NetworkGate
from sottovoce.sdk.errors import (
    ClientClosedError,
    NotDeliveredError,
    RefusedError,
    StoreRefusedError,
)
from sottovoce.sdk.events import (
    EventSubscription,
    MessengerEvent,
    StorageTrouble,
    event_of,
    event_of_history,
    telling_of_budget,
)
from sottovoce.sdk.mail_desk import MailDesk
from sottovoce.sdk.messages import PeerInfo
from sottovoce.sdk.messenger_port import CommandResult, MessengerPort
from sottovoce.sdk.queries import AnswerT, Query
from sottovoce.sdk.ready import Network, Ready, ready_in_memory, ready_of_account
from sottovoce.sdk.state_watch import CLOSED, StateWatch
from sottovoce.sdk.subscriptions import QUEUE_MAX
from sottovoce.sdk.traffic import TrafficReport, name_topics
from sottovoce.stack.events import OwnBundle, OwnBundleAsked
from sottovoce.stack.settings import StackSettings

ReadT = TypeVar("ReadT")
# What a number of ours can be answered with.
Answer: TypeAlias = CommandResult | bytes | FetchDone
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
        self._answers: Answers[Answer] = Answers()
        self._subscriptions: list[EventSubscription] = []
        self._watch = StateWatch()
        self._mail: MailDesk | None = None
        self._cycle: Cycle | None = None
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
        mailservers: Iterable[str] | None = None,
        mail: ClientSettings | None = None,
        duty_cycle: DutyCycle | None = None,
        client: Client | None = None,
        transport: Transport = Transport.EITHER,
        metered: bool = False,
        day_bytes_max: int = 0,
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
            mailservers: Enode URLs of the mailservers that are asked for what was missed, each with
                a password or without; None for those saved in the data directory.
            mail: How history is fetched.
            duty_cycle: When to be connected, to pay for less data; None for always.
            client: A running node to use instead of one of its own; it stays open afterwards.
            transport: Which worlds a node of its own speaks.
            metered: Whether that names its topics to its peers, to pay for less data; see `Client`.
            day_bytes_max: Bytes that it may use between two midnights UTC; 0 is no limit.
            is_locked: Whether the caller holds the data directory (`DataDirectory`) already.
            serves: Whether other programs reach it; one that ends at once would only hang up.
        """
        directory = Path(data_dir).expanduser()
        wanted = None if peers is None else tuple(peers)
        trusted = None if mailservers is None else parse_all(mailservers)

        history = mail or ClientSettings()
        network = Network(
            listen, wanted, trusted, history, duty_cycle, client, transport, metered, day_bytes_max
        )
        return cls(
            lambda: ready_of_account(
                directory, account, password, network, is_locked=is_locked, serves=serves
            )
        )

    @classmethod
    def in_memory(
        cls,
        identity: PrivateKey | None = None,
        *,
        listen: str | None = "127.0.0.1:0",
        peers: Iterable[str] = (),
        mailservers: Iterable[str] = (),
        client: Client | None = None,
        is_owned: bool | None = None,
        stack: StackSettings | None = None,
        mail: ClientSettings | None = None,
        duty_cycle: DutyCycle | None = None,
        transport: Transport = Transport.EITHER,
        metered: bool = False,
        day_bytes_max: int = 0,
    ) -> Self:
        """Make a messenger that keeps nothing: for tests and throw-away bots.

        Args:
            identity: Who it is, or None for a fresh key.
            listen: Host and port on which the node accepts peers, or None for nobody.
            peers: Enode URLs of peers.
            mailservers: Enode URLs of the mailservers that are asked for what was missed.
            client: A running node to use instead of one of its own; it stays open afterwards.
            is_owned: Whether the node is started and stopped with the messenger; by default only
                one that it made itself.
            stack: Times and targets of messages; by default those of the deployed clients.
            mail: How history is fetched.
            duty_cycle: When to be connected, to pay for less data; None for always.
            transport: Which worlds a node of its own speaks.
            metered: Whether that names its topics to its peers, to pay for less data; see `Client`.
            day_bytes_max: Bytes that it may use between two midnights UTC; 0 is no limit.
        """
        wanted, trusted = tuple(peers), parse_all(mailservers)
        history = mail or ClientSettings()
        network = Network(
            listen, wanted, trusted, history, duty_cycle, client, transport, metered, day_bytes_max
        )
        return cls(ready_in_memory(identity, network, stack or StackSettings(), is_owned=is_owned))

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
            await self._desk().start()
            if self._cycle is not None:
                self._cycle.start()
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
        if self._cycle is not None:
            await self._cycle.stop()
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
        self._answers.refuse_all(ClientClosedError(CLOSED))
        self._watch.end()
        for subscription in list(self._subscriptions):
            subscription.close()

    def _start_person(self, ready: Ready) -> None:
        client = ready.client
        self._first_number = number = client.reserve_numbers()
        gate = None
        if ready.duty_cycle is not None:
            gate = NetworkGate(client, number, ready.peers)
        owner = Owner(
            wish=partial(client.wish, number) if gate is None else gate.wish,
            hear=self._hear,
            trouble=lambda reason: self._tell(StorageTrouble(reason)),
            now=client.now,
        )
        self._person = start_person(
            ready.settings, ready.opened, client.entropy, owner, first_number=number
        )
        lane = self._person.lane
        self._mail = MailDesk(
            ready.settings.identity,
            ready.mailservers,
            ready.mail_directory,
            tell=lane.tell,
            ask=self._fetch,
            unix_s=lambda: client.now().unix_whole_s,
        )
        if ready.duty_cycle is not None and gate is not None:
            self._cycle = Cycle(ready.duty_cycle, gate, tell=lane.tell, fetch=self._mail.fetch_all)
        hear = lane.fact if gate is None else gate.passing(lane.fact)
        client.attach(number, telling_of_budget(hear, self._tell))

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
        if self._cycle is not None:
            self._cycle.said(command)
        answer = await self._answer(lambda number: Asked(number, command))
        assert not isinstance(answer, bytes | FetchDone)
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

    async def _fetch(self, wish: Callable[[int], FetchAsked]) -> FetchDone:
        if self._cycle is not None:
            self._cycle.wake()
        answer = await self._answer(wish)
        assert isinstance(answer, FetchDone)
        return answer

    async def _answer(self, wish: Callable[[int], Asked | OwnBundleAsked | FetchAsked]) -> Answer:
        lane = self._running().lane
        return await self._answers.ask(lambda number: lane.ask(wish(number)))

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

    @property
    def mail(self) -> MailDesk:
        """Who asks mailservers.

        Raises:
            ClientClosedError: The messenger does not run.
        """
        self._running()
        return self._desk()

    def _desk(self) -> MailDesk:
        assert self._mail is not None, "it is made with the person"
        return self._mail

    async def traffic_report(self) -> TrafficReport:
        """Return what the node carried, with the names that we know for its topics.

        Raises:
            StorageError: The names cannot be read.
        """
        traffic, identity = self.client.traffic(), self._identity()
        names = await self.read(lambda reader: name_topics(traffic, reader, identity))
        return TrafficReport(traffic, names)

    def _identity(self) -> PrivateKey:
        assert self._ready is not None, "whoever runs was entered"
        return self._ready.settings.identity

    def budget(self) -> Budget | None:
        """Return how the day's budget of the node stands; None if there is none."""
        return self.client.traffic().budget

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
                self._answers.answer(request, result)
            case OwnBundle(request, bundle):
                self._answers.answer(request, bundle)
            case Refused(request, reason, by_store):
                kind = StoreRefusedError if by_store else RefusedError
                self._answers.refuse(request, kind(reason))
            case FetchProgress() | FetchDone() | ServersStanding():
                self._hear_of_mail(fact)
            case _:
                if isinstance(fact, MessageChanged):
                    self._watch.note(fact.message)
                self._tell(event_of(fact))

    def _hear_of_mail(self, fact: ClientFact) -> None:
        self._desk().hear(fact)
        if isinstance(fact, FetchDone) and fact.request is not None:
            self._answers.answer(fact.request, fact)
        self._tell(event_of_history(fact))

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
