"""The client: a node of one's own inside an asyncio program.

async with Client(peers=["enode://..."]) as client:
    channel = client.channel("status")
    await channel.send_text("hello")
    async with await channel.subscribe() as messages:
        async for message in messages:
            print(message.text)
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar, assert_never

from sottovoce.app.application import Application, ApplicationSettings
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.mail.archive import Archive
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import effects, inputs
from sottovoce.node.budget import Budget
from sottovoce.node.person import PERSON_NUMBERS, PERSON_NUMBERS_FROM
from sottovoce.node.settings import NodeSettings
from sottovoce.node.traffic import NodeTraffic
from sottovoce.sdk.application_port import ApplicationPort
from sottovoce.sdk.channel import Channel
from sottovoce.sdk.counters import read_counters
from sottovoce.sdk.errors import ClientClosedError, ConnectError
from sottovoce.sdk.history_requests import ArchiveFilled, HistoryPage, HistoryRequests
from sottovoce.sdk.host_port import parse_host_port
from sottovoce.sdk.messages import (
    PeerEvent,
    PeerInfo,
    SentMessage,
    Statistics,
)
from sottovoce.sdk.peer_links import OWNER, PeerLinks
from sottovoce.sdk.peer_waiters import PeerWaiters
from sottovoce.sdk.posts import Posts
from sottovoce.sdk.subscriptions import QUEUE_MAX, Subscription
from sottovoce.sdk.whisper import Whisper
from sottovoce.stack.routes import key_of_name

CONNECT_TIMEOUT_S: Final = 15.0

EventT = TypeVar("EventT")
Deliver = Callable[[OpenedMessage], None]


class Client:
    """A node, its identity, its channels.

    Args:
        listen: Host and port to accept peers on, as ``host:port`` (port 0: the system chooses),
            or None to accept nobody.
        peers: Enode URLs to connect to and stay connected to.
        identity: Private key that signs messages, or None for a fresh one.
        node_key: Private key of the node, or None for a fresh one.
        transport: Which worlds it speaks with its peers. By default Waku with those that speak it,
            and Whisper with the others.
        metered: Whether it names its topics to its peers, to receive next to nothing else: for
            whoever pays for data. By default it tells them a filter in which they are blurred.
            docs/guide/transport.md says what either tells of its owner.
        day_bytes_max: Bytes that it may use from midnight to midnight UTC; 0 is no limit.
        data_dir: Where that use is remembered; held by the caller. None to forget it.
        gossip: Limits on envelopes, in place of `transport` and `metered`. With the default
            `GossipSettings()` it is a full node, which wants and relays everything in both worlds;
            so is a mailserver.
        mail: Keys and bounds of the mailserver that it is, or None if it is none.
        archive: What a mailserver keeps envelopes in, or what opens it; closed with the client.
        settings: Everything at once, instead of what comes before, but for `peers`, `identity`.
        build: Makes the application under the client; a network in memory gives its own.

    Raises:
        LocalProtocolError: `listen` or an enode is not what it should be, or there is only one of
            `mail` and `archive`.
    """

    def __init__(
        self,
        *,
        listen: str | None = "127.0.0.1:0",
        peers: Iterable[str] = (),
        identity: PrivateKey | None = None,
        node_key: PrivateKey | None = None,
        transport: Transport = Transport.EITHER,
        metered: bool = False,
        day_bytes_max: int = 0,
        data_dir: Path | None = None,
        gossip: GossipSettings | None = None,
        mail: ServerSettings | None = None,
        archive: Archive | Callable[[], Archive] | None = None,
        settings: ApplicationSettings | None = None,
        build: Callable[
            [ApplicationSettings, Callable[[effects.Fact], None]], ApplicationPort
        ] = Application,
    ) -> None:
        if settings is None:
            if gossip is None:
                interest = Interest.TOPICS if metered else Interest.BLOOM
                own = GossipSettings(transport=transport, interest=interest)
                gossip = own if mail is None else GossipSettings()
            settings = ApplicationSettings(
                listen=None if listen is None else parse_host_port(listen),
                node_key=node_key,
                node=NodeSettings(day_bytes_max=day_bytes_max),
                data_dir=data_dir,
                gossip=gossip,
                mail=mail,
                archive=archive,
            )
        self._application = build(settings, self._on_fact)
        self._identity = identity or secp256k1.generate_private_key(self._application.entropy)
        self.public_key: PublicKey = secp256k1.public_key(self._identity)
        self._wanted_peers = [parse_enode(text) for text in peers]
        self._links = PeerLinks(self.command)
        self._peers: dict[PublicKey, PeerInfo] = {}
        self._waiters = PeerWaiters()
        self._peer_events: list[Subscription[PeerEvent]] = []
        self._deliver: dict[int, Deliver] = {}
        self._closers: dict[int, Callable[[], None]] = {}
        self._budget_events: list[Subscription[Budget]] = []
        self._last_budget: Budget | None = None
        self._posts = Posts(lambda: len(self._peers))
        self._numbers = itertools.count(1)
        self._ranges = itertools.count(PERSON_NUMBERS_FROM, PERSON_NUMBERS)
        self._owners: dict[int, Callable[[effects.Fact], None]] = {}
        self._channels: dict[str, Channel] = {}
        self._channel_keys: dict[str, SymmetricKey] = {}
        self._entered = False
        self._closing: asyncio.Task[None] | None = None
        self._history = HistoryRequests(self.command)
        self.whisper = Whisper(self, interest=settings.gossip.interest)

    # ---- life

    async def __aenter__(self) -> Self:
        if self._entered:
            raise ClientClosedError("a client is entered once; make a new one")
        self._entered = True
        await self._application.start()
        try:
            for enode in self._wanted_peers:
                self._links.add(OWNER, enode)
        except LocalProtocolError:
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
        """Disconnect, end every subscription and stop; harmless when repeated."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        # Whoever gives up waiting does not stop the closing.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for close in list(self._closers.values()):
            close()
        try:
            await self._application.stop()
        finally:
            for peer_reader in list(self._peer_events):
                peer_reader.close()
            for budget_reader in list(self._budget_events):
                budget_reader.close()
            closed = ClientClosedError("the client was closed")
            self._posts.give_up_all(closed)
            self._waiters.give_up_all(closed)
            self._history.close()

    # ---- peers

    @property
    def enode(self) -> str | None:
        """The URL under which peers can connect to us; None if we do not listen."""
        enode = self._application.enode
        return None if enode is None else str(enode)

    @property
    def peers(self) -> tuple[PeerInfo, ...]:
        """The connected peers."""
        return tuple(self._peers.values())

    async def connect(
        self, enode: str, *, trusted: bool = False, timeout_s: float = CONNECT_TIMEOUT_S
    ) -> PeerInfo:
        """Connect to a peer, wait until envelopes flow, and stay connected.

        Args:
            enode: The peer's enode URL.
            trusted: Whether direct messages are taken from it.
            timeout_s: How long to wait, seconds. The attempts go on in the background after that.

        Returns:
            What is known of the peer.

        Raises:
            LocalProtocolError: The enode is not valid.
            ConnectError: The peer was not reached, or refused us, within `timeout_s`.
            ClientClosedError: The client is not running, or was closed meanwhile.
        """
        wanted = parse_enode(enode)
        self._links.add(OWNER, wanted, trusted=trusted)
        return await self._wait_for_peer(wanted.public_key, timeout_s)

    def add_peer(self, enode: str, *, trusted: bool = False) -> None:
        """Connect to a peer in the background and stay connected.

        Raises:
            LocalProtocolError: The enode is not valid.
            ClientClosedError: The client is not running.
        """
        self._links.add(OWNER, parse_enode(enode), trusted=trusted)

    async def _wait_for_peer(self, key: PublicKey, timeout_s: float) -> PeerInfo:
        known = self._peers.get(key)
        return known or await self._waiters.wait(key, timeout_s)

    def disconnect(self, enode: str) -> None:
        """Disconnect a peer and stop redialling it, unless a person needs it as a mailserver.

        Raises:
            LocalProtocolError: The enode is not valid.
        """
        key = parse_enode(enode).public_key
        self._links.remove(OWNER, key)
        self._waiters.give_up(key, ConnectError("the peer was disconnected by its owner's wish"))

    def peer_events(self, *, queue_max: int = QUEUE_MAX) -> Subscription[PeerEvent]:
        """Return an async iterator over peers that connect, leave or cannot be reached.

        Raises:
            ClientClosedError: The client was closed.
        """
        return self._subscribe(self._peer_events, queue_max)

    def _subscribe(self, readers: list[Subscription[EventT]], size: int) -> Subscription[EventT]:
        if self._closing is not None:
            raise ClientClosedError("the client was closed; make a new one")
        subscription: Subscription[EventT] = Subscription(
            queue_max=size, on_close=lambda: readers.remove(subscription)
        )
        readers.append(subscription)
        return subscription

    # ---- mail

    async def ask_history(
        self, server: Mailserver, wanted: HistoryRequest, *, timeout_s: float = CONNECT_TIMEOUT_S
    ) -> HistoryPage:
        """Ask a mailserver for one page of history; it is connected first if it is not.

        What comes goes to the filters that allow direct messages.

        Raises:
            ConnectError: The mailserver was not connected within `timeout_s`.
            NoAnswerError: Its answer was not complete within `timeout_s` after that.
            LocalProtocolError: The mailserver cannot be dialled.
            ClientClosedError: The client is not running, or was closed meanwhile.
        """
        key = server.enode.public_key
        if key not in self._peers:
            self._links.add(OWNER, server.enode)
            await self._wait_for_peer(key, timeout_s)
        return await self._history.page(next(self._numbers), server, wanted, timeout_s)

    async def fill_from(
        self, enode: str, from_unix_s: int, *, connect_timeout_s: float = CONNECT_TIMEOUT_S
    ) -> ArchiveFilled:
        """Fill our archive from another mailserver's, who is trusted with what it sends.

        Raises:
            ConnectError: The mailserver was not connected within `connect_timeout_s`.
            LocalProtocolError: The enode is not valid, or this node is no mailserver.
            ClientClosedError: The client is not running, or was closed meanwhile.
        """
        peer = await self.connect(enode, trusted=True, timeout_s=connect_timeout_s)
        return await self._history.fill(peer.public_key, from_unix_s)

    def mail_statistics(self) -> MailStatistics | None:
        """Return the mailserver's live counters; None if the node is none or has not begun."""
        return self._application.mail_statistics()

    def readiness(self) -> tuple[str, ...]:
        """Return what keeps the node from its work, a sentence each; empty if it is ready."""
        return self._application.readiness()

    # ---- channels

    def channel(self, name: str) -> Channel:
        """Return the public channel of this name.

        Raises:
            LocalProtocolError: The name is empty or too long.
        """
        if name not in self._channels:
            self._channels[name] = Channel(self, name)
        return self._channels[name]

    def statistics(self) -> Statistics:
        """Return the counters of this moment."""
        unreadable_count = sum(channel.unreadable_count for channel in self._channels.values())
        return read_counters(
            self._application, peer_count=len(self._peers), unreadable_count=unreadable_count
        )

    def traffic(self) -> NodeTraffic:
        """Return what was carried so far, by peer, topic, direction and use."""
        return self._application.node_traffic()

    def budget_events(self, *, queue_max: int = QUEUE_MAX) -> Subscription[Budget]:
        """Return an async iterator over how the day's budget stands; the last news come first.

        Raises:
            ClientClosedError: The client was closed.
        """
        subscription = self._subscribe(self._budget_events, queue_max)
        if self._last_budget is not None:
            subscription.put(self._last_budget)
        return subscription

    # ---- for the channel and Whisper lanes

    @property
    def entropy(self) -> Entropy:
        """Where fresh keys come from."""
        return self._application.entropy

    def now(self) -> Moment:
        """Read the clocks of the node."""
        return self._application.now()

    def reserve_numbers(self) -> int:
        """Return the first number of a fresh range, for wishes and filters of a person."""
        return next(self._ranges)

    def attach(self, first_number: int, on_fact: Callable[[effects.Fact], None]) -> None:
        """Tell a person the node's facts from now on, the connected peers and the budget first."""
        self._owners[first_number] = on_fact
        if self._last_budget is not None:
            on_fact(effects.BudgetChanged(self._last_budget))
        for peer in self.peers:
            on_fact(
                effects.PeerConnected(
                    peer.public_key, peer.client_id, peer.address, peer.inbound, peer.protocols
                )
            )

    def detach(self, first_number: int) -> None:
        """Tell a person nothing any more; let go of its peers and filters; harmless twice."""
        self._owners.pop(first_number, None)
        if self._application.running:
            self._links.remove_all(first_number)

    def wish(self, first_number: int, wish: inputs.Input) -> None:
        """Do what a person wants of the node; see `PeerLinks.wish`."""
        self._links.wish(first_number, wish)

    @property
    def identity(self) -> PrivateKey:
        """The private key that signs our messages."""
        return self._identity

    async def channel_key(self, name: str) -> SymmetricKey:
        """Return the key of a channel, derived on a thread at the first call."""
        if name not in self._channel_keys:
            self._channel_keys[name] = await asyncio.to_thread(key_of_name, name)
        return self._channel_keys[name]

    def install_filter(
        self, wanted: Filter, deliver: Deliver, close: Callable[[], None]
    ) -> Callable[[], None]:
        """Deliver what a filter opens; returns the function that removes the filter."""
        number = next(self._numbers)
        self.command(inputs.InstallFilter(number, wanted))
        self._deliver[number] = deliver
        self._closers[number] = close

        def remove() -> None:
            self._closers.pop(number, None)
            if self._deliver.pop(number, None) is not None and self._application.running:
                self.command(inputs.RemoveFilter(number))

        return remove

    async def post(
        self,
        payload: bytes,
        route: EnvelopeRoute,
        *,
        ttl_s: int,
        pow_target: float | None,
        work_time_s: float,
        padding: bytes | None = None,
        target: PublicKey | None = None,
    ) -> SentMessage:
        """Seal, mine and post; see `Whisper.post`.

        Raises:
            PostError: It did not leave; the text says why.
            CancelledError: The caller gave up; the search for proof of work is stopped.
        """
        request = next(self._numbers)
        wish = inputs.PostMessage(
            request, route, payload, ttl_s, pow_target, work_time_s, padding, target
        )
        try:
            return await self._posts.post(wish, self.command)
        except asyncio.CancelledError:
            if self._application.running:
                self.command(inputs.CancelPost(request))
            raise

    def command(self, event: inputs.Input) -> None:
        """Hand a wish to the node.

        Raises:
            ClientClosedError: The client is not running.
            LocalProtocolError: The node refuses the wish.
        """
        if not self._application.running:
            raise ClientClosedError("the client is not running; use it inside 'async with'")
        self._application.command(event)

    # ---- facts

    def _on_fact(self, fact: effects.Fact) -> None:
        self._tell_owners(fact)
        match fact:
            case effects.MessageArrived(filters, message, _):
                for number in filters:
                    self._deliver.get(number, _nobody)(message)
            case effects.PostSucceeded() | effects.PostFailed():
                self._posts.done(fact)
            case effects.SentToPeer():
                self._posts.note_peer(fact)
            case effects.PeerConnected() | effects.PeerDisconnected() | effects.PeerUnreachable():
                self._peer_changed(fact)
            case effects.HistoryArriving() | effects.HistoryDone() | effects.SyncDone():
                self._history.fact(fact)
            case effects.BudgetChanged(budget):
                self._last_budget = budget
                for subscription in self._budget_events:
                    subscription.put(budget)
            case effects.ConfirmedByPeer() | effects.HistoryReasked() | effects.ArchivingChanged():
                pass  # It counts that an envelope went out; and readiness tells of the archive.
            case _:
                assert_never(fact)

    def _tell_owners(self, fact: effects.Fact) -> None:
        for tell in list(self._owners.values()):
            tell(fact)

    def _peer_changed(
        self,
        fact: effects.PeerConnected | effects.PeerDisconnected | effects.PeerUnreachable,
    ) -> None:
        match fact:
            case effects.PeerConnected(key, client_id, address, inbound, protocols):
                self._peers[key] = info = PeerInfo(key, client_id, address, inbound, protocols)
                self._waiters.connected(info)
                event = PeerEvent("connected", key, f"{address} {client_id}", protocols)
            case effects.PeerDisconnected(key, detail):
                self._peers.pop(key, None)
                event = PeerEvent("disconnected", key, detail)
            case effects.PeerUnreachable(key, detail, retry_in_s):
                self._waiters.unreachable(key, detail)
                event = PeerEvent("unreachable", key, f"{detail}; next try in {retry_in_s:.0f} s")
            case _:
                assert_never(fact)
        for subscription in self._peer_events:
            subscription.put(event)


def _nobody(_: OpenedMessage) -> None:
    """Let go of a message for a filter that is being removed, or belongs to a person."""
