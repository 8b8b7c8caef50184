"""Real nodes on real sockets, two drivers on one loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from patience import run, until
from seeded import SeededEntropy
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node import inputs
from sottovoce.node.effects import Fact, MessageArrived, PeerConnected, PeerDisconnected
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.driver import Driver
from unit.node.pump import LISTEN, key_number, post

HOST = "127.0.0.1"


class Running:
    """A node with its driver and what its owner heard."""

    def __init__(self, number: int) -> None:
        self.node = Node(
            identity=key_number(number),
            client_id=f"running/{number}",
            entropy=SeededEntropy(number),
            settings=NodeSettings(),
            gossip_settings=GossipSettings(own_delay_s_max=0.0, minimum_pow=0.0),
        )
        self.facts: list[Fact] = []
        self.driver = Driver(self.node, self.facts.append)
        self.port = 0

    @property
    def enode(self) -> Enode:
        return Enode(self.node.public_key, HOST, self.port, self.port)

    def heard(self) -> list[bytes]:
        return [fact.message.payload for fact in self.facts if isinstance(fact, MessageArrived)]


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Running, Running]]:
    one, other = Running(1), Running(2)
    other.port = await other.driver.listen(HOST, 0)
    one.driver.command(inputs.AddPeer(other.enode))
    await until(lambda: one.node.peer_count and other.node.peer_count)
    try:
        yield one, other
    finally:
        await one.driver.stop()
        await other.driver.stop()


def test_two_nodes_talk_over_real_sockets_in_both_directions() -> None:
    async def main() -> None:
        async with connected() as (one, other):
            for running in (one, other):
                running.driver.command(inputs.InstallFilter(1, LISTEN))
            one.driver.command(post(1, b"ping"))
            await until(lambda: other.heard() == [b"ping"])
            other.driver.command(post(2, b"pong"))
            await until(lambda: one.heard() == [b"ping", b"pong"])
            assert one.driver.failed_inputs == other.driver.failed_inputs == {}

    run(main())


def test_large_message_crosses_in_many_reads() -> None:
    async def main() -> None:
        async with connected() as (one, other):
            other.driver.command(inputs.InstallFilter(1, LISTEN))
            payload = SeededEntropy(5).take(900_000)
            one.driver.command(post(1, payload, pow_target=0.0))
            await until(lambda: other.heard() == [payload])

    run(main())


def test_graceful_stop_is_told_to_the_peer() -> None:
    async def main() -> None:
        async with connected() as (one, other):
            await one.driver.stop()
            await until(lambda: other.node.peer_count == 0)
            [fact] = [each for each in other.facts if isinstance(each, PeerDisconnected)]
            assert fact.detail == "the peer ended it: quitting"

    run(main())


def test_owners_hear_the_address_of_the_other_end() -> None:
    async def main() -> None:
        async with connected() as (one, other):
            for running, peer in ((one, other), (other, one)):
                [fact] = [each for each in running.facts if isinstance(each, PeerConnected)]
                assert (fact.address, fact.public_key) == (
                    HOST,
                    peer.node.public_key,
                )

    run(main())
