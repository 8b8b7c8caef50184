"""Nodes that are not ours, on real sockets: what stands at an enode that somebody was given."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from sottovoce.base.packets import Capability, Packet
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection, ConnectionState
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy
from unit.node.pump import key_number

HOST: Final = "127.0.0.1"
KEY: Final = key_number(88)
ETHEREUM: Final = Capability("eth", 63, 17)

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def enode_at(port: int) -> str:
    """Return the enode of the node with `KEY` at a port of this machine."""
    return str(Enode(secp256k1.public_key(KEY), HOST, port, port))


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[str]:
    """Answer every connection in one way; gives the enode."""
    tasks: list[asyncio.Task[None]] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            await answer(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, HOST, 0)
    try:
        yield enode_at(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Read, and say nothing."""
    while await reader.read(65536):
        pass


async def closing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Hang up as soon as something was said."""
    await reader.read(65536)


async def web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as something else than a devp2p node would, at length."""
    await reader.read(65536)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"<p>" * 30_000)
    await writer.drain()


class Devp2pNode:
    """Answers as a devp2p node.

    Args:
        capabilities: What it runs.
        greeting: A packet of the first one to send as soon as the peer is ready.
        goodbye: Why to disconnect the peer as soon as it is ready.
    """

    def __init__(
        self,
        *capabilities: Capability,
        greeting: Packet | None = None,
        goodbye: wire.DisconnectReason | None = None,
    ) -> None:
        self._settings = ConnectionSettings("Foreign/v1", capabilities)
        self._greeting = greeting
        self._goodbye = goodbye

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(
            self._settings,
            role=wire.Role.RECIPIENT,
            identity=KEY,
            remote=None,
            entropy=SystemEntropy(),
        )
        events: list[wire.ConnectionEvent] = [wire.StreamOpened()]
        while connection.state is not ConnectionState.ENDED:
            while events:
                for output in connection.handle(events.pop(0), read_clock()):
                    if isinstance(output, wire.BytesToSend):
                        writer.write(output.data)
                    events += self._answers(output)
            data = await reader.read(65536)
            events.append(wire.BytesReceived(data) if data else wire.StreamEnded())

    def _answers(self, output: wire.ConnectionOutput) -> list[wire.ConnectionEvent]:
        answers: list[wire.ConnectionEvent] = []
        if isinstance(output, wire.PeerIdentified):
            answers.append(wire.Admitted())
        if isinstance(output, wire.PeerReady) and self._greeting is not None:
            protocol = output.capabilities[0].name
            answers.append(wire.PacketsSubmitted(protocol, (self._greeting,)))
        if isinstance(output, wire.PeerReady) and self._goodbye is not None:
            answers.append(wire.DisconnectRequested(self._goodbye))
        return answers
