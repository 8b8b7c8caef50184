"""A session: one connection as the gossip protocol sees it.

It owns what we know of the peer: its state, its wishes, what waits to be sent to it. It reads no
packets and knows neither the pool nor the other peers.

Spec: EIP-627; status-go whisper/peer.go.
"""

from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.gossip.confirmations import BatchResponse, SentBatches
from sottovoce.gossip.dialect import OURS, WHISPER_WORLD, Dialect, PacketKind, StatusForm
from sottovoce.gossip.events import BatchConfirmed
from sottovoce.gossip.options import StatusOptions
from sottovoce.gossip.patience import new_patience
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.throttle import Throttle, throttle_for
from sottovoce.gossip.traffic import SessionTraffic, Tally
from sottovoce.gossip.whisper_v6 import GETH_STATUS_ITEM_COUNT
from sottovoce.gossip.wishes import RateLimits, Wishes

if TYPE_CHECKING:
    from sottovoce.gossip.rate_limits import PeerAccount

# A peer that says nothing would hold its place for ever: devp2p pings keep its connection alive.
# Ten seconds is twice what the whole devp2p handshake before it may take.
STATUS_TIMEOUT_S: Final = 10.0

# Confirmations for a peer that does not read wait until it does; beyond this the oldest are given
# up. They are information for people, and a peer that never reads must not fill our memory. Most
# take a hundred bytes; one that lists many refusals may be as large as a packet.
HELD_BYTES_MAX: Final = 256 * 1024


class SessionState(Enum):
    """Where a session stands."""

    AWAITING_STATUS = "awaiting status"
    GREETED = "greeted"
    FAILED = "failed"


TRANSITIONS: Final = {
    SessionState.AWAITING_STATUS: frozenset({SessionState.GREETED, SessionState.FAILED}),
    SessionState.GREETED: frozenset({SessionState.FAILED}),
    SessionState.FAILED: frozenset(),
}


