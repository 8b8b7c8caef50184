"""A peer that shakes hands like anybody and then sends whatever a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from patience import turns
from seeded import SeededEntropy
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import parse_enode
from sottovoce.devp2p.frames import FrameWriter
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.whisper_v6 import WHISPER_V6

_NOW: Final = Moment(0.0, 0.0)
_READ_BYTES: Final = 1024 * 1024
# No other test's attackers count as the same peer.
_FIRST_KEY: Final = 10_000
# Wants no envelope below a proof of work that nobody does, so that it is sent none.
WANTS_NOTHING: Final = rlp.encode([6, 0x7FEFFFFFFFFFFFFF])
WANTS_ALL: Final = rlp.encode([6])
STATUS: Final = 0
# Codes of shh/6 on the wire begin after the sixteen of the base protocol.
OFFSET: Final = 16


class Attacker:
    """One hostile connection.

    Attributes:
        cut: Set when the victim closed the stream.
    """

    def __init__(self, number: int, enode: str) -> None:
        self._enode = parse_enode(enode)
        self._machine = Connection(
            ConnectionSettings("attacker/v1", (WHISPER_V6,)),
            role=wire.Role.INITIATOR,
            identity=secp256k1.private_key((_FIRST_KEY + number).to_bytes(32, "big")),
            remote=self._enode.public_key,
            entropy=SeededEntropy(number),
        )
        self._ready = False
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self.cut = asyncio.Event()

    async def connect(self, status: bytes | None = WANTS_NOTHING, *, reads: bool = True) -> None:
        """Shake hands, and greet unless there is no status to greet with."""
        self._reader, self._writer = await asyncio.open_connection(
            self._enode.host, self._enode.tcp_port
        )
        self._apply(wire.StreamOpened())
        while not self._ready:
            data = await self._reader.read(_READ_BYTES)
            if not data:
                raise ConnectionResetError("refused")
            self._apply(wire.BytesReceived(data))
        if status is not None:
            await self.send(self.frames(Packet(STATUS, status)))
        if reads:
            self._listening = asyncio.ensure_future(self._listen())
        else:
            cast("asyncio.Transport", self._writer.transport).pause_reading()

    async def close(self) -> None:
        """Hang up."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._writer is not None:
            self._writer.transport.abort()

    @property
    def frame_writer(self) -> FrameWriter:
        """What seals the frames."""
        return self._machine._frame_writer()

    def frames(self, *packets: Packet) -> bytes:
        """Seal packets of Whisper."""
        return self.frame_writer.write_all(
            [(OFFSET + packet.code, packet.payload) for packet in packets]
        )

    def uncompressed(self, code: int, body: bytes) -> bytes:
        """Seal a frame whose body is taken for a Snappy block as it stands."""
        writer = self.frame_writer
        writer.compressed = False
        try:
            return writer.write(OFFSET + code, body)
        finally:
            writer.compressed = True

    async def send(self, data: bytes) -> bool:
        """Write bytes and wait until the socket took them; False if the victim hung up."""
        assert self._writer is not None
        if self.cut.is_set():
            return False
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            self.cut.set()
            return False
        return True

    async def _listen(self) -> None:
        assert self._reader is not None
        try:
            while await self._reader.read(_READ_BYTES):
                pass
        except ConnectionError:
            pass
        self.cut.set()

    def _apply(self, event: wire.ConnectionEvent) -> None:
        for output in self._machine.handle(event, _NOW):
            match output:
                case wire.BytesToSend(data):
                    assert self._writer is not None
                    self._writer.write(data)
                case wire.PeerIdentified():
                    self._apply(wire.Admitted())
                case wire.PeerReady():
                    self._ready = True
                case wire.ConnectionEnded(_, _, detail):
                    raise ConnectionResetError(detail)
                case _:
                    pass


@asynccontextmanager
async def attackers(
    count: int, enode: str, status: bytes = WANTS_NOTHING, *, reads: bool = True
) -> AsyncIterator[list[Attacker]]:
    """Give several that are connected; they hang up in the end."""
    made = [Attacker(number, enode) for number in range(count)]
    try:
        for attacker in made:
            await attacker.connect(status, reads=reads)
        yield made
    finally:
        for attacker in made:
            await attacker.close()
        await turns(3)
