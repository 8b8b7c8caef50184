"""One running node: built from settings, started on the running loop, stopped in order."""

import asyncio
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path

from sottovoce.adapters.spent_file import read_spent
from sottovoce.app.spent_keeper import SpentKeeper
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.mail.archive import Archive
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import ServerSettings
from sottovoce.node.budget import Spent, notice_of
from sottovoce.node.effects import Fact
from sottovoce.node.inputs import Input, TimePassed
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings
from sottovoce.node.statistics import LinkStatistics
from sottovoce.node.traffic import NodeTraffic
from sottovoce.runtime.driver import Driver
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.runtime.tcp import StreamTraffic

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ApplicationSettings:
    """What one application is made of.

    Attributes:
        listen: Host and port to accept peers on (port 0: the system chooses), or None.
        advertised_host: The host written into our enode, or None for the one listened on.
        node_key: The node's private key, or None for a fresh one.
        node: Limits on peers.
        gossip: Limits on envelopes.
        mail: Keys and bounds of the mailserver that the node is, or None if it is none.
        archive: What a mailserver keeps envelopes in, or what opens it, off the loop. It is closed
            with the application.
        data_dir: The directory, held by the caller, that keeps what was used of a day's budget
            (`NodeSettings.day_bytes_max`); None to forget it.

    Raises:
        LocalProtocolError: There is a mailserver without an archive, or an archive without one.
    """

    listen: tuple[str, int] | None = (LOOPBACK, 0)
    advertised_host: str | None = None
    node_key: PrivateKey | None = None
    node: NodeSettings = field(default_factory=NodeSettings)
    gossip: GossipSettings = field(default_factory=GossipSettings)
    mail: ServerSettings | None = None
    archive: Archive | Callable[[], Archive] | None = None
    data_dir: Path | None = None

    def __post_init__(self) -> None:
        if (self.mail is None) != (self.archive is None):
            raise LocalProtocolError("a mailserver and its archive are set together")


class Application:
    """A node and its driver.

    Args:
        settings: What to build.
        on_fact: Told each fact on the loop's thread; it must not block.
    """

    def __init__(self, settings: ApplicationSettings, on_fact: Callable[[Fact], None]) -> None:
        self._settings = settings
        self._on_fact = on_fact
        self.entropy = SystemEntropy()
        node_key = settings.node_key or secp256k1.generate_private_key(self.entropy)
        self._node = Node(
            identity=node_key,
            client_id=client_id(),
            entropy=self.entropy,
            settings=settings.node,
            gossip_settings=settings.gossip,
            mail=settings.mail,
            spent=self._read_spent(),
        )
        self._keeper: SpentKeeper | None = None
        self._driver: Driver | None = None
        self._port: int | None = None

    @property
    def node_public_key(self) -> PublicKey:
        """The public half of the node key."""
        return self._node.public_key

    @property
    def enode(self) -> Enode | None:
        """Where peers can dial us; None if we do not listen."""
        if self._settings.listen is None or self._port is None:
            return None
        host = self._settings.advertised_host or self._settings.listen[0]
        if _is_unspecified(host):
            host = LOOPBACK
        return Enode(self._node.public_key, host, self._port, self._port)

    async def start(self) -> None:
        """Open the archive, bind the port and run.

        Raises:
            ListenError: The port cannot be bound.
            StorageError: The archive cannot be opened.
        """
        self._driver = Driver(self._node, self._on_fact, await self._open_archive())
        if self._settings.mail is not None or self._settings.node.day_bytes_max:
            # The life of a mailserver, and of a day's budget, begins with the node's first input.
            self._driver.submit(TimePassed())
        if self._settings.data_dir is not None and self._settings.node.day_bytes_max:
            self._keeper = SpentKeeper(self._settings.data_dir, lambda: self._node.spent)
        if self._settings.listen is not None:
            try:
                self._port = await self._driver.listen(*self._settings.listen)
            except BaseException:
                await self.stop()
                raise

    async def _open_archive(self) -> Archive | None:
        archive = self._settings.archive
        return await asyncio.to_thread(archive) if callable(archive) else archive

    async def stop(self) -> None:
        """Say goodbye to the peers and close everything; harmless when repeated."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await asyncio.shield(self._stop(driver))

    async def _stop(self, driver: Driver) -> None:
        try:
            await driver.stop()
        finally:
            keeper, self._keeper = self._keeper, None
            if keeper is not None:
                await keeper.stop()

    def _read_spent(self) -> Spent | None:
        settings = self._settings
        if settings.data_dir is None or not settings.node.day_bytes_max:
            return None
        return read_spent(settings.data_dir)

    def now(self) -> Moment:
        """Read the clocks."""
        return read_clock()

    @property
    def running(self) -> bool:
        """Whether inputs are taken."""
        return self._driver is not None

    def command(self, event: Input) -> None:
        """Hand a wish of the owner to the node at once.

        Raises:
            LocalProtocolError: The node refuses it.
        """
        assert self._driver is not None
        self._driver.command(event)

    def relay_statistics(self) -> RelayStatistics:
        """Return the relay's live counters."""
        return self._node.relay_statistics

    def link_statistics(self) -> LinkStatistics:
        """Return the live counters of the streams."""
        return self._node.link_statistics

    def mail_statistics(self) -> MailStatistics | None:
        """Return the mailserver's live counters; None if the node is none or has not begun."""
        return self._node.mail_statistics

    def readiness(self) -> tuple[str, ...]:
        """Return what keeps the node from its work, a sentence each; empty if it is ready."""
        driver, settings = self._driver, self._settings
        if driver is None or (settings.listen is not None and self._port is None):
            return ("the node is not running",)
        budget = self._node.budget
        used_up = "" if budget is None or not budget.is_bound else notice_of(budget)
        troubles = (self._node.archive_trouble, driver.archive_trouble, used_up)
        return tuple(trouble for trouble in troubles if trouble)

    def failed_inputs(self) -> int:
        """Return how many inputs, or calls to the archive, were set aside because of a bug."""
        return 0 if self._driver is None else self._driver.failed_inputs.total()

    def node_traffic(self) -> NodeTraffic:
        """Return what was carried so far, by peer and by topic."""
        return self._node.traffic()

    def traffic(self) -> list[StreamTraffic]:
        """Return the counters of the open TCP streams."""
        return [] if self._driver is None else self._driver.traffic()


def client_id() -> str:
    """Return how we call ourselves in Hello, in the customary form name/version/system/language."""
    return (
        f"sottovoce/v{version('sottovoce')}/{platform.system().lower()}-{platform.machine()}"
        f"/python{platform.python_version()}"
    )


def _is_unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
