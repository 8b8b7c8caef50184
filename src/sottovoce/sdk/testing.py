"""A network in memory for the tests of programs that use this package.

Clients made by `MemoryNetwork.client` are the real ones on the real node code; only sockets, clocks
and entropy are simulated. Time is virtual: waiting costs nothing, and the same seed gives the same
run. With pytest the fixture ``sottovoce_network`` is there as soon as the package is installed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.app.application import ApplicationSettings
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.mail.archive import Archive
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import ClientSettings, ServerSettings
from sottovoce.node import inputs
from sottovoce.node.budget import notice_of
from sottovoce.node.effects import Fact
from sottovoce.node.node import Node
from sottovoce.node.statistics import LinkStatistics
from sottovoce.node.traffic import NodeTraffic
from sottovoce.runtime.tcp import StreamTraffic
from sottovoce.sdk.client import Client
from sottovoce.sdk.duty_cycle import DutyCycle
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.virtual_loop import VirtualLoop
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import World
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.topics import key_of_name

ResultT = TypeVar("ResultT")


class MemoryNetwork:
    """A network whose clients meet in memory, on virtual time.

    Args:
        seed: Everything random follows from it.
        delay_s: Shortest and longest time of flight, seconds.
        loss: Share of segments that are lost and sent again, from 0 to below 1.
    """

    def __init__(
        self, seed: int = 1, *, delay_s: tuple[float, float] = (0.01, 0.1), loss: float = 0.0
    ) -> None:
        self.seed = seed
        self._world = World(seed, LinkQuality(*delay_s, loss=loss))
        self._numbers: dict[Client, int] = {}

    @property
    def now_s(self) -> float:
        """Virtual seconds since the network was made."""
        return self._world.now_s

    def client(
        self,
        *,
        peers: tuple[str, ...] = (),
        identity: PrivateKey | None = None,
        transport: Transport = Transport.EITHER,
        metered: bool = False,
        gossip: GossipSettings | None = None,
        mail: ServerSettings | None = None,
        archive: Archive | Callable[[], Archive] | None = None,
    ) -> Client:
        """Make a client of this network; use it as any other, inside `run`."""
        made: list[_MemoryApplication] = []

        def build(
            settings: ApplicationSettings, on_fact: Callable[[Fact], None]
        ) -> _MemoryApplication:
            made.append(_MemoryApplication(self._world, settings, on_fact))
            return made[0]

        client = Client(
            peers=peers,
            identity=identity,
            transport=transport,
            metered=metered,
            gossip=gossip,
            mail=mail,
            archive=archive,
            build=build,
        )
        self._numbers[client] = made[0].number
        return client

    def relay(self, *, peers: tuple[str, ...] = ()) -> Client:
        """Make a full node, which relays everything, between clients that want their own only."""
        return self.client(peers=peers, gossip=GossipSettings())

    def messenger(
        self,
        *,
        peers: tuple[str, ...] = (),
        identity: PrivateKey | None = None,
        mailservers: tuple[str, ...] = (),
        stack: StackSettings | None = None,
        mail: ClientSettings | None = None,
        duty_cycle: DutyCycle | None = None,
        transport: Transport = Transport.EITHER,
        metered: bool = False,
    ) -> Messenger:
        """Make a person of this network, who keeps nothing beyond the run; use it inside `run`.

        Args:
            peers: Enode URLs of peers.
            identity: Who it is, or None for a key that follows from the seed.
            mailservers: Enode URLs of mailservers, as `mailserver` makes them.
            stack: Times and targets of messages.
            mail: How history is fetched.
            duty_cycle: When to be connected; None for always.
            transport: Which worlds the node speaks.
            metered: Whether it names its topics to its peers.
        """
        return Messenger.in_memory(
            identity,
            client=self.client(transport=transport, metered=metered),
            peers=peers,
            mailservers=mailservers,
            stack=stack,
            mail=mail,
            duty_cycle=duty_cycle,
            is_owned=True,
        )

    def mailserver(
        self, *, peers: tuple[str, ...] = (), password: str = DEFAULT_PASSWORD
    ) -> Client:
        """Make a mailserver, which keeps every envelope that reaches it for the run.

        Its ``enode`` is what a person trusts; with a password of your own that stands in the URL,
        as ``enode://<key>:<password>@<host>:<port>``.

        Args:
            peers: Enode URLs of peers.
            password: What whoever asks has to know.
        """
        settings = ServerSettings(password_key=key_of_name(password))
        return self.client(peers=peers, mail=settings, archive=MemoryArchive())

    def run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run a coroutine on virtual time and return its result.

        Raises:
            StuckError: It waits for something that can never happen.
        """
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self._world)) as runner:
            return runner.run(work)

    def cut(self, one: Client | Messenger, other: Client | Messenger) -> bool:
        """Break the connections between two clients; both notice, and the dialler comes back.

        Returns:
            Whether there was a connection.
        """
        far = self._numbers[_node_of(other)]
        ends = [
            end
            for end in self._world.ends(self._numbers[_node_of(one)])
            if end.other is not None and end.other.node == far
        ]
        for end in ends:
            self._world.cut(end)
        return bool(ends)


