"""One devp2p connection as a machine: handshake, Hello, packets of subprotocols, end.

It owns the order of things on one stream and their time limits. It refuses to know which peers
are wanted (the node answers `PeerIdentified`), what packets mean, and how bytes are carried.

Input that waits is bounded: one handshake packet until the handshake is done and the peer is
admitted, one frame afterwards, and in both cases what arrived in one read.

Spec: devp2p rlpx.md, "Initial Handshake" to "p2p Capability"; go-ethereum p2p/server.go and
p2p/peer.go for the order of checks and for who is told a reason.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.base.token_bucket import TokenBucket
from sottovoce.codec import snappy
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import base_protocol
from sottovoce.devp2p.base_protocol import BaseCode
from sottovoce.devp2p.capabilities import (
    BASE_CODE_COUNT,
    CodeRange,
    find_range,
    match_capabilities,
    show_capabilities,
    sort_capabilities,
)
from sottovoce.devp2p.connection_outbox import ConnectionOutbox
from sottovoce.devp2p.events import (
    Admitted,
    BytesReceived,
    ConnectionEnded,
    ConnectionEvent,
    ConnectionOutput,
    DisconnectReason,
    DisconnectRequested,
    Hello,
    LargeFrameChanged,
    PacketsSubmitted,
    PeerIdentified,
    PeerReady,
    Role,
    StreamEnded,
    StreamOpened,
    TimePassed,
)
from sottovoce.devp2p.frames import (
    FRAME_BYTES_MAX,
    FrameReader,
    FrameWriter,
    PlainFrames,
    UnfinishedFrame,
)
from sottovoce.devp2p.handshake import HandshakeDone, InitiatorHandshake, RecipientHandshake
from sottovoce.devp2p.handshake_packets import PACKET_BYTES_MAX
from sottovoce.devp2p.settings import (
    BASE_PROTOCOL_VERSION,
    CHATTER_MAX,
    CHATTER_PER_S,
    ConnectionSettings,
)

# The largest handshake packet: all that a stranger can make us keep.
HANDSHAKE_INPUT_BYTES_MAX: Final = PACKET_BYTES_MAX
# The first frame carries Hello (or Disconnect) behind a code of one byte.
_FIRST_FRAME_BYTES_MAX: Final = 1 + base_protocol.HELLO_BYTES_MAX
# An RLP integer of 64 bits, with its header.
_CODE_BYTES_MAX: Final = 9


class ConnectionState(Enum):
    """Where a connection stands."""

    NEW = "new"
    AWAITING_AUTH = "awaiting auth"
    AWAITING_ACK = "awaiting ack"
    AWAITING_ADMISSION = "awaiting admission"
    AWAITING_HELLO = "awaiting hello"
    READY = "ready"
    ENDED = "ended"


TRANSITIONS: Final[Mapping[ConnectionState, frozenset[ConnectionState]]] = {
    ConnectionState.NEW: frozenset(
        {ConnectionState.AWAITING_AUTH, ConnectionState.AWAITING_ACK, ConnectionState.ENDED}
    ),
    ConnectionState.AWAITING_AUTH: frozenset(
        {ConnectionState.AWAITING_ADMISSION, ConnectionState.ENDED}
    ),
    ConnectionState.AWAITING_ACK: frozenset(
        {ConnectionState.AWAITING_ADMISSION, ConnectionState.ENDED}
    ),
    ConnectionState.AWAITING_ADMISSION: frozenset(
        {ConnectionState.AWAITING_HELLO, ConnectionState.ENDED}
    ),
    ConnectionState.AWAITING_HELLO: frozenset({ConnectionState.READY, ConnectionState.ENDED}),
    ConnectionState.READY: frozenset({ConnectionState.ENDED}),
    ConnectionState.ENDED: frozenset(),
}

_HANDSHAKING: Final = frozenset({ConnectionState.AWAITING_AUTH, ConnectionState.AWAITING_ACK})
_READS_FRAMES: Final = frozenset({ConnectionState.AWAITING_HELLO, ConnectionState.READY})


class Connection:
    """A machine for one stream; after `ConnectionEnded` every event is answered with nothing."""

    __slots__ = (
        "_chatter",
        "_entropy",
        "_handshake",
        "_handshake_deadline_s",
        "_identity",
        "_outbox",
        "_ping_deadline_s",
        "_plain_frames",
        "_queue",
        "_ranges",
        "_read_deadline_s",
        "_reader",
        "_remote",
        "_role",
        "_settings",
        "_state",
        "_writer",
    )

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        role: Role,
        identity: PrivateKey,
        remote: PublicKey | None,
        entropy: Entropy,
        plain_frames: PlainFrames | None = None,
    ) -> None:
        """Make the machine of a stream that is about to be opened.

        Args:
            settings: What all connections of the node share.
            role: Who opens the stream.
            identity: Our node key.
            remote: The peer's node key; the initiator must know it, a recipient gives None.
            entropy: For the ephemeral key, the nonce and the padding of the handshake.
            plain_frames: What all connections of a node share, or None for one of its own.

        Raises:
            LocalProtocolError: The initiator was given no key, or one that is not on the curve.
        """
        if role is Role.INITIATOR:
            _check_remote(remote)
        self._settings = settings
        self._role = role
        self._identity = identity
        self._remote = remote
        self._entropy = entropy
        self._plain_frames = plain_frames
        self._state = ConnectionState.NEW
        self._queue = ByteQueue()
        self._handshake: InitiatorHandshake | RecipientHandshake | None = None
        self._reader: FrameReader | None = None
        self._writer: FrameWriter | None = None
        self._ranges: tuple[CodeRange, ...] = ()
        self._handshake_deadline_s = 0.0
        self._ping_deadline_s = 0.0
        self._read_deadline_s = 0.0
        self._outbox = ConnectionOutbox()
        self._chatter: TokenBucket | None = None

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._state

    def handle(self, event: ConnectionEvent, now: Moment) -> list[ConnectionOutput]:
        """Take one event and return what follows from it.

        All bytes to send come as one output in front, packets of one subprotocol that came in a
        row as one output, and the end last.

        Raises:
            LocalProtocolError: The event does not fit the state, or packets were submitted for
                no matched subprotocol, with a code out of range, or too large. Nothing has
                changed then.
        """
        if self._state is ConnectionState.ENDED:
            return []
        try:
            self._dispatch(event, now)
        except RemoteProtocolError as error:
            # Whoever breaks the protocol is not told a reason: go-ethereum just closes, and after
            # a bad MAC nothing that we send could be trusted to arrive.
            self._end(None, f"the peer broke the protocol: {error}")
        return self._outbox.collect()

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which `TimePassed` is due, or None."""
        if self._state in (ConnectionState.NEW, ConnectionState.ENDED):
            return None
        if self._state is ConnectionState.READY:
            return min(self._ping_deadline_s, self._read_deadline_s)
        return self._handshake_deadline_s

    # ---- events

    def _dispatch(self, event: ConnectionEvent, now: Moment) -> None:
        match event:
            case BytesReceived():
                self._on_bytes(event.data, now)
            case PacketsSubmitted():
                self._on_submitted(event)
            case TimePassed():
                self._on_time(now)
            case StreamOpened():
                self._on_opened(now)
            case Admitted():
                self._on_admitted(now)
            case DisconnectRequested():
                self._disconnect(event.reason, f"we ended it: {_words(event.reason)}")
            case StreamEnded():
                self._end(None, "the stream ended", by_remote=True)
            case _:
                assert_never(event)

    def _on_opened(self, now: Moment) -> None:
        self._require(ConnectionState.NEW, "a stream is opened once")
        self._handshake_deadline_s = now.monotonic_s + self._settings.handshake_timeout_s
        if self._role is Role.RECIPIENT:
            self._handshake = RecipientHandshake(self._identity, entropy=self._entropy)
            self._enter(ConnectionState.AWAITING_AUTH)
            return
        assert self._remote is not None
        initiator = InitiatorHandshake(self._identity, self._remote, entropy=self._entropy)
        self._handshake = initiator
        self._outbox.send(initiator.auth_packet)
        self._enter(ConnectionState.AWAITING_ACK)

    def _on_bytes(self, data: bytes, now: Moment) -> None:
        if self._state is ConnectionState.NEW:
            raise LocalProtocolError("bytes cannot arrive before the stream is opened")
        if self._state in _READS_FRAMES:
            self._queue.append(data)
            self._read_frames(now)
            return
        if len(self._queue) + len(data) > HANDSHAKE_INPUT_BYTES_MAX:
            raise RemoteProtocolError(
                f"more than {HANDSHAKE_INPUT_BYTES_MAX} bytes came before the first frame was due"
            )
        self._queue.append(data)
        if self._state in _HANDSHAKING:
            self._advance_handshake()

    def _on_admitted(self, now: Moment) -> None:
        self._require(ConnectionState.AWAITING_ADMISSION, "only an identified peer is admitted")
        writer = self._frame_writer()
        hello = Hello(
            BASE_PROTOCOL_VERSION,
            self._settings.client_id,
            tuple((entry.name, entry.version) for entry in self._settings.capabilities),
            self._settings.listen_port,
            secp256k1.public_key(self._identity),
        )
        self._outbox.send(writer.write(BaseCode.HELLO, base_protocol.encode_hello(hello)))
        # A peer of version 5 inflates all that follows our Hello, even before we have read its
        # own; `_on_hello` takes this back for an older one.
        writer.compressed = True
        self._enter(ConnectionState.AWAITING_HELLO)
        self._read_frames(now)

    def _on_submitted(self, event: PacketsSubmitted) -> None:
        self._require(ConnectionState.READY, "packets can be sent once the peer is ready")
        capability, offset = self._range_of(event.protocol)
        code_count = capability.code_count
        frames = []
        for code, payload in event.packets:
            if not 0 <= code < code_count:
                raise LocalProtocolError(
                    f"{event.protocol} has no packet code {code}: it reserves {code_count}"
                )
            frames.append((offset + code, payload))
        if frames:
            self._outbox.send(self._frame_writer().write_all(frames))

    def _range_of(self, protocol: str) -> CodeRange:
        for entry in self._ranges:
            if entry.capability.name == protocol:
                return entry
        raise LocalProtocolError(f"the peer does not run {protocol!r}")

    def _on_time(self, now: Moment) -> None:
        if self._state is ConnectionState.NEW:
            return
        if self._state is not ConnectionState.READY:
            if now.monotonic_s >= self._handshake_deadline_s:
                self._end(
                    DisconnectReason.READ_TIMEOUT,
                    f"the handshake took longer than {self._settings.handshake_timeout_s:g} s",
                )
        elif now.monotonic_s >= self._read_deadline_s:
            # Like go-ethereum, nothing is sent to a peer that does not seem to be there.
            self._end(
                DisconnectReason.READ_TIMEOUT,
                f"no whole frame came for {self._settings.read_timeout_s:g} s",
            )
        elif now.monotonic_s >= self._ping_deadline_s:
            self._ping_deadline_s = now.monotonic_s + self._settings.ping_interval_s
            self._outbox.send(self._frame_writer().write(BaseCode.PING, base_protocol.EMPTY_BODY))

    # ---- handshake

    def _advance_handshake(self) -> None:
        assert self._handshake is not None
        done = self._handshake.advance(self._queue)
        if done is not None:
            self._finish_handshake(done)

    def _finish_handshake(self, done: HandshakeDone) -> None:
        self._handshake = None
        self._remote = done.remote
        self._reader = FrameReader(done.secrets, length_max=_FIRST_FRAME_BYTES_MAX)
        self._writer = FrameWriter(done.secrets, self._plain_frames)
        if done.reply:
            self._outbox.send(done.reply)
        self._enter(ConnectionState.AWAITING_ADMISSION)
        self._outbox.tell(PeerIdentified(done.remote))

    # ---- frames

    def _read_frames(self, now: Moment) -> None:
        reader = self._reader
        assert reader is not None
        unfinished = reader.unfinished
        while self._state is not ConnectionState.ENDED:
            frame = reader.read(self._queue)
            if frame is None:
                if reader.unfinished is not unfinished:
                    self._large_frame_changed(reader.unfinished, now)
                return
            code, payload = frame
            self._read_deadline_s = now.monotonic_s + self._settings.read_timeout_s
            if code >= BASE_CODE_COUNT:
                self._on_subprotocol_packet(code, payload)
            elif self._state is ConnectionState.AWAITING_HELLO:
                self._on_first_packet(code, payload, now)
            else:
                self._on_base_packet(code, payload, now)

    def _large_frame_changed(self, frame: UnfinishedFrame | None, now: Moment) -> None:
        # A header is a sign of life: the rest may have to wait until the node has room for it.
        self._read_deadline_s = now.monotonic_s + self._settings.read_timeout_s
        self._outbox.tell(LargeFrameChanged(0 if frame is None else frame.size_bytes))

    def _on_first_packet(self, code: int, payload: bytes, now: Moment) -> None:
        if code == BaseCode.DISCONNECT:
            self._on_disconnect(payload)
        elif code == BaseCode.HELLO:
            self._on_hello(payload, now)
        else:
            raise RemoteProtocolError(f"the first packet has code {code} instead of Hello")

    def _on_hello(self, payload: bytes, now: Moment) -> None:
        try:
            hello = base_protocol.decode_hello(payload)
        except InvalidKeyError as error:
            self._disconnect(DisconnectReason.INVALID_IDENTITY, str(error))
            return
        self._switch_compression(hello.version >= BASE_PROTOCOL_VERSION)
        if hello.public_key != self._remote:
            self._disconnect(
                DisconnectReason.UNEXPECTED_IDENTITY,
                "the peer's Hello names another key than its handshake",
            )
            return
        self._ranges = match_capabilities(self._settings.capabilities, hello.capabilities)
        if not self._ranges:
            ours = sort_capabilities(entry[:2] for entry in self._settings.capabilities)
            detail = (
                "no subprotocol is shared: we speak"
                f" {show_capabilities(ours)}, the peer {show_capabilities(hello.capabilities)}"
            )
            self._disconnect(DisconnectReason.USELESS_PEER, detail)
            return
        self._ping_deadline_s = now.monotonic_s + self._settings.ping_interval_s
        self._chatter = TokenBucket(
            capacity=CHATTER_MAX, refill_per_s=CHATTER_PER_S, now_s=now.monotonic_s
        )
        self._enter(ConnectionState.READY)
        shared = tuple(entry.capability for entry in self._ranges)
        self._outbox.tell(PeerReady(hello, shared))

    def _switch_compression(self, compressed: bool) -> None:
        assert self._reader is not None
        self._reader.compressed = compressed
        payload_max = self._settings.payload_bytes_max
        self._reader.payload_max = payload_max
        packed = snappy.compressed_bytes_max(payload_max) + _CODE_BYTES_MAX
        self._reader.length_max = min(packed, FRAME_BYTES_MAX)
        self._frame_writer().compressed = compressed

    def _on_base_packet(self, code: int, payload: bytes, now: Moment) -> None:
        assert self._chatter is not None
        if code == BaseCode.DISCONNECT:
            self._on_disconnect(payload)
        elif self._chatter.spend(1.0, now.monotonic_s):
            self._disconnect(DisconnectReason.PROTOCOL_BREACH, "too many pings and empty packets")
        elif code == BaseCode.PING:
            self._outbox.send(self._frame_writer().write(BaseCode.PONG, base_protocol.EMPTY_BODY))

    def _on_disconnect(self, payload: bytes) -> None:
        number = base_protocol.decode_disconnect(payload)
        reason = base_protocol.name_reason(number)
        if reason is None:
            # Go nodes crash on names of reasons above 16; one that we cannot name is not repeated.
            self._end(None, f"the peer ended it with the unknown reason {number}", by_remote=True)
            return
        self._disconnect(reason, f"the peer ended it: {_words(reason)}", by_remote=True)

    def _on_subprotocol_packet(self, code: int, payload: bytes) -> None:
        # Before Hello there are no ranges, so that this refuses early packets too.
        found = find_range(self._ranges, code)
        if found is None:
            raise RemoteProtocolError(f"packet code {code} belongs to no shared subprotocol")
        self._outbox.deliver(found.capability.name, Packet(code - found.offset, payload))

    def _frame_writer(self) -> FrameWriter:
        assert self._writer is not None
        return self._writer

    # ---- the end

    def _disconnect(
        self, reason: DisconnectReason, detail: str, *, by_remote: bool = False
    ) -> None:
        # A network error is never told: the stream it speaks of is gone.
        if self._writer is not None and reason is not DisconnectReason.NETWORK_ERROR:
            body = base_protocol.encode_disconnect(reason)
            self._outbox.send(self._writer.write(BaseCode.DISCONNECT, body))
        self._end(reason, detail, by_remote=by_remote)

    def _end(
        self, reason: DisconnectReason | None, detail: str, *, by_remote: bool = False
    ) -> None:
        self._enter(ConnectionState.ENDED)
        self._outbox.tell(ConnectionEnded(reason, by_remote, detail))
        self._queue.clear()
        self._handshake = None
        self._reader = None
        self._writer = None

    # ---- bookkeeping

    def _enter(self, state: ConnectionState) -> None:
        assert state in TRANSITIONS[self._state]
        self._state = state

    def _require(self, state: ConnectionState, rule: str) -> None:
        if self._state is not state:
            raise LocalProtocolError(f"{rule}; the connection is {self._state.value}")


def _check_remote(remote: PublicKey | None) -> None:
    if remote is None:
        raise LocalProtocolError("an initiator must know the key of the node that it calls")
    try:
        secp256k1.parse_public_key(remote.raw)
    except InvalidKeyError as error:
        raise LocalProtocolError(f"the node to call has an unusable key: {error}") from None


def _words(reason: DisconnectReason) -> str:
    return reason.name.lower().replace("_", " ")
