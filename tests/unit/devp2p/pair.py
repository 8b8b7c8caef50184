"""Two connections wired back to back: what one sends the other receives, cut as the test wants."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.base_protocol import BaseCode, encode_hello
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.events import (
    Admitted,
    BytesReceived,
    BytesToSend,
    ConnectionEnded,
    ConnectionEvent,
    ConnectionOutput,
    Hello,
    PacketsReceived,
    PeerIdentified,
    PeerReady,
    Role,
    StreamOpened,
)
from sottovoce.devp2p.frames import FrameReader, FrameWriter
from sottovoce.devp2p.handshake import InitiatorHandshake
from sottovoce.devp2p.settings import ConnectionSettings
from vectors.scripted_entropy import SeededEntropy

SHH: Final = Capability("shh", 6, 128)
WAKU: Final = Capability("waku", 1, 128)
SETTINGS: Final = ConnectionSettings("pair/v1", (SHH, WAKU))

INITIATOR_KEY: Final = secp256k1.private_key(bytes(31) + b"\x11")
RECIPIENT_KEY: Final = secp256k1.private_key(bytes(31) + b"\x22")
INITIATOR: Final = secp256k1.public_key(INITIATOR_KEY)
RECIPIENT: Final = secp256k1.public_key(RECIPIENT_KEY)


def at(monotonic_s: float) -> Moment:
    """Return the moment at which the monotonic clock shows this."""
    return Moment(monotonic_s, 1_600_000_000.0 + monotonic_s)


def make_initiator(settings: ConnectionSettings = SETTINGS) -> Connection:
    """Return a connection that will call the recipient of this module."""
    return Connection(
        settings,
        role=Role.INITIATOR,
        identity=INITIATOR_KEY,
        remote=RECIPIENT,
        entropy=SeededEntropy(b"initiator"),
    )


def make_recipient(settings: ConnectionSettings = SETTINGS) -> Connection:
    """Return a connection that waits to be called."""
    return Connection(
        settings,
        role=Role.RECIPIENT,
        identity=RECIPIENT_KEY,
        remote=None,
        entropy=SeededEntropy(b"recipient"),
    )


def sent(outputs: list[ConnectionOutput]) -> bytes:
    """Return all bytes that these outputs send."""
    return b"".join(output.data for output in outputs if isinstance(output, BytesToSend))


def ended(outputs: list[ConnectionOutput]) -> ConnectionEnded:
    """Return the end, which must be the last output and the only end."""
    ends = [output for output in outputs if isinstance(output, ConnectionEnded)]
    assert ends == [outputs[-1]]
    return ends[0]


def packets(outputs: list[ConnectionOutput]) -> list[tuple[str, Packet]]:
    """Return the packets that were handed on, with their subprotocols."""
    return [
        (output.protocol, packet)
        for output in outputs
        if isinstance(output, PacketsReceived)
        for packet in output.packets
    ]


def cut(data: bytes, chunk_bytes: int | None) -> Iterator[bytes]:
    """Cut bytes into chunks of one size; None leaves them whole."""
    step = chunk_bytes or max(len(data), 1)
    return (data[start : start + step] for start in range(0, len(data), step))


@dataclass(slots=True)
class Side:
    """One machine and what it has told, bytes left out."""

    machine: Connection
    told: list[ConnectionOutput] = field(default_factory=list)
    to_send: bytes = b""

    def handle(self, event: ConnectionEvent, now: Moment) -> list[ConnectionOutput]:
        """Give an event to the machine; keep its bytes for the wire and its facts for the test."""
        outputs = self.machine.handle(event, now)
        self.to_send += sent(outputs)
        self.told += [output for output in outputs if not isinstance(output, BytesToSend)]
        return outputs

    def tells(self, kind: type[ConnectionOutput]) -> list[ConnectionOutput]:
        """Return what it told of one kind."""
        return [output for output in self.told if isinstance(output, kind)]


class Pair:
    """Both sides; every identified peer is admitted at once unless the test says otherwise."""

    def __init__(
        self,
        *,
        initiator: ConnectionSettings = SETTINGS,
        recipient: ConnectionSettings = SETTINGS,
        chunk_bytes: int | None = None,
        admits: bool = True,
    ) -> None:
        self.initiator = Side(make_initiator(initiator))
        self.recipient = Side(make_recipient(recipient))
        self._chunk_bytes = chunk_bytes
        self._admits = admits

    def open(self, now: Moment) -> None:
        """Open the stream on both sides and carry bytes until nothing moves."""
        self.recipient.handle(StreamOpened(), now)
        self.initiator.handle(StreamOpened(), now)
        self.carry(now)

    def carry(self, now: Moment) -> None:
        """Carry bytes between the sides until neither has any left."""
        while self.initiator.to_send or self.recipient.to_send:
            self._carry_one_way(self.initiator, self.recipient, now)
            self._carry_one_way(self.recipient, self.initiator, now)

    def _carry_one_way(self, source: Side, target: Side, now: Moment) -> None:
        data, source.to_send = source.to_send, b""
        for chunk in cut(data, self._chunk_bytes):
            outputs = target.handle(BytesReceived(chunk), now)
            if self._admits and any(isinstance(output, PeerIdentified) for output in outputs):
                target.handle(Admitted(), now)


def ready_pair(now: Moment, *, chunk_bytes: int | None = None) -> Pair:
    """Return a pair whose sides have exchanged Hellos; what they told so far is forgotten."""
    pair = Pair(chunk_bytes=chunk_bytes)
    pair.open(now)
    for side in (pair.initiator, pair.recipient):
        assert side.tells(PeerReady)
        side.told.clear()
    return pair


class HandmadePeer:
    """An initiator that the test drives by hand, against a recipient machine."""

    def __init__(self, now: Moment, settings: ConnectionSettings = SETTINGS) -> None:
        self.machine = make_recipient(settings)
        self.machine.handle(StreamOpened(), now)
        handshake = InitiatorHandshake(
            INITIATOR_KEY, RECIPIENT, entropy=SeededEntropy(b"handmade peer")
        )
        self._queue = ByteQueue()
        self._queue.append(sent(self.machine.handle(BytesReceived(handshake.auth_packet), now)))
        done = handshake.advance(self._queue)
        assert done is not None
        self.writer = FrameWriter(done.secrets)
        self.reader = FrameReader(done.secrets)

    def admitted(self, now: Moment) -> "HandmadePeer":
        """Let the machine admit this peer; its Hello is read and thrown away."""
        self.read(self.machine.handle(Admitted(), now))
        return self

    def ready(self, now: Moment, *, version: int = 5) -> "HandmadePeer":
        """Exchange Hellos."""
        self.admitted(now)
        outputs = self.send(now, (BaseCode.HELLO, encode_hello(self.hello(version=version))))
        assert isinstance(outputs[-1], PeerReady)
        self.writer.compressed = self.reader.compressed = version >= 5
        return self

    def hello(
        self,
        *,
        version: int = 5,
        capabilities: tuple[tuple[str, int], ...] = (("shh", 6), ("waku", 1)),
    ) -> Hello:
        """Return a Hello that fits the handshake."""
        return Hello(version, "handmade/v1", capabilities, 0, INITIATOR)

    def send(self, now: Moment, *frames: tuple[int, bytes]) -> list[ConnectionOutput]:
        """Send packets with codes of the wire in one read; return what the machine answers."""
        return self.machine.handle(BytesReceived(self.writer.write_all(frames)), now)

    def read(self, outputs: list[ConnectionOutput]) -> list[tuple[int, bytes]]:
        """Decrypt what the machine sends."""
        self._queue.append(sent(outputs))
        frames = []
        while (frame := self.reader.read(self._queue)) is not None:
            frames.append(frame)
        assert len(self._queue) == 0
        return frames
