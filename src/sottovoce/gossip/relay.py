"""The relay: one machine for the gossip with all peers.

It owns the order of things inside one call: first time, then the event, then what peers get. What
others sent leaves in the same call, at once; our own envelopes wait on each link. Bytes, sockets
and clocks are not its business, and neither is what a message says.

Spec: EIP-627; go-ethereum whisper/whisperv6/whisper.go and status-go whisper/whisper.go for what
the network does. Relaying at once instead of every 300 ms: docs/spec-deviations.md, "Forwarding".
"""

from typing import Final, assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment, earliest
from sottovoce.gossip.events import (
    ArchivedPosted,
    BloomChanged,
    DirectOffered,
    DirectPosted,
    DirectRequestAnswered,
    DirectRequestClosed,
    DirectRequestPosted,
    EnvelopePosted,
    Failure,
    FilterInstalled,
    FilterRemoved,
    GossipEvent,
    GossipOutput,
    MinimumPowChanged,
    OpeningMarked,
    PacketsToSend,
    PeerBlocked,
    PeerDrained,
    PeerJoined,
    PeerLeft,
    PeerPackets,
    PeerTrustChanged,
    ReceivingPaused,
    SyncAnswered,
    SyncRefused,
    SyncRequestPosted,
    TimePassed,
)
from sottovoce.gossip.forwarding import Fresh
from sottovoce.gossip.pool import Pool
from sottovoce.gossip.posting import Posting
from sottovoce.gossip.reception import Reception
from sottovoce.gossip.registry import DIALECTS, DialectTable
from sottovoce.gossip.relay_state import Gathered, RelayState
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.traffic import RelayTraffic

# How often the dead leave the pool. Envelopes count whole seconds; less often would keep, and
# offer to newcomers, what peers no longer take.
EXPIRY_PERIOD_S: Final = 1.0


