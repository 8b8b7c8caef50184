"""The streams of a node: who is connected, who is dialled, and what becomes of each.

It owns connection machines, slots and the dial schedule, and which sessions of gossip a stream
carries: one for each subprotocol that both sides speak. Packets go up to gossip as they are,
through one function; what is in them it never looks at.

Spec: devp2p rlpx.md; go-ethereum 1.9.6 p2p/server.go and p2p/dial.go are the model.
"""

import math
from collections.abc import Callable
from typing import assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.frames import PlainFrames
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip import events as gossip
from sottovoce.gossip.traffic import SessionTraffic
from sottovoce.node import inputs
from sottovoce.node.dialing import DialSchedule
from sottovoce.node.effects import (
    CloseStream,
    Dial,
    Effect,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    WriteBytes,
)
from sottovoce.node.frame_room import TOO_SLOW, FrameRoom
from sottovoce.node.link import Link, is_whisper, protocol_of, session_number, stream_of
from sottovoce.node.peer_admission import Candidate, PeerAdmission, network_of
from sottovoce.node.settings import NodeSettings
from sottovoce.node.statistics import LinkStatistics
from sottovoce.node.traffic import PeerTraffic


class Links:
    """Every stream of a node, from the moment it opens until it is gone.

    Args:
        settings: Limits on peers.
        connection_settings: What all connections share.
        identity: The node key.
        entropy: For handshakes and for the jitter of redials.
        tell_relay: Told what gossip has to know, in order.
        emit: Told each effect, in order.
    """

    def __init__(
        self,
        settings: NodeSettings,
        connection_settings: ConnectionSettings,
        *,
        identity: PrivateKey,
        entropy: Entropy,
        tell_relay: Callable[[gossip.GossipEvent, Moment], None],
        emit: Callable[[Effect], None],
    ) -> None:
        self.public_key = secp256k1.public_key(identity)
        self.statistics = LinkStatistics()
        self._settings = settings
        self._connection_settings = connection_settings
        self._identity = identity
        self._entropy = entropy
        self._plain_frames = PlainFrames()
        self._tell_relay = tell_relay
        self._emit = emit
        self._schedule = DialSchedule(settings, entropy)
        self._admission = PeerAdmission(settings, self.public_key)
        self._exempt = frozenset(network_of(host) for host in settings.exempt_addresses)
        self._links: dict[int, Link] = {}
        self._slots: dict[PublicKey, int] = {}  # which stream is the connection of a key
        self._dialled: dict[int, Enode] = {}
        # Nothing is due on a link before this moment; most events only put deadlines off, so that
        # it is rarely exact. To look at every link after every event would cost more than that.
        self._due_s = math.inf
        self._room = FrameRoom(settings, self.statistics, emit, self._cut_off)
        self._trusted: set[PublicKey] = set()
        self._shutting_down = False

    @property
    def peer_count(self) -> int:
        """How many peers are connected and greeted."""
        return sum(link.greeted for link in self._links.values())

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return {
            "links": len(self._links),
            "slots": len(self._slots),
            "dials": len(self._dialled),
        } | self._room.sizes()

    def traffic_of(self, session: SessionTraffic) -> PeerTraffic:
        """Return what a session carried, with who is behind it."""
        link = self._links[stream_of(session.peer)]
        assert link.public_key is not None
        return PeerTraffic(link.public_key, link.address, session.protocol, session.carried)

    def key_of(self, peer: int) -> PublicKey:
        """Return the node key behind a session that gossip knows."""
        key = self._links[stream_of(peer)].public_key
        assert key is not None
        return key

    def greeted_sessions(self, key: PublicKey) -> tuple[int, ...]:
        """Return the sessions with a greeted peer, that of Waku first; none if it is not there."""
        link = self._links.get(self._slots.get(key, -1))
        if link is None or not link.greeted:
            return ()
        return tuple(sorted(link.sessions, key=is_whisper))

    def greeted_peer(self, key: PublicKey) -> int | None:
        """Return the preferred session with a greeted peer, or None if it is not connected."""
        return next(iter(self.greeted_sessions(key)), None)

    def greeted_on_whisper(self, key: PublicKey) -> int | None:
        """Return the Whisper session with a greeted peer, or None if there is none."""
        return next(filter(is_whisper, self.greeted_sessions(key)), None)

    def is_trusted(self, key: PublicKey) -> bool:
        """Tell whether the owner trusts a peer, connected or not."""
        return key in self._trusted

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        dial_s = None if self._shutting_down else self._schedule.next_deadline()
        deadlines = (self._due_s, dial_s, self._room.next_deadline())
        due_s = min(moment for moment in deadlines if moment is not None)
        return None if due_s == math.inf else due_s

    def handle(
        self,
        event: inputs.StreamBytes
        | inputs.WriteBlocked
        | inputs.WriteDrained
        | inputs.StreamAccepted
        | inputs.DialSucceeded
        | inputs.DialFailed
        | inputs.StreamClosed,
        now: Moment,
    ) -> None:
        """Take what happened to a stream."""
        match event:
            case inputs.StreamBytes(stream, data):
                self.statistics.received_bytes += len(data)
                self._tell_connection(stream, wire.BytesReceived(data), now)
            case inputs.WriteBlocked() | inputs.WriteDrained():
                self._write_pressure(event, now)
            case inputs.StreamAccepted(stream, address):
                self._stream_accepted(stream, address, now)
            case inputs.DialSucceeded(attempt, stream, address):
                self._dial_succeeded(attempt, stream, address, now)
            case inputs.DialFailed(attempt, detail):
                self._dial_failed(attempt, detail, now)
            case inputs.StreamClosed(stream):
                self._tell_connection(stream, wire.StreamEnded(), now)
                self._links.pop(stream, None)
                if not self._links:
                    self._due_s = math.inf
            case _:
                assert_never(event)

    # ---- streams

    def _stream_accepted(self, stream: int, address: str, now: Moment) -> None:
        if self._shutting_down or self._admission.refuses_address(address, now.monotonic_s):
            self.statistics.throttled += 1
            self._emit(CloseStream(stream))
            return
        pending = [
            link
            for link in self._links.values()
            if link.inbound and not link.holds_slot and not link.ended
        ]
        if len(pending) >= self._settings.pending_inbound_max:
            # The oldest makes room: an honest handshake takes milliseconds, so a storm of half
            # ones cannot keep an honest peer out.
            self.statistics.crowded_out += 1
            self._link_ended(pending[0], "a newer connection took the place of its handshake", now)
        self.statistics.accepted += 1
        self._open_link(stream, address, None, now)

    def _dial_failed(self, attempt: int, detail: str, now: Moment) -> None:
        self._dialled.pop(attempt, None)
        key = self._schedule.finish_attempt(attempt)
        if key is not None:
            self._dial_came_to_nothing(key, detail, now)
        self._dial_due(now)

    def _dial_succeeded(self, attempt: int, stream: int, address: str, now: Moment) -> None:
        enode = self._dialled.pop(attempt, None)
        key = self._schedule.finish_attempt(attempt)
        wanted = key is not None and self._schedule.is_static(key)
        if enode is None or not wanted or self._shutting_down:
            self._emit(CloseStream(stream))
        else:
            self._open_link(stream, address, enode, now)
        self._dial_due(now)

    def _open_link(self, stream: int, address: str, target: Enode | None, now: Moment) -> None:
        connection = Connection(
            self._connection_settings,
            role=wire.Role.RECIPIENT if target is None else wire.Role.INITIATOR,
            identity=self._identity,
            remote=None if target is None else target.public_key,
            entropy=self._entropy,
            plain_frames=self._plain_frames,
        )
        self._links[stream] = Link(stream, connection, address, target is None, target)
        self._tell_connection(stream, wire.StreamOpened(), now)

    def _write_pressure(
        self, event: inputs.WriteBlocked | inputs.WriteDrained, now: Moment
    ) -> None:
        link = self._links.get(event.stream)
        if link is None or link.ended:
            return
        blocked = isinstance(event, inputs.WriteBlocked)
        link.blocked_since_s = now.monotonic_s if blocked else None
        self._note_deadline(link)
        pressure = gossip.PeerBlocked if blocked else gossip.PeerDrained
        for session in link.sessions:
            self._tell_relay(pressure(session), now)

    def time_passed(self, now: Moment) -> None:
        """Let every connection and dial have what is due to it."""
        if self._due_s <= now.monotonic_s:
            self._links_time_passed(now)
        self._room.settle(now)
        self._dial_due(now)

    def _links_time_passed(self, now: Moment) -> None:
        for link in list(self._links.values()):
            deadline = link.connection.next_deadline()
            if deadline is not None and deadline <= now.monotonic_s:
                self._tell_connection(link.stream, wire.TimePassed(), now)
            blocked_s = link.blocked_since_s
            if (
                blocked_s is not None
                and blocked_s + self._settings.write_timeout_s <= now.monotonic_s
            ):
                self.statistics.write_timeouts += 1
                self._link_ended(link, "the peer took no bytes for too long", now)
        self._due_s = math.inf
        for link in self._links.values():
            self._note_deadline(link)

    def _note_deadline(self, link: Link) -> None:
        if link.ended:
            return  # Only its stream is left to close; nothing is due on it.
        deadline = link.connection.next_deadline()
        if deadline is not None and deadline < self._due_s:
            self._due_s = deadline
        if link.blocked_since_s is not None:
            timeout_s = link.blocked_since_s + self._settings.write_timeout_s
            self._due_s = min(self._due_s, timeout_s)

    # ---- connections

    def _tell_connection(self, stream: int, event: wire.ConnectionEvent, now: Moment) -> None:
        link = self._links.get(stream)
        if link is None or link.ended:
            return
        outputs = link.connection.handle(event, now)
        self._note_deadline(link)
        self._carry_out(link, outputs, now)

    def _carry_out(self, link: Link, outputs: list[wire.ConnectionOutput], now: Moment) -> None:
        # All bytes of one call are in front, so that they leave before anything that its other
        # outputs set off: the frames are sealed in this order, and the peer can open them in no
        # other.
        for output in outputs:
            match output:
                case wire.BytesToSend():
                    self.statistics.sent_bytes += len(output.data)
                    self._emit(WriteBytes(link.stream, output.data))
                case wire.PacketsReceived():
                    session = session_number(link.stream, output.protocol)
                    self._tell_relay(gossip.PeerPackets(session, output.packets), now)
                case wire.PeerIdentified(public_key):
                    self._peer_identified(link, public_key, now)
                case wire.PeerReady(hello, capabilities):
                    self._peer_ready(link, hello, capabilities, now)
                case wire.LargeFrameChanged(size_bytes):
                    self._large_frame_changed(link, size_bytes, now)
                case wire.ConnectionEnded(reason, by_remote, detail):
                    self.statistics.count_end(reason, by_remote=by_remote)
                    self._link_ended(link, detail, now)
                case _:
                    assert_never(output)

    def _large_frame_changed(self, link: Link, size_bytes: int, now: Moment) -> None:
        if not link.ended and link.public_key is not None:  # gossip may have ended it meanwhile
            is_privileged = self._is_privileged(link.public_key)
            self._room.look(link.stream, size_bytes, now, is_privileged=is_privileged)

    def _cut_off(self, stream: int, now: Moment) -> None:
        self._links[stream].failure = TOO_SLOW
        self._disconnect(stream, wire.DisconnectReason.READ_TIMEOUT, now)

    def _peer_identified(self, link: Link, key: PublicKey, now: Moment) -> None:
        link.public_key = key
        rival = self._links.get(self._slots.get(key, -1))
        if rival is not None and self._admission.may_replace(rival, link, key):
            if not link.inbound:
                self._take_slot(link, key, now)
            self._tell_connection(link.stream, wire.Admitted(), now)
            return
        strangers = sum(not self._is_privileged(other) for other in self._slots)
        candidate = Candidate(key, self._is_privileged(key))
        refusal = self._admission.refuse_peer(candidate, self._slots, strangers)
        if refusal is not None:
            self._tell_connection(link.stream, wire.DisconnectRequested(refusal), now)
            return
        self._take_slot(link, key, now)
        self._tell_connection(link.stream, wire.Admitted(), now)

    def _take_slot(self, link: Link, key: PublicKey, now: Moment) -> None:
        """Make a link the connection of its key; the one that was it until now is ended."""
        rival = self._links.get(self._slots.get(key, -1))
        self._slots[key] = link.stream
        link.holds_slot = True
        self._schedule.connected(key)
        if rival is not None:
            rival.holds_slot = False
            self._disconnect(rival.stream, wire.DisconnectReason.ALREADY_CONNECTED, now)

    def _is_privileged(self, key: PublicKey) -> bool:
        """Whether a peer has a place of its own, above the number of strangers that we keep."""
        return key in self._trusted or self._schedule.is_static(key)

    def _peer_ready(
        self, link: Link, hello: wire.Hello, capabilities: tuple[Capability, ...], now: Moment
    ) -> None:
        link.client_id, link.capabilities = hello.client_id, capabilities
        if not link.holds_slot:
            assert link.public_key is not None
            self._take_slot(link, link.public_key, now)
        numbers = [session_number(link.stream, capability.name) for capability in capabilities]
        link.ungreeted.update(numbers)
        for number, capability in zip(numbers, capabilities, strict=True):
            if link.ended:
                return
            link.sessions = (*link.sessions, number)
            self._tell_relay(self._joined(link, number, capability), now)
            if link.blocked_since_s is not None:
                self._tell_relay(gossip.PeerBlocked(number), now)

    def _joined(self, link: Link, session: int, capability: Capability) -> gossip.PeerJoined:
        key, network = link.public_key, network_of(link.address)
        assert key is not None
        return gossip.PeerJoined(
            session,
            capability,
            trusted=key in self._trusted,
            address=network,
            exempt=self._is_privileged(key) or network in self._exempt,
            twin=link.twin_of(session),
        )

    def _link_ended(self, link: Link, detail: str, now: Moment) -> None:
        if link.ended:
            return
        link.ended = True
        link.detail = link.failure or detail
        if link.target is not None and link.public_key is None:
            link.detail += " during the handshake; the enode may name another node's key"
        link.blocked_since_s = None
        self._emit(CloseStream(link.stream))
        self._room.forget(link.stream, now)
        for session in link.sessions:
            self._tell_relay(gossip.PeerLeft(session), now)
        key = link.public_key
        if link.holds_slot and key is not None:
            del self._slots[key]
        if link.greeted and key is not None:
            self._emit(PeerDisconnected(key, link.detail))
        self._redial_later(link, now)

    def _redial_later(self, link: Link, now: Moment) -> None:
        """Put the peer of a finished link back on the schedule if it has no other link."""
        target = link.target.public_key if link.target is not None else None
        for key in {link.public_key, target} - {None}:
            assert key is not None
            if any(not other.ended for other in self._links_of(key)):
                continue
            if link.greeted:
                self._schedule.lost(key, now.monotonic_s)
            else:
                self._dial_came_to_nothing(key, link.detail, now)

    # ---- dialling

    def _dial_due(self, now: Moment) -> None:
        if self._shutting_down:
            return
        for attempt, enode in self._schedule.due(now.monotonic_s):
            assert enode.host is not None
            self._dialled[attempt] = enode
            self._emit(Dial(attempt, enode.host, enode.tcp_port))

    def _dial_came_to_nothing(self, key: PublicKey, detail: str, now: Moment) -> None:
        wait_s = self._schedule.lost(key, now.monotonic_s)
        if wait_s is not None and not self._shutting_down:
            self._emit(PeerUnreachable(key, detail, wait_s))

    # ---- the owner

    def add_peer(self, enode: Enode, *, trusted: bool, now: Moment) -> None:
        """Connect to a peer and keep redialling it.

        Raises:
            LocalProtocolError: It is ourselves, or it has no address to dial.
        """
        if enode.public_key == self.public_key:
            raise LocalProtocolError("this enode is our own; add another node's")
        self._schedule.add(enode, now.monotonic_s)
        if trusted:
            self.trust(enode.public_key, trusted=True, now=now)
        if enode.public_key in self._slots:
            self._schedule.connected(enode.public_key)
        self._dial_due(now)

    def remove_peer(self, key: PublicKey, now: Moment) -> None:
        """Disconnect a peer and stop redialling it."""
        self._schedule.remove(key)
        for link in self._links_of(key):
            self._disconnect(link.stream, wire.DisconnectReason.REQUESTED, now)

    def shut_down(self, now: Moment) -> None:
        """Say goodbye to everybody; nothing is dialled or accepted any more."""
        self._shutting_down = True
        self._schedule.clear()
        for stream in list(self._links):
            self._disconnect(stream, wire.DisconnectReason.QUITTING, now)

    def trust(self, key: PublicKey, *, trusted: bool, now: Moment) -> None:
        """Take direct messages from a peer and let it in when we are full, or no more."""
        if trusted:
            self._trusted.add(key)
        else:
            self._trusted.discard(key)
        link = self._links.get(self._slots.get(key, -1))
        for session in () if link is None else link.sessions:
            self._tell_relay(gossip.PeerTrustChanged(session, trusted), now)

    def _links_of(self, key: PublicKey) -> list[Link]:
        """Return the links with a peer, and those that still dial it."""
        return [
            link
            for link in self._links.values()
            if link.public_key == key or (link.target is not None and link.target.public_key == key)
        ]

    def _disconnect(self, stream: int, reason: wire.DisconnectReason, now: Moment) -> None:
        self._tell_connection(stream, wire.DisconnectRequested(reason), now)

    # ---- gossip

    def send(self, peer: int, packets: tuple[Packet, ...], now: Moment) -> None:
        """Send packets of one session."""
        link = self._links.get(stream_of(peer))
        if link is not None and not link.ended:
            submitted = wire.PacketsSubmitted(protocol_of(peer), packets)
            # What is sent moves no deadline.
            self._carry_out(link, link.connection.handle(submitted, now), now)

    def greeted(self, peer: int) -> None:
        """Note that the greeting on one session is complete; the last makes the peer connected."""
        link = self._links[stream_of(peer)]
        assert link.public_key is not None
        link.ungreeted.discard(peer)
        if link.ungreeted:
            return
        link.greeted = True
        self._schedule.greeted(link.public_key)
        self._emit(
            PeerConnected(
                link.public_key, link.client_id, link.address, link.inbound, link.protocols()
            )
        )

    def fail(self, peer: int, detail: str, now: Moment) -> None:
        """End the connection of a peer that broke the subprotocol of one session."""
        stream = stream_of(peer)
        self._links[stream].failure = detail
        self._disconnect(stream, wire.DisconnectReason.SUBPROTOCOL_ERROR, now)
