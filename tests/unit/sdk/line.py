"""Clients on the loopback address, connected in a row."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Final

from sottovoce.app.application import LOOPBACK, Application
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.runtime.driver import Driver
from sottovoce.sdk.client import Client
from unit.node.pump import key_number

# Nobody's own messages wait, so that a test need not.
PROMPT: Final = GossipSettings(own_delay_s_max=0.0)
# That of a service which nobody runs any more. One that was just free may be somebody else's soon.
CLOSED_PORT: Final = 9
KEY_A: Final = bytes(31) + b"\x0a"
TOPIC: Final = b"topi"


def enode_of(client: Client) -> str:
    assert client.enode is not None
    return client.enode


@asynccontextmanager
async def clients(count: int) -> AsyncIterator[list[Client]]:
    """Give running clients that know nobody."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Client(gossip=PROMPT)) for _ in range(count)]


@asynccontextmanager
async def line(count: int) -> AsyncIterator[list[Client]]:
    """Give running clients of which each is connected to the next."""
    async with clients(count) as row:
        for left, right in pairwise(row):
            await left.connect(enode_of(right))
        yield row


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[Client, Client]]:
    """Give two clients that are connected."""
    async with line(2) as (one, other):
        yield one, other


def driver_of(client: Client) -> Driver:
    """Return what runs a client."""
    application = client._application
    assert isinstance(application, Application)
    driver = application._driver
    assert driver is not None
    return driver


def nobody() -> str:
    """Return the enode of a port at which nobody listens."""
    return str(Enode(secp256k1.public_key(key_number(77)), LOOPBACK, CLOSED_PORT, CLOSED_PORT))
