"""A session: one connection as the gossip protocol sees it.

It owns what we know of the peer: its state, its wishes, what waits to be sent to it. It reads no
packets and knows neither the pool nor the other peers.

Spec: EIP-627; status-go whisper/peer.go.
"""

from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.gossip.confirmations import BatchResponse, SentBatches
from sottovoce.gossip.dialect import Dialect, PacketKind
from sottovoce.gossip.events import BatchConfirmed
from sottovoce.gossip.patience import new_patience
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.status import Status
from sottovoce.gossip.whisper_v6 import GETH_STATUS_ITEM_COUNT
from sottovoce.gossip.wishes import Wishes

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
        blocked: Whether its socket takes no more for now.
        flush_at_s: The monotonic second before which its queue stays, or None for none.
        queue: Envelopes to send, oldest first; what is gone or known by then is skipped.
        offer_due: Whether the whole pool is to be offered.
        offer_not_before_s: The monotonic second before which that is not done.
        batches: Packets with our own envelopes whose confirmation is awaited.
        patience: What it may still cost us for nothing.
        answers_owed: Confirmations that it may send for what we sent it.
        has_left: Whether the connection is gone.
    """

    def __init__(
        self, peer: int, dialect: Dialect, bit: int, *, trusted: bool, now_s: float
    ) -> None:
        self.peer: Final = peer
        self.dialect: Final = dialect
        self.bit: Final = bit
        self.trusted = trusted
        self.asked = False
        self.state = SessionState.AWAITING_STATUS
        self.status_deadline_s: Final = now_s + STATUS_TIMEOUT_S
        self.wishes: Final = Wishes()
        self.light = False
        self.confirmations = False
        self.reads_confirmations = False
        self.takes_direct_lists = False
        self.blocked = False
        self.flush_at_s: float | None = None
        self.queue: Final = deque[PoolEntry]()
        self.offer_due = False
        self.offer_not_before_s = now_s
        self.batches: Final = SentBatches()
        self._held = deque[Packet]()
        self._held_bytes = 0
        self.patience: Final = new_patience(now_s)
        self.answers_owed = 0
        self.has_left = False

    @property
    def is_greeted(self) -> bool:
        """Whether envelopes flow."""
        return self.state is SessionState.GREETED

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
        if self.is_greeted and self.offer_due and not self.blocked:
            return self.offer_not_before_s
        return None

    def move_to(self, state: SessionState) -> None:
        """Go on to another state."""
        assert state in TRANSITIONS[self.state], f"no way from {self.state} to {state}"
        self.state = state

    def lacks(self, entry: PoolEntry) -> bool:
        """Whether the peer wants an envelope and has not got it."""
        return not entry.known & self.bit and self.wishes.accept(entry.pow, entry.bloom)

    def forget_waiting(self) -> None:
        """Let go of everything that waits to be sent."""
        self.queue.clear()
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

    def greet(self, status: Status, settings: GossipSettings) -> None:
        """Take the peer's status.

        Raises:
            RemoteProtocolError: Both sides are light nodes and may not connect, or the bloom has
                a wrong length.
        """
        if status.light and settings.light and not settings.light_to_light:
            raise RemoteProtocolError("two light nodes are of no use to each other")
        self.wishes.set_minimum_pow(status.minimum_pow)
        if status.bloom is not None:
            self.wishes.set_bloom(status.bloom)
        self.wishes.rate_limits = status.rate_limits
        self.light = status.light
        self.confirmations = status.confirmations
        # go-ethereum's node skips what only status-go's knows. It also costs us more to say than
        # anything else: a confirmation hashes every packet once more.
        is_status_go = status.item_count > GETH_STATUS_ITEM_COUNT
        self.reads_confirmations = self.dialect.answers_confirmations and is_status_go
        self.takes_direct_lists = self.dialect.direct_list_sent and is_status_go
        self.move_to(SessionState.GREETED)

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