class Relay:
    """The gossip with all peers as one machine."""

    def __init__(
        self, settings: GossipSettings, *, entropy: Entropy, dialects: DialectTable = DIALECTS
    ) -> None:
        """Make a relay without peers and envelopes.

        Args:
            settings: What the operator set.
            entropy: Where the delays of our own envelopes are drawn from.
            dialects: How each capability is spoken.
        """
        self._state: Final = RelayState(settings, entropy=entropy)
        self._reception: Final = Reception(self._state, dialects)
        self._posting: Final = Posting(self._state)
        self._next_expiry_s: float | None = None
        # Peers whose queue has more than one call sends, or waits for its moment.
        self._backlog: Final[dict[int, Session]] = {}
        self._last_s = 0.0
        # A call that raises leaves here what it had gathered; the next call lets it out.
        self._gathered = Gathered()

    @property
    def statistics(self) -> RelayStatistics:
        """What the relay did so far; read-only for everybody else."""
        return self._state.statistics

    @property
    def pool(self) -> Pool:
        """The pool, to look at."""
        return self._state.pool

    @property
    def minimum_pow(self) -> float:
        """The proof of work that we ask for at present."""
        return self._state.admission.minimum_pow

    @property
    def asked_pow(self) -> float:
        """The most proof of work that we or a greeted peer ask for at present."""
        greeted = (session for session in self._state.sessions.values() if session.is_greeted)
        return max((self.minimum_pow, *(session.wishes.minimum_pow for session in greeted)))

    @property
    def announced_bloom(self) -> bytes:
        """The bloom filter that we announce: 64 bytes, or empty for none."""
        return self._state.admission.announced_bloom

    @property
    def settings(self) -> GossipSettings:
        """What the operator set."""
        return self._state.settings

    def traffic(self) -> RelayTraffic:
        """Return what was carried so far, by peer and by topic."""
        return self._state.traffic()

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        sessions = self._state.sessions.values()
        return {
            "pool bytes": self._state.pool.size_bytes,
            "sessions": len(sessions),
            "longest queue": max((session.waiting_count for session in sessions), default=0),
            "unopened": len(self._state.unopened),
            "topic rows": len(self._state.topics.rows),
        }

    def peer(self, number: int) -> Session | None:
        """Return what is known of a peer, to look at."""
        return self._state.sessions.get(number)

    def handle(self, event: GossipEvent, now: Moment) -> list[GossipOutput]:
        """Take one event.

        Returns:
            What follows: packets for peers first, opened messages last.

        Raises:
            LocalProtocolError: The event asks for something that nobody may do.
        """
        gathered = self._gathered
        self._last_s = self._state.now_s = now.monotonic_s
        self._pass_time(now, gathered)
        match event:
            case PeerPackets():
                self._reception.receive(event, now, gathered)
            case TimePassed():
                self._state.learn_topics(now)
                if self._state.interest_untold:
                    self._state.announce_interest(gathered)
            case (
                EnvelopePosted()
                | DirectPosted()
                | DirectRequestPosted()
                | DirectRequestAnswered()
                | ArchivedPosted()
                | SyncRequestPosted()
                | SyncAnswered()
                | SyncRefused()
            ):
                self._posting.post(event, now, gathered)
            case DirectOffered() | OpeningMarked():
                self._posting.open(event, gathered)
            case (
                PeerBlocked()
                | PeerDrained()
                | PeerJoined()
                | PeerLeft()
                | PeerTrustChanged()
                | DirectRequestClosed()
            ):
                self._reception.handle(event, now, gathered)
            case (
                FilterInstalled()
                | FilterRemoved()
                | MinimumPowChanged()
                | BloomChanged()
                | ReceivingPaused()
            ):
                self._posting.set(event, now, gathered)
            case _:
                assert_never(event)
        self._queue_own(now, gathered)
        self._flush(now, gathered)
        if isinstance(event, TimePassed):
            self._state.open_waiting(gathered)
        self._gathered = Gathered()
        outputs = gathered.all_outputs()
        self._count(outputs)
        return outputs

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which `TimePassed` is wanted, or None."""
        state = self._state
        if state.unopened or state.topics_changed or state.interest_untold:
            return self._last_s
        deadlines = [self._next_expiry_s, state.own_delays.next_deadline()]
        if self._backlog:
            deadlines += [session.leaves_at_s(self._last_s) for session in self._backlog.values()]
        if state.watched:
            deadlines += [session.deadline_s for session in state.watched.values()]
        return earliest(deadlines)

    def _pass_time(self, now: Moment, gathered: Gathered) -> None:
        state, at = self._state, now.monotonic_s
        if self._next_expiry_s is not None and at >= self._next_expiry_s:
            state.statistics.envelopes_expired += state.pool.expire(now.unix_whole_s)
            more = state.pool.has_expired(now.unix_whole_s)
            self._next_expiry_s = at if more else at + EXPIRY_PERIOD_S
        for peer, session in list(state.watched.items()):
            deadline_s = session.deadline_s
            if deadline_s is None:
                del state.watched[peer]
            elif at >= deadline_s and session.is_greeted:
                state.offer_pool(session, at, gathered)
            elif at >= deadline_s:
                state.fail(session, Failure.NO_STATUS, gathered)

    def _queue_own(self, now: Moment, gathered: Gathered) -> None:
        """Queue the envelopes of our own whose delay on a link is over."""
        for session, entry in self._state.own_delays.take_due(now.monotonic_s):
            if session.has_left or not entry.raw:
                continue
            entry.delayed &= ~session.bit
            if session.is_greeted and session.lacks(entry):
                self._state.forwarder.enqueue(session, entry)
                gathered.touched[session.peer] = session

    def _flush(self, now: Moment, gathered: Gathered) -> None:
        """Give peers what is new and what was queued for them, about a packet at a time."""
        state, at = self._state, now.monotonic_s
        new = gathered.fresh if state.relays else []
        # What came in may have pushed out what came in before it, in the same call.
        fresh = Fresh([entry for entry in new if entry.raw])
        concerned = state.sessions if new else gathered.touched | self._backlog
        are_delayed = bool(state.settings.flush_delay_s_max)
        for session in list(concerned.values()):
            if session.is_greeted:
                if session.blocked or (are_delayed and not self._may_flush(session, at)):
                    state.forwarder.hold(session, fresh)
                else:
                    gathered.outputs += state.forwarder.send(session, fresh, now)
            self._note_backlog(session, at)
        fresh.settle()
        state.forwarder.forget_bundles()
        if self._next_expiry_s is None and len(state.pool):
            self._next_expiry_s = now.monotonic_s + EXPIRY_PERIOD_S
        elif not len(state.pool):
            self._next_expiry_s = None

    def _may_flush(self, session: Session, at: float) -> bool:
        """Whether a peer's moment has come: with a delay set, each link draws its own."""
        return session.flush_at_s is not None and at >= session.flush_at_s

    def _note_backlog(self, session: Session, at: float) -> None:
        """Remember a peer with something left to send, and when that may leave."""
        if session.offer_due:
            self._state.watched[session.peer] = session
        if session.blocked or session.has_left or not session.has_waiting:
            self._backlog.pop(session.peer, None)
            # A moment that has come lasts until the queue is empty; then the next is drawn.
            session.flush_at_s = None
            return
        if session.flush_at_s is None and self._state.settings.flush_delay_s_max:
            session.flush_at_s = at + self._state.draw_flush_delay_s()
        self._backlog[session.peer] = session

    def _count(self, outputs: list[GossipOutput]) -> None:
        state = self._state
        statistics = state.statistics
        statistics.peers = len(state.sessions) - state.second_count
        statistics.pool_envelopes = len(state.pool)
        statistics.pool_bytes = state.pool.size_bytes
        statistics.envelopes_evicted = state.pool.evicted_count
        for output in outputs:
            if isinstance(output, PacketsToSend):
                size_bytes = 0
                for packet in output.packets:
                    size_bytes += len(packet.payload)
                statistics.packets_sent += len(output.packets)
                statistics.payload_bytes_sent += size_bytes
                session = state.sessions.get(output.peer)
                if session is not None:
                    session.sent_bytes += size_bytes
