"""The socket of a node without an account, where ``sottovoce stats`` asks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sottovoce.cli.output import Output
from sottovoce.sdk.client import Client
from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.control_form import NODE_SOCKET_NAME
from sottovoce.sdk.errors import ControlError
from sottovoce.sdk.node_port import NodePort


@asynccontextmanager
async def asked_for_statistics(
    client: Client, directory: Path, output: Output
) -> AsyncIterator[None]:
    """Let other programs of this user ask a node for its counters meanwhile.

    A node that cannot be asked relays all the same.

    Args:
        client: The running node.
        directory: The data directory, which the caller holds.
        output: Where it is said if there can be no socket.
    """
    server = ControlServer(NodePort(client), directory, NODE_SOCKET_NAME)
    try:
        await server.start()
    except ControlError as error:
        output.talk(f"sottovoce stats cannot ask this node: {error}")
    try:
        yield
    finally:
        await server.stop()
