"""The relays of ``sottovoce demo``: a line of nodes in this process, whose sockets count bytes.

Neighbours meet over real TCP on the loopback address, and a person's process hangs at each end. A
hop is one TCP connection; what came through it is read from the socket of the end that received,
or, where a person received, of the relay that sent.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.messages import StreamStatistics


@dataclass(frozen=True, slots=True)
class HopEnd:
    """One end of a TCP connection, at a relay.

    Attributes:
        relay: The relay.
        local_port: The relay's port.
        remote_port: The neighbour's port.
    """

    relay: Client
    local_port: int
    remote_port: int

    def received_bytes(self) -> int:
        """Return the bytes that came out of the socket so far."""
        return sum(stream.received_bytes for stream in self._streams())

    def sent_bytes(self) -> int:
        """Return the bytes that went into the socket so far."""
        return sum(stream.sent_bytes for stream in self._streams())

    def _streams(self) -> list[StreamStatistics]:
        ports = (self.local_port, self.remote_port)
        return [
            stream
            for stream in self.relay.statistics().streams
            if (stream.local_port, stream.remote_port) == ports
        ]


@dataclass(frozen=True, slots=True)
class Hop:
    """One TCP connection of the line, from the end nearer to Anna to the one nearer to Bruno.

    Attributes:
        left: Its left end; None where Anna is.
        right: Its right end; None where Bruno is.
    """

    left: HopEnd | None
    right: HopEnd | None

    @property
    def ports(self) -> list[int]:
        """The ports of the connection, the left one first."""
        if self.left is not None:
            return [self.left.local_port, self.left.remote_port]
        assert self.right is not None, "a hop has a relay at one end"
        return [self.right.remote_port, self.right.local_port]

    def carried_bytes(self, *, rightward: bool) -> int:
        """Return the bytes that went through this hop so far, in one direction."""
        receiver, sender = (self.right, self.left) if rightward else (self.left, self.right)
        if receiver is not None:
            return receiver.received_bytes()
        assert sender is not None, "a hop has a relay at one end"
        return sender.sent_bytes()


class RelayLine:
    """The running relays.

    Args:
        relays: Relays of which each is connected to the next.
    """

    def __init__(self, relays: Sequence[Client]) -> None:
        self.relays = relays

    @property
    def ends(self) -> tuple[str, str]:
        """The enode URLs of the first relay and of the last."""
        first, last = self.relays[0].enode, self.relays[-1].enode
        assert first is not None
        assert last is not None
        return first, last

    @property
    def middle(self) -> str:
        """The enode URL of the relay in the middle."""
        enode = self.relays[len(self.relays) // 2].enode
        assert enode is not None
        return enode

    def hops(self, left_port: int, right_port: int) -> list[Hop]:
        """Return the hops from one person to the other.

        Args:
            left_port: The port of Anna's end of her connection to the first relay.
            right_port: The port of Bruno's end of his connection to the last one.
        """
        between = [_between(left, right) for left, right in pairwise(self.relays)]
        first = HopEnd(self.relays[0], _listening_port(self.relays[0]), left_port)
        last = HopEnd(self.relays[-1], _listening_port(self.relays[-1]), right_port)
        return [Hop(None, first), *between, Hop(last, None)]

    def drops(self) -> list[str]:
        """Return a sentence for each kind of envelope that a relay dropped."""
        return [
            f"relay {number} dropped {count} as '{reason}'"
            for number, relay in enumerate(self.relays, start=1)
            for reason, count in relay.statistics().dropped.items()
            if count
        ]


@asynccontextmanager
async def relay_line(count: int, settings: GossipSettings | None) -> AsyncIterator[RelayLine]:
    """Give a line of relays.

    Args:
        count: How many.
        settings: Settings of each.
    """
    async with AsyncExitStack() as stack:
        full = settings or GossipSettings()
        relays = [await stack.enter_async_context(Client(gossip=full)) for _ in range(count)]
        for left, right in pairwise(relays):
            assert right.enode is not None
            await left.connect(right.enode)
        yield RelayLine(relays)


def carried_bytes(hops: Sequence[Hop], *, rightward: bool) -> list[int]:
    """Return what went through each hop so far, in one direction."""
    return [hop.carried_bytes(rightward=rightward) for hop in hops]


def check_hops(hop_bytes: Sequence[int], message_bytes: int) -> None:
    """Check that at least the message went through every hop.

    Raises:
        CommandError: A hop's byte counter did not move, or by less than the message.
    """
    for number, carried in enumerate(hop_bytes, start=1):
        if carried < message_bytes:
            raise CommandError(
                f"the message arrived, but the TCP byte counter of hop {number} moved by "
                f"{carried} bytes only: it did not travel through the line",
                ExitCode.NOT_DELIVERED,
            )


def _between(left: Client, right: Client) -> Hop:
    right_port = _listening_port(right)
    left_port = next(
        stream.local_port
        for stream in left.statistics().streams
        if stream.remote_port == right_port
    )
    return Hop(HopEnd(left, left_port, right_port), HopEnd(right, right_port, left_port))


def _listening_port(relay: Client) -> int:
    assert relay.enode is not None
    return int(relay.enode.rpartition(":")[2])