def _node_of(one: Client | Messenger) -> Client:
    return one.client if isinstance(one, Messenger) else one


class _MemoryApplication:
    """The application of a client in memory: a node of the world."""

    def __init__(
        self, world: World, settings: ApplicationSettings, on_fact: Callable[[Fact], None]
    ) -> None:
        self._world = world
        archive = settings.archive
        self._simulated = world.add_node(
            gossip=settings.gossip,
            settings=settings.node,
            mail=settings.mail,
            archive=archive() if callable(archive) else archive,
        )
        self._simulated.on_fact = on_fact
        self._listens = settings.listen is not None
        self._running = False
        self.number = self._simulated.number
        self.entropy = SeededEntropy("client", world.seed, self.number)

    @property
    def enode(self) -> Enode | None:
        """Where peers can dial the node."""
        return self._simulated.enode if self._listens else None

    def now(self) -> Moment:
        """Read the node's clocks in the world."""
        return self._world.moment(self._simulated)

    @property
    def running(self) -> bool:
        """Whether inputs are taken."""
        return self._running

    async def start(self) -> None:
        """Run."""
        self._running = True

    async def stop(self) -> None:
        """Say goodbye to the peers; harmless when repeated."""
        if self._running:
            self._running = False
            self._world.command_now(self.number, inputs.ShutDown())

    def command(self, event: inputs.Input) -> None:
        """Hand a wish of the owner to the node at once.

        Raises:
            LocalProtocolError: The node refuses it.
        """
        self._world.command_now(self.number, event)

    def relay_statistics(self) -> RelayStatistics:
        """Return the relay's live counters."""
        return self._node().relay_statistics

    def link_statistics(self) -> LinkStatistics:
        """Return the live counters of the streams."""
        return self._node().link_statistics

    def mail_statistics(self) -> MailStatistics | None:
        """Return the mailserver's live counters; None if the node is none or has not begun."""
        return self._node().mail_statistics

    def readiness(self) -> tuple[str, ...]:
        """Return what keeps the node from its work."""
        node = self._node()
        used_up = "" if node.budget is None or not node.budget.is_bound else notice_of(node.budget)
        return tuple(trouble for trouble in (node.archive_trouble, used_up) if trouble)

    def failed_inputs(self) -> int:
        """Return 0: in memory a bug is not set aside, it fails the test."""
        return 0

    def node_traffic(self) -> NodeTraffic:
        """Return what was carried so far, by peer and by topic."""
        return self._node().traffic()

    def traffic(self) -> list[StreamTraffic]:
        """Return nothing: there are no sockets."""
        return []

    def _node(self) -> Node:
        node = self._simulated.node
        assert isinstance(node, Node)
        return node
