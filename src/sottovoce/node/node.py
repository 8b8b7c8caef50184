"""The node: connections, relay, dialling and posting, composed into one machine.

`Node` owns the order in which they hear of things and nothing of what they do. It knows no socket
and no clock: the driver and the simulator feed it the same inputs and carry out the same effects.
"""

from typing import assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip import events as gossip
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node import inputs
from sottovoce.node.dialing import DialSchedule
from sottovoce.node.effects import (
    CloseStream,
    Compute,
    ConfirmedByPeer,
    Dial,
    Effect,
    MessageArrived,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    PostFailed,
    PostSucceeded,
    SentToPeer,
    WriteBytes,
)
from sottovoce.node.link import Link
from sottovoce.node.peer_admission import Candidate, PeerAdmission
from sottovoce.node.posting import Mined, Posting
from sottovoce.node.settings import NodeSettings

CAPABILITIES: tuple[Capability, ...] = (WHISPER_V6,)


class Node:
    """A relay with an owner, as one sans-I/O machine.

    Args:
        identity: The node key; its public half is the address in our enode.
        client_id: How we call ourselves to peers.
        entropy: Where keys, nonces, padding and delays come from.
        settings: Limits on peers.
        gossip_settings: Limits on envelopes.
    """

    def __init__(
        self,
        *,
        identity: PrivateKey,
        client_id: str,
        entropy: Entropy,
        settings: NodeSettings,
        gossip_settings: GossipSettings,
    ) -> None:
        self.public_key = secp256k1.public_key(identity)
        self._identity = identity
        self._entropy = entropy
        self._settings = settings
        self._connection_settings = ConnectionSettings(client_id, CAPABILITIES)
        self._relay = Relay(gossip_settings, entropy=entropy)
        self._schedule = DialSchedule(settings, entropy)
        self._admission = PeerAdmission(settings, self.public_key)
        self._posting = Posting(entropy)
        self._links: dict[int, Link] = {}
        self._slots: dict[PublicKey, int] = {}  # which stream is the connection of a key
        self._dialled: dict[int, Enode] = {}
        self._trusted: set[PublicKey] = set()
        self._shutting_down = False
        self._effects: list[Effect] = []

    @property
    def relay_statistics(self) -> RelayStatistics:
        """The relay's counters, live."""
        return self._relay.statistics

    @property
    def peer_count(self) -> int:
        """How many peers are connected and greeted."""
        return sum(link.greeted for link in self._links.values())

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        deadlines = [self._relay.next_deadline()]
        if not self._shutting_down:
            deadlines.append(self._schedule.next_deadline())
        for link in self._links.values():
            if link.ended:
                continue  # Only its stream is left to close; nothing is due on it.
            deadlines.append(link.connection.next_deadline())
            if link.blocked_since_s is not None:
                deadlines.append(link.blocked_since_s + self._settings.write_timeout_s)
        return min((moment for moment in deadlines if moment is not None), default=None)

    def handle(self, event: inputs.Input, now: Moment) -> list[Effect]:
        """Take one input and return its effects in order.

        Raises:
            LocalProtocolError: The owner asked for something impossible; nothing has changed.
        """
        # If a bug of ours raises halfway, what was ready before it leaves with the next input: a
        # sealed frame that never leaves would make every later frame of its stream unreadable.
        self._dispatch(event, now)
        effects, self._effects = self._effects, []
        return effects

    def _dispatch(self, event: inputs.Input, now: Moment) -> None:
        match event:
            case inputs.StreamBytes(stream, data):
                self._tell_connection(stream, wire.BytesReceived(data), now)
            case inputs.TimePassed():
                self._time_passed(now)
            case inputs.WriteBlocked() | inputs.WriteDrained():
                self._write_pressure(event, now)
            case (
                inputs.StreamAccepted()
                | inputs.DialSucceeded()
                | inputs.DialFailed()
                | inputs.StreamClosed()
            ):
                self._stream_changed(event, now)
            case inputs.PostMessage() | inputs.CancelPost() | inputs.Computed():
                self._post(event, now)
            case inputs.AddPeer() | inputs.RemovePeer() | inputs.TrustPeer() | inputs.ShutDown():
                self._peers_wanted(event, now)
            case _:
                self._gossip_wanted(event, now)

    # ---- streams

    def _stream_changed(
        self,
        event: inputs.StreamAccepted
        | inputs.DialSucceeded
        | inputs.DialFailed
        | inputs.StreamClosed,
        now: Moment,
    ) -> None:
        match event:
            case inputs.StreamAccepted(stream, address):
                self._stream_accepted(stream, address, now)
            case inputs.DialSucceeded(attempt, stream, address):
                self._dial_succeeded(attempt, stream, address, now)
            case inputs.DialFailed(attempt, detail):
                self._dialled.pop(attempt, None)
                key = self._schedule.finish_attempt(attempt)
                if key is not None:
                    self._dial_came_to_nothing(key, detail, now)
                self._dial_due(now)
            case inputs.StreamClosed(stream):
                self._tell_connection(stream, wire.StreamEnded(), now)
                self._links.pop(stream, None)
            case _:
                assert_never(event)

    def _stream_accepted(self, stream: int, address: str, now: Moment) -> None:
        pending = sum(link.inbound and link.public_key is None for link in self._links.values())
        refusal = self._admission.refuse_address(address, pending, now.monotonic_s)
        if self._shutting_down or refusal is not None:
            self._effects.append(CloseStream(stream))
            return
        self._open_link(stream, address, None, now)

    def _dial_succeeded(self, attempt: int, stream: int, address: str, now: Moment) -> None:
        enode = self._dialled.pop(attempt, None)
        key = self._schedule.finish_attempt(attempt)
        wanted = key is not None and self._schedule.is_static(key)
        if enode is None or not wanted or self._shutting_down:
            self._effects.append(CloseStream(stream))
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
        if link.joined:
            pressure = gossip.PeerBlocked if blocked else gossip.PeerDrained
            self._tell_relay(pressure(link.stream), now)

    def _time_passed(self, now: Moment) -> None:
        for link in list(self._links.values()):
            deadline = link.connection.next_deadline()
            if deadline is not None and deadline <= now.monotonic_s:
                self._tell_connection(link.stream, wire.TimePassed(), now)
            blocked_s = link.blocked_since_s
            if (
                blocked_s is not None
                and blocked_s + self._settings.write_timeout_s <= now.monotonic_s
            ):
                self._link_ended(link, "the peer took no bytes for too long", now)
        deadline = self._relay.next_deadline()
        if deadline is not None and deadline <= now.monotonic_s:
            self._tell_relay(gossip.TimePassed(), now)
        self._dial_due(now)

    # ---- connections

    def _tell_connection(self, stream: int, event: wire.ConnectionEvent, now: Moment) -> None:
        link = self._links.get(stream)
        if link is None or link.ended:
            return
        outputs = link.connection.handle(event, now)
        # All bytes of one call leave before anything that its other outputs set off: the frames
        # are sealed in this order, and the peer can open them in no other.
        self._effects += [
            WriteBytes(stream, output.data)
            for output in outputs
            if isinstance(output, wire.BytesToSend)
        ]
        for output in outputs:
            match output:
                case wire.BytesToSend():
                    pass
                case wire.PacketsReceived(_, packets):
                    self._tell_relay(gossip.PeerPackets(stream, packets), now)
                case wire.PeerIdentified(public_key):
                    self._peer_identified(link, public_key, now)
                case wire.PeerReady(hello, capabilities):
                    self._peer_ready(link, hello, capabilities, now)
                case wire.ConnectionEnded(_, _, detail):
                    self._link_ended(link, detail, now)
                case _:
                    assert_never(output)

    def _peer_identified(self, link: Link, key: PublicKey, now: Moment) -> None:
        link.public_key = key
        privileged = key in self._trusted or self._schedule.is_static(key)
        refusal = self._admission.refuse_peer(Candidate(key, link.inbound, privileged), self._slots)
        if refusal is not None:
            self._tell_connection(link.stream, wire.DisconnectRequested(refusal), now)
            return
        self._slots[key] = link.stream
        link.holds_slot = True
        self._schedule.connected(key)
        self._tell_connection(link.stream, wire.Admitted(), now)

    def _peer_ready(
        self, link: Link, hello: wire.Hello, capabilities: tuple[Capability, ...], now: Moment
    ) -> None:
        link.client_id = hello.client_id
        link.joined = True
        trusted = link.public_key in self._trusted
        self._tell_relay(gossip.PeerJoined(link.stream, capabilities[0], trusted), now)
        if link.blocked_since_s is not None:
            self._tell_relay(gossip.PeerBlocked(link.stream), now)

    def _link_ended(self, link: Link, detail: str, now: Moment) -> None:
        if link.ended:
            return
        link.ended = True
        link.detail = link.failure or detail
        link.blocked_since_s = None
        self._effects.append(CloseStream(link.stream))
        if link.joined:
            self._tell_relay(gossip.PeerLeft(link.stream), now)
        key = link.public_key
        if link.holds_slot and key is not None:
            del self._slots[key]
            if link.greeted:
                self._effects.append(PeerDisconnected(key, link.detail))
        self._redial_later(link, now)

    def _redial_later(self, link: Link, now: Moment) -> None:
        """Put the peer of a finished link back on the schedule if it has no other link."""
        target = link.target.public_key if link.target is not None else None
        for key in {link.public_key if link.holds_slot else None, target} - {None}:
            assert key is not None
            if key in self._slots:
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
            self._effects.append(Dial(attempt, enode.host, enode.tcp_port))

    def _dial_came_to_nothing(self, key: PublicKey, detail: str, now: Moment) -> None:
        wait_s = self._schedule.lost(key, now.monotonic_s)
        if wait_s is not None and not self._shutting_down:
            self._effects.append(PeerUnreachable(key, detail, wait_s))

    def _peers_wanted(
        self,
        event: inputs.AddPeer | inputs.RemovePeer | inputs.TrustPeer | inputs.ShutDown,
        now: Moment,
    ) -> None:
        match event:
            case inputs.AddPeer(enode, trusted):
                self._add_peer(enode, trusted=trusted, now=now)
            case inputs.RemovePeer(key):
                self._schedule.remove(key)
                for link in self._links_of(key):
                    self._disconnect(link.stream, wire.DisconnectReason.REQUESTED, now)
            case inputs.TrustPeer(key, trusted):
                self._trust(key, trusted=trusted, now=now)
            case inputs.ShutDown():
                self._shutting_down = True
                self._schedule.clear()
                for stream in list(self._links):
                    self._disconnect(stream, wire.DisconnectReason.QUITTING, now)
            case _:
                assert_never(event)

    def _add_peer(self, enode: Enode, *, trusted: bool, now: Moment) -> None:
        if enode.public_key == self.public_key:
            raise LocalProtocolError("this enode is our own; add another node's")
        self._schedule.add(enode, now.monotonic_s)
        if trusted:
            self._trust(enode.public_key, trusted=True, now=now)
        if enode.public_key in self._slots:
            self._schedule.connected(enode.public_key)
        self._dial_due(now)

    def _trust(self, key: PublicKey, *, trusted: bool, now: Moment) -> None:
        if trusted:
            self._trusted.add(key)
        else:
            self._trusted.discard(key)
        link = self._links.get(self._slots.get(key, -1))
        if link is not None and link.joined:
            self._tell_relay(gossip.PeerTrustChanged(link.stream, trusted), now)

    def _links_of(self, key: PublicKey) -> list[Link]:
        """Return the link that holds the slot of a key, and those that still dial it."""
        return [
            link
            for link in self._links.values()
            if (link.public_key == key and link.holds_slot)
            or (link.target is not None and link.target.public_key == key)
        ]

    def _disconnect(self, stream: int, reason: wire.DisconnectReason, now: Moment) -> None:
        self._tell_connection(stream, wire.DisconnectRequested(reason), now)

    # ---- gossip

    def _gossip_wanted(
        self,
        event: inputs.InstallFilter | inputs.RemoveFilter | inputs.SetMinimumPow | inputs.SetBloom,
        now: Moment,
    ) -> None:
        match event:
            case inputs.InstallFilter(number, wanted):
                self._tell_relay(gossip.FilterInstalled(number, wanted), now)
            case inputs.RemoveFilter(number):
                self._tell_relay(gossip.FilterRemoved(number), now)
            case inputs.SetMinimumPow(minimum_pow):
                self._tell_relay(gossip.MinimumPowChanged(minimum_pow), now)
            case inputs.SetBloom(bloom):
                self._tell_relay(gossip.BloomChanged(bloom), now)
            case _:
                assert_never(event)

    def _tell_relay(self, event: gossip.GossipEvent, now: Moment) -> None:
        for output in self._relay.handle(event, now):
            self._relay_said(output, now)

    def _relay_said(self, output: gossip.GossipOutput, now: Moment) -> None:
        match output:
            case gossip.PacketsToSend(peer, packets):
                submitted = wire.PacketsSubmitted(WHISPER_V6.name, packets)
                self._tell_connection(peer, submitted, now)
            case gossip.MessageOpened(filters, message, direct):
                self._effects.append(MessageArrived(filters, message, direct))
            case gossip.EnvelopesSent(peer, hashes):
                self._effects.append(SentToPeer(self._key_of(peer), hashes))
            case gossip.BatchConfirmed(peer, batch, refused):
                self._effects.append(ConfirmedByPeer(self._key_of(peer), batch, refused))
            case gossip.PeerGreeted(peer):
                self._peer_greeted(self._links[peer])
            case gossip.PeerFailed(peer, detail):
                self._peer_failed(peer, detail, now)
            case _:
                # Requests for history belong to the mail layer; the settings here never serve it.
                pass

    def _key_of(self, peer: int) -> PublicKey:
        key = self._links[peer].public_key
        assert key is not None
        return key

    def _peer_greeted(self, link: Link) -> None:
        assert link.public_key is not None
        link.greeted = True
        self._schedule.greeted(link.public_key)
        self._effects.append(
            PeerConnected(link.public_key, link.client_id, link.address, link.inbound)
        )

    def _peer_failed(self, peer: int, detail: str, now: Moment) -> None:
        self._links[peer].failure = detail
        self._disconnect(peer, wire.DisconnectReason.SUBPROTOCOL_ERROR, now)

    # ---- posting

    def _post(
        self, event: inputs.PostMessage | inputs.CancelPost | inputs.Computed, now: Moment
    ) -> None:
        match event:
            case inputs.PostMessage():
                self._post_step(self._posting.start(event, now), now)
            case inputs.Computed():
                self._post_step(self._posting.finish(event), now)
            case inputs.CancelPost(request):
                self._effects.extend(self._posting.cancel(request))
            case _:
                assert_never(event)

    def _post_step(self, step: Mined | Compute | PostFailed | None, now: Moment) -> None:
        match step:
            case Mined():
                self._publish(step, now)
            case Compute() | PostFailed():
                self._effects.append(step)
            case None:
                pass
            case _:
                assert_never(step)

    def _publish(self, mined: Mined, now: Moment) -> None:
        if mined.wish.target is not None:
            self._send_direct(mined, mined.wish.target, now)
            return
        outputs = self._relay.handle(gossip.EnvelopePosted(mined.envelope), now)
        # The owner hears that the post succeeded before hearing who got it.
        for output in outputs:
            if isinstance(output, gossip.PostAccepted):
                self._effects.append(_success(mined))
            elif isinstance(output, gossip.PostRefused):
                detail = f"the envelope was refused by our own node: {output.reason.value}"
                self._effects.append(PostFailed(mined.wish.request, detail))
        for output in outputs:
            self._relay_said(output, now)

    def _send_direct(self, mined: Mined, target: PublicKey, now: Moment) -> None:
        link = self._links.get(self._slots.get(target, -1))
        if link is None or not link.greeted:
            detail = "the peer that the message is for is not connected"
            self._effects.append(PostFailed(mined.wish.request, detail))
            return
        self._tell_relay(gossip.DirectPosted(link.stream, (mined.envelope,)), now)
        self._effects.append(_success(mined))
        self._effects.append(SentToPeer(target, (mined.envelope.hash,)))


def _success(mined: Mined) -> PostSucceeded:
    envelope = mined.envelope
    return PostSucceeded(
        request=mined.wish.request,
        hash=envelope.hash,
        size_bytes=len(envelope.raw),
        tries=envelope.nonce + 1 if mined.wish.pow_target > 0 else 0,
        pow=envelope_pow(envelope),
    )
