"""A raw devp2p end for load drivers: it shakes hands, says a status, and carries packets.

It is no node: it checks nothing, relays nothing and answers nothing but pings.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Final, cast

from typing_extensions import override

from sottovoce.base.packets import Capability, Packet
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import parse_enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy

STATUS_CODE: Final = 0
MESSAGES_CODE: Final = 1
WANTS_ALL: Final = rlp.encode([6])
# A proof of work that nobody does (the largest finite float), so that a source is sent nothing.
NO_WORK: Final = 0x7FEFFFFFFFFFFFFF
WANTS_NOTHING: Final = rlp.encode([6, NO_WORK])
# The same on Waku, whose status is a list of options.
WAKU_WANTS_ALL: Final = rlp.encode([[0, 0]])
WAKU_WANTS_NOTHING: Final = rlp.encode([[0, NO_WORK]])
_OF_WAKU: Final = frozenset({WAKU_WANTS_ALL, WAKU_WANTS_NOTHING})
# The Go nodes put all that is new into one packet; a sink takes as much as a frame can carry.
_PAYLOAD_BYTES_MAX: Final = 0xFFFFFF
_CONNECT_TIMEOUT_S: Final = 15.0


class WireEnd(asyncio.Protocol):
    """One connection.

    Args:
        enode: Whom to dial.
        status: What it says of itself; one of Waku's is said on Waku.
        on_messages: Told the body of each packet of envelopes.
        on_other: Told each packet that is neither that nor a status.

    Attributes:
        public_key: Its node key, a fresh one.
        ended: Why it ended, or None while it is open.
    """

    def __init__(
        self,
        enode: str,
        status: bytes,
        on_messages: Callable[[bytes], None],
        on_other: Callable[[Packet], None] = lambda _: None,
    ) -> None:
        entropy = SystemEntropy()
        identity = secp256k1.generate_private_key(entropy)
        self.public_key = secp256k1.public_key(identity)
        self._peer = parse_enode(enode)
        self._status = status
        self._capability: Capability = WAKU_V1 if status in _OF_WAKU else WHISPER_V6
        self._on_messages = on_messages
        self._on_other = on_other
        self._machine = Connection(
            ConnectionSettings(
                "load/v1", (self._capability,), payload_bytes_max=_PAYLOAD_BYTES_MAX
            ),
            role=wire.Role.INITIATOR,
            identity=identity,
            remote=self._peer.public_key,
            entropy=entropy,
        )
        self._transport: asyncio.Transport | None = None
        self._greeted = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self.ended: str | None = None

    async def connect(self) -> None:
        """Shake hands and exchange the status.

        Raises:
            ConnectionError: The node closed the connection instead.
        """
        loop = asyncio.get_running_loop()
        assert self._peer.host is not None
        await loop.create_connection(lambda: self, self._peer.host, self._peer.tcp_port)
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            await self._greeted.wait()
        if self.ended is not None:
            raise ConnectionError(f"the node under test hung up: {self.ended}")

    async def send(self, payload: bytes, code: int = MESSAGES_CODE) -> None:
        """Send one packet, by default of `messages`, when the socket has room."""
        await self._drained.wait()
        self._tell(wire.PacketsSubmitted(self._capability.name, (Packet(code, payload),)))

    def close(self) -> None:
        """Hang up without a word."""
        if self._transport is not None:
            self._transport.abort()

    # ---- asyncio's side

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._tell(wire.StreamOpened())

    @override
    def data_received(self, data: bytes) -> None:
        self._tell(wire.BytesReceived(data))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc or "the stream ended"))

    @override
    def pause_writing(self) -> None:
        self._drained.clear()

    @override
    def resume_writing(self) -> None:
        self._drained.set()

    # ---- the machine's side

    def _tell(self, event: wire.ConnectionEvent) -> None:
        for output in self._machine.handle(event, read_clock()):
            match output:
                case wire.BytesToSend(data):
                    assert self._transport is not None
                    self._transport.write(data)
                case wire.PacketsReceived(_, packets):
                    for packet in packets:
                        self._take(packet)
                case wire.PeerIdentified():
                    self._tell(wire.Admitted())
                case wire.PeerReady():
                    status = (Packet(STATUS_CODE, self._status),)
                    self._tell(wire.PacketsSubmitted(self._capability.name, status))
                case wire.ConnectionEnded(_, _, detail):
                    self._end(detail)
                    self.close()
                case wire.LargeFrameChanged():
                    pass

    def _take(self, packet: Packet) -> None:
        if packet.code == MESSAGES_CODE:
            self._on_messages(packet.payload)
        elif packet.code == STATUS_CODE:
            self._greeted.set()
        else:
            self._on_other(packet)

    def _end(self, detail: str) -> None:
        self.ended = self.ended or detail
        self._greeted.set()
        self._drained.set()


def random_phase_s(period_s: float) -> float:
    """Return a moment of a period, so that sending does not fall into step with a node's ticks."""
    return int.from_bytes(os.urandom(4), "big") / 2**32 * period_s
