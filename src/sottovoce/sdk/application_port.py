"""What a client needs of the application under it, as a port: a real one, or one in memory."""

from typing import Protocol

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.node.inputs import Input
from sottovoce.node.statistics import LinkStatistics
from sottovoce.node.traffic import NodeTraffic
from sottovoce.runtime.tcp import StreamTraffic


class ApplicationPort(Protocol):
    """A node that can be started and stopped."""

    @property
    def entropy(self) -> Entropy:
        """Where keys come from."""
        ...

    def now(self) -> Moment:
        """Read the clocks."""
        ...

    @property
    def enode(self) -> Enode | None:
        """Where peers can dial the node; None if it does not listen."""
        ...

    @property
    def running(self) -> bool:
        """Whether inputs are taken."""
        ...

    async def start(self) -> None:
        """Run.

        Raises:
            ListenError: The port cannot be bound.
            StorageError: The archive cannot be opened.
        """
        ...

    async def stop(self) -> None:
        """Say goodbye to the peers and close everything; harmless when repeated."""
        ...

    def command(self, event: Input) -> None:
        """Hand a wish of the owner to the node at once.

        Raises:
            LocalProtocolError: The node refuses it.
        """
        ...

    def relay_statistics(self) -> RelayStatistics:
        """Return the relay's live counters."""
        ...

    def link_statistics(self) -> LinkStatistics:
        """Return the live counters of the streams."""
        ...

    def mail_statistics(self) -> MailStatistics | None:
        """Return the mailserver's live counters; None if the node is none or has not begun."""
        ...

    def readiness(self) -> tuple[str, ...]:
        """Return what keeps the node from its work, a sentence each; empty if it is ready."""
        ...

    def failed_inputs(self) -> int:
        """Return how many inputs were set aside because of a bug."""
        ...

    def node_traffic(self) -> NodeTraffic:
        """Return what was carried so far, by peer and by topic."""
        ...

    def traffic(self) -> list[StreamTraffic]:
        """Return the counters of the open streams."""
        ...