class Session:
    """One peer.

    Attributes:
        peer: The node's number for it.
        dialect: How it is spoken to.
        bit: Its bit in the masks of the pool.
        trusted: Whether direct messages are taken from it at any time.
        asked: Whether a request of ours to it is open, so that its answers are taken.
        state: Where the session stands.
        status_deadline_s: The monotonic second until which its status must have come.
        wishes: What it wants to receive.
        light: Whether it relays nothing.
        confirmations: Whether it announced confirmations.
        reads_confirmations: Whether its `messages` packets are answered, if the settings allow it.
        takes_direct_lists: Whether several direct envelopes may go to it as a list.
        one_pool: Whether what it gets in one world it has in the other.
        twin: The number of the session in the other world on the same connection, or None.
        is_quiet: Whether nothing but our own envelopes leaves here, beside the twin.
        is_deaf: Whether the peer is told that we want nothing here; what it has comes on the twin.
        carries: What may leave on it: an envelope that shares a bit of its worlds with this.
        blocked: Whether its socket takes no more for now.
        flush_at_s: The monotonic second before which its queue stays, or None for none.
        queue: Envelopes to send, oldest first; what is gone or known by then is skipped.
        offer_due: Whether the whole pool is to be offered.
        offer_not_before_s: The monotonic second before which that is not done.
        batches: Packets with our own envelopes whose confirmation is awaited.
        throttle: What its limits make of what we send it; None if it has none.
        account: What our limits leave to it; None if none is enforced on it.
        patience: What it may still cost us for nothing.
        answers_owed: Confirmations that it may send for what we sent it.
        tally: What it sent and got of envelopes.
        received_bytes: Payload bytes of all its packets.
        sent_bytes: Payload bytes of all packets for it.
        has_left: Whether the connection is gone.
    """

    def __init__(
        self,
        peer: int,
        dialect: Dialect,
        bit: int,
        *,
        trusted: bool,
        now_s: float,
        twin: int | None = None,
        is_quiet: bool = False,
    ) -> None:
        self.peer: Final = peer
        self.dialect: Final = dialect
        self.bit: Final = bit
        self.trusted = trusted
        self.asked = False
        self.state = SessionState.AWAITING_STATUS
        self.status_deadline_s: Final = now_s + STATUS_TIMEOUT_S
        self.wishes: Final = Wishes(minimum_pow=dialect.silent_minimum_pow)
        self.light = False
        self.confirmations = False
        self.reads_confirmations = False
        self.takes_direct_lists = False
        self.one_pool = False
        self.twin: Final = twin
        self.is_quiet: Final = is_quiet
        self.is_deaf = is_quiet
        # What leaves on Whisper beside Waku is known when the peer said on Waku what it does.
        self.carries = 0 if self.is_second else dialect.world
        self.blocked = False
        self.flush_at_s: float | None = None
        self.queue: Final = deque[PoolEntry]()
        self.offer_due = False
        self.offer_not_before_s = now_s
        self.batches: Final = SentBatches()
        self._held = deque[Packet]()
        self._held_bytes = 0
        self.throttle: Throttle | None = None
        self.account: PeerAccount | None = None
        self.patience: Final = new_patience(now_s)
        self.answers_owed = 0
        self.tally: Final = Tally()
        self.received_bytes = 0
        self.sent_bytes = 0
        self.has_left = False

    @property
    def is_greeted(self) -> bool:
        """Whether envelopes flow."""
        return self.state is SessionState.GREETED

    @property
    def is_second(self) -> bool:
        """Whether this is the Whisper session of a connection that speaks Waku too."""
        return self.twin is not None and self.dialect.world == WHISPER_WORLD

    @property
    def has_failed(self) -> bool:
        """Whether the peer broke the protocol; nothing is read or sent any more."""
        return self.state is SessionState.FAILED

    @property
    def deadline_s(self) -> float | None:
        """The monotonic second at which time alone changes something here, or None."""
        if self.has_left:
            return None
        if self.state is SessionState.AWAITING_STATUS:
            return self.status_deadline_s
        # What a peer's limits hold back comes from the pool again when all the rest has left.
        is_throttled = self.throttle is not None and bool(self.queue or self.throttle.own)
        if self.is_greeted and self.offer_due and not self.blocked and not is_throttled:
            return self.offer_not_before_s
        return None

    @property
    def has_waiting(self) -> bool:
        """Whether envelopes wait to be sent to it."""
        return bool(self.queue) or (self.throttle is not None and self.throttle.is_waiting)

    @property
    def waiting_count(self) -> int:
        """How many envelopes wait to be sent to it, dead ones among them."""
        throttle = self.throttle
        held = 0 if throttle is None else len(throttle.own) + throttle.waiting_count
        return len(self.queue) + held

    def leaves_at_s(self, last_s: float) -> float:
        """Return the monotonic second at which what waits may leave, at once if not before."""
        at_s = self.flush_at_s or last_s
        return at_s if self.throttle is None else max(at_s, self.throttle.ready_at_s(self.queue))

    def move_to(self, state: SessionState) -> None:
        """Go on to another state."""
        assert state in TRANSITIONS[self.state], f"no way from {self.state} to {state}"
        self.state = state

    def lacks(self, entry: PoolEntry) -> bool:
        """Whether the peer wants an envelope and has not got it."""
        wishes = self.wishes
        if entry.known & self.bit or not entry.worlds & self.carries:
            return False
        if wishes.bloom is None:
            return entry.pow >= wishes.minimum_pow
        if not wishes.accept(entry.pow, entry.bloom):
            return False
        return wishes.topics is None or entry.topic in wishes.topics

    def forget_waiting(self) -> None:
        """Let go of everything that waits to be sent."""
        self.queue.clear()
        if self.throttle is not None:
            self.throttle.forget_waiting()
        self.take_held()
        self.offer_due = False

    def hold(self, packets: Iterable[Packet]) -> None:
        """Keep confirmations until the socket takes bytes again."""
        for packet in packets:
            self._held.append(packet)
            self._held_bytes += len(packet.payload)
        while self._held_bytes > HELD_BYTES_MAX:
            self._held_bytes -= len(self._held.popleft().payload)

    def take_held(self) -> tuple[Packet, ...]:
        """Return, and forget, the confirmations that waited."""
        held = tuple(self._held)
        self._held.clear()
        self._held_bytes = 0
        return held

    def packet(self, kind: PacketKind, payload: bytes) -> Packet:
        """Make a packet of a kind that the dialect has."""
        return Packet(self.dialect.codes[kind], payload)

    def greet(self, status: StatusOptions, settings: GossipSettings) -> None:
        """Take the peer's status.

        Raises:
            RemoteProtocolError: Both sides are light nodes and may not connect, or the bloom has
                a wrong length.
        """
        self.apply(status, settings)
        self.one_pool = status.one_pool is True
        # go-ethereum's node skips what only status-go's knows. It also costs us more to say than
        # anything else: a confirmation hashes every packet once more.
        is_status_go = (
            self.dialect.status_form is not StatusForm.POSITIONS
            or status.item_count > GETH_STATUS_ITEM_COUNT
        )
        self.reads_confirmations = self.dialect.answers_confirmations and is_status_go
        self.takes_direct_lists = self.dialect.direct_list_sent and is_status_go
        self.move_to(SessionState.GREETED)

    def apply(self, said: StatusOptions, settings: GossipSettings) -> bool:
        """Take what a peer says of itself, in its status or later; what comes first stays.

        Returns:
            Whether it wants envelopes that it did not want before.

        Raises:
            RemoteProtocolError: Both sides are light nodes and may not connect, or the bloom has
                a wrong length.
        """
        widened = False
        if said.minimum_pow is not None:
            widened = self.wishes.set_minimum_pow(said.minimum_pow)
        if said.topics is not None:
            widened |= self.wishes.set_topics(said.topics)
        elif said.bloom is not None:
            widened |= self.wishes.set_bloom(said.bloom)
        if said.light and settings.light and not settings.light_to_light:
            raise RemoteProtocolError("two light nodes are of no use to each other")
        widened |= self.obey(said.rate_limits, said.byte_limits)
        if said.light is not None:
            self.light = said.light
        if said.confirmations is not None:
            self.confirmations = said.confirmations
        return widened

    def decide_second(self, first: "Session", *, bridges: bool) -> None:
        """Decide what leaves here, on Whisper, when the peer has said on Waku what it does.

        If what it gets there reaches its Whisper peers as well, all that we would send here and
        may send there too would only cost both sides twice as much.
        """
        if first.one_pool and (bridges or self.is_quiet):
            self.carries = 0
        else:
            self.carries = OURS if self.is_quiet else self.dialect.world

    def obey(self, rate_limits: RateLimits | None, byte_limits: RateLimits | None) -> bool:
        """Keep to the limits of packets or of bytes that the peer tells, None for the old ones.

        Returns:
            Whether the old ones left something out that the pool has.
        """
        wishes = self.wishes
        before = wishes.rate_limits, wishes.byte_limits
        if rate_limits is not None:
            wishes.rate_limits = rate_limits
        if byte_limits is not None:
            wishes.byte_limits = byte_limits
        if before == (wishes.rate_limits, wishes.byte_limits):
            return False
        old = self.throttle
        if old is not None:
            self.queue.extendleft(reversed(old.all_waiting()))
        self.throttle = throttle_for(wishes.rate_limits, wishes.byte_limits)
        return old is not None and old.overflowed

    def traffic(self) -> SessionTraffic:
        """Return what was carried so far."""
        name, version, _ = self.dialect.capability
        carried = self.tally.carried(self.received_bytes, self.sent_bytes)
        return SessionTraffic(self.peer, f"{name}/{version}", carried)

    def confirm(self, response: BatchResponse) -> BatchConfirmed | None:
        """Match a confirmation with what was sent; None if nothing of our own was in the batch."""
        own = self.batches.take(response.batch)
        if not own:
            return None
        refused = {part.hash: part.text for part in response.refusals if part.hash in own}
        return BatchConfirmed(
            peer=self.peer,
            batch=response.batch,
            refused=tuple(refused.items()),
            accepted=tuple(hash for hash in own if hash not in refused),
        )
