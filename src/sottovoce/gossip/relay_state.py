"""What the parts of a relay share: the pool, the peers, our own requirements, the counters.

It owns the putting together and the few steps that several parts take: letting an envelope in,
failing a peer, offering the pool. Events are not its business.

Spec: EIP-627; DESIGN of the gossip layer in ARCHITECTURE.md.
"""

from collections import deque
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from sottovoce.base.entropy import Entropy, uniform
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.admission import Admission, Policy, check
from sottovoce.gossip.announcing import interest_packet
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.dialect import ALL_WORLDS, Dialect
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    Drop,
    EnvelopesToArchive,
    Failure,
    GossipOutput,
    MessageOpened,
    OpenedUpTo,
    PacketsToSend,
    PeerFailed,
)
from sottovoce.gossip.filters import FilterTable
from sottovoce.gossip.forwarding import Forwarder
from sottovoce.gossip.own_delays import OwnDelays
from sottovoce.gossip.pool import Pool, PoolEntry
from sottovoce.gossip.rate_limits import ANSWER_KINDS, rate_limiter_for
from sottovoce.gossip.session import Session, SessionState
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.throttle import Throttle
from sottovoce.gossip.traffic import RelayTraffic, TopicTable

# A peer can make us look through the whole pool by widening its wishes. Once a second costs little
# whatever the peer does; an honest one widens when a person joins a chat.
OFFER_PAUSE_S: Final = 1.0


# Envelopes wait for the filters only until the next call with `TimePassed`, which is due at once.
# A driver that is so busy that more come before it pays with the order, not with memory.
UNOPENED_MAX: Final = 4096


# A wrong private key costs 0.05 ms and a symmetric one a tenth of that, so that one call holds the
# relay up for some milliseconds, unless more filters than these listen to a single topic.
TRIALS_PER_CALL: Final = 64


class _Mark(NamedTuple):
    """A place among what waits: somebody wants to know when all before it was tried."""

    number: int


class _Unopened(NamedTuple):
    """An envelope that filters have not seen (a NamedTuple, for one is made per envelope)."""

    envelope: Envelope
    only_direct: bool
    pow: float | None
    only_for: int | None = None


class Gathered:
    """What one call of `handle` brings together before anything leaves (one is made per call).

    Attributes:
        outputs: Outputs in their order; packets come before the failure of their peer.
        fresh: Pooled in this call, of others, to be passed on if anything of theirs is.
        touched: Peers whose queue has something, or may have.
        opened: Messages that filters opened; they go up behind the packets of the relay. Among
            them are the marks that were passed.
        archive: Envelopes for the archive.
    """

    __slots__ = ("archive", "fresh", "opened", "outputs", "touched")

    def __init__(self) -> None:
        self.outputs: list[GossipOutput] = []
        self.fresh: list[PoolEntry] = []
        self.touched: dict[int, Session] = {}
        self.opened: list[MessageOpened | OpenedUpTo] = []
        self.archive: list[Envelope] = []

    def all_outputs(self) -> list[GossipOutput]:
        """Return everything: what peers get first, so that opening a message delays nothing."""
        if self.archive:
            self.outputs.append(EnvelopesToArchive(tuple(self.archive)))
        return [*self.outputs, *self.opened]


class RelayState:
    """The shared state of one relay."""

    def __init__(self, settings: GossipSettings, *, entropy: Entropy) -> None:
        self.settings: Final = settings
        self._entropy: Final = entropy
        self.statistics: Final = RelayStatistics()
        self.admission: Final = Admission(settings)
        self.pool: Final = Pool(settings.pool_bytes_max)
        self.filters: Final = FilterTable()
        self.topics: Final = TopicTable(self.filters.name_topic)
        self._find_row: Final = self.topics.rows.get
        self.sessions: Final[dict[int, Session]] = {}
        self.second_count = 0  # of them, so that each connection counts once
        # Those for whom a deadline may be running; few, so that time costs nothing per peer.
        self.watched: Final[dict[int, Session]] = {}
        self.own_delays: Final = OwnDelays(settings.own_delay_s_max, entropy=entropy)
        self.rate_limiter: Final = rate_limiter_for(settings)
        # The monotonic second of the call that runs.
        self.now_s = 0.0
        self.forwarder: Final = Forwarder(settings, self.statistics)
        self.unopened: Final = deque[_Unopened | _Mark]()
        # Whether filters came or went since their topics were looked at: once for a batch of them.
        self.topics_changed = False
        # Topics that peers may not be told of any more.
        self.newly_hidden: frozenset[Topic] = frozenset()
        # Whether our interest changed since the peers were told.
        self.interest_untold = False

    @property
    def relays(self) -> bool:
        """Whether envelopes of others are passed on at present."""
        return not self.settings.light and not self.admission.is_paused

    def worlds_from(self, session: Session) -> int:
        """Return the worlds that an envelope may go to which came on a session.

        What our own filters want plays no part: what crosses is what the pool takes. But what is
        asked of a peer beside its Waku session crosses only if that peer lets it: it may be its
        owner's wish that the worlds are apart.
        """
        bridges = self.settings.bridges and not session.is_quiet
        return ALL_WORLDS if bridges else session.dialect.world

    def draw_flush_delay_s(self) -> float:
        """Draw how long what we relay waits on one link, seconds."""
        return uniform(self._entropy, self.settings.flush_delay_s_max)

    def admit(
        self,
        envelope: Envelope,
        policy: Policy,
        gathered: Gathered,
        *,
        own: bool = False,
        sent_by: int = 0,
        worlds: int = ALL_WORLDS,
    ) -> Drop | PoolEntry:
        """Check an envelope that is not pooled yet, pool it and let it wait for the filters.

        Args:
            envelope: The envelope.
            policy: What is asked of it at this moment.
            gathered: Where what follows is gathered.
            own: Whether our own program posted it.
            sent_by: The bit of the peer that sent it.
            worlds: The bits of the worlds that it may go to.

        Returns:
            The entry, which the caller counts, or why there is none, which is counted here.
        """
        pow = check(envelope, policy)
        if isinstance(pow, Drop):
            self.statistics.dropped[pow] += 1
            return pow
        bloom = topic_bloom(envelope.topic)
        entry = self.pool.add(
            envelope, pow=pow, bloom=bloom, own=own, sent_by=sent_by, worlds=worlds
        )
        if entry is None:
            self.statistics.dropped[Drop.POOL_FULL] += 1
            return Drop.POOL_FULL
        entry.row = self._find_row(envelope.topic) or self.topics.open(envelope.topic)
        if self.settings.serves_mail:
            gathered.archive.append(envelope)
        if not own:
            gathered.fresh.append(entry)
        if self.filters.listen_to(envelope.topic):
            # A light node relays nothing of others; what it receives is for itself alone.
            only_direct = self.settings.light and not own
            self._wait_for_filters(_Unopened(envelope, only_direct, pow), gathered)
        return entry

    def count_refused(self, session: Session, refused: Collection[EnvelopeHash]) -> None:
        """Count as unwanted what a peer says that it did not take of our own, once each."""
        for entry in self.pool.entries():
            was_sent = entry.own and entry.known & session.bit and not entry.sent_by & session.bit
            if was_sent and entry.hash in refused:
                # So it is not counted again, should the peer send it to us after all.
                entry.sent_by |= session.bit
                for tally in (session.tally, self.statistics.traffic, entry.row.tally):
                    tally.refused(len(entry.raw))

    def traffic(self) -> RelayTraffic:
        """Return what was carried so far."""
        statistics = self.statistics
        total = statistics.traffic.carried(
            statistics.payload_bytes_received, statistics.payload_bytes_sent
        )
        sessions = tuple(session.traffic() for session in self.sessions.values())
        return RelayTraffic(total, sessions, self.topics.snapshot())

    def count_pooled(self, count: int, *, own: bool = False) -> None:
        """Count envelopes that were admitted; not one by one, for there are many."""
        self.statistics.envelopes_pooled += count
        if self.settings.light and not own:
            self.statistics.offered_direct += count
        else:
            self.statistics.offered += count

    def _wait_for_filters(self, unopened: _Unopened, gathered: Gathered) -> None:
        """Let an envelope wait for the filters.

        They are tried when everything that the call relays has left, so that the time which
        opening takes shows on no link.
        """
        self.unopened.append(unopened)
        if len(self.unopened) > UNOPENED_MAX:
            self.open_waiting(gathered)

    def offer_direct(self, envelopes: Iterable[Envelope], gathered: Gathered) -> None:
        """Let envelopes that came past the pool wait for the filters that allow it."""
        for envelope in envelopes:
            self.statistics.offered_direct += 1
            if self.filters.listen_to(envelope.topic):
                self._wait_for_filters(_Unopened(envelope, only_direct=True, pow=None), gathered)

    def mark_opening(self, mark: int) -> None:
        """Tell, in its turn, that all which waits now was tried."""
        self.unopened.append(_Mark(mark))

    def search_pool(self, number: int, topics: Iterable[Topic]) -> None:
        """Let what is pooled on some topics wait for one filter, the newest if it is too much."""
        wanted = {topic_bloom(topic) for topic in topics}
        waiting = {part.envelope.raw for part in self.unopened if isinstance(part, _Unopened)}
        found: deque[_Unopened] = deque(maxlen=max(0, UNOPENED_MAX - len(self.unopened)))
        for entry in self.pool.entries():
            # Looking at the bloom, which is at hand, saves decoding what cannot match.
            if entry.bloom in wanted and entry.raw not in waiting:
                only_direct = self.settings.light and not entry.own
                found.append(_Unopened(entry.envelope, only_direct, entry.pow, number))
        self.unopened.extend(found)

    def open_waiting(self, gathered: Gathered) -> None:
        """Try the filters on envelopes that wait for them, some in one call."""
        trials = 0
        while self.unopened and trials < TRIALS_PER_CALL:
            waiting = self.unopened.popleft()
            if isinstance(waiting, _Mark):
                gathered.opened.append(OpenedUpTo(waiting.number))
                continue
            envelope, only_direct, pow, only_for = waiting
            trials += 1 if only_for else max(1, self.filters.count_for(envelope.topic))
            opened = self.filters.open(envelope, direct=only_direct, pow=pow, only_for=only_for)
            if opened is not None:
                message, numbers = opened
                self.statistics.messages_opened += 1
                gathered.opened.append(MessageOpened(numbers, message, direct=pow is None))

    def send(self, session: Session, gathered: Gathered, *packets: Packet) -> None:
        """Send packets to a peer that has not failed, whether or not its socket is blocked."""
        if packets and not session.has_failed:
            if session.throttle is not None:
                _charge(session.throttle, session.dialect, packets, self.now_s)
            gathered.outputs.append(PacketsToSend(session.peer, packets))

    def learn_topics(self, now: Moment) -> None:
        """Take what the filters are for now; peers hear of it when the whole batch is done."""
        if self.topics_changed:
            topics, hidden = self.filters.announced_topics(), self.newly_hidden
            self.topics_changed, self.newly_hidden = False, frozenset()
            told = self.admission.set_topics(topics, now.monotonic_s, hidden=hidden)
            self.interest_untold |= told

    def announce_interest(self, gathered: Gathered) -> None:
        """Tell the peers what we want now."""
        self.interest_untold = False
        for session in self.sessions.values():
            if not session.is_deaf:
                self.send(session, gathered, interest_packet(session, self.admission))

    def fail(
        self, session: Session, failure: Failure, gathered: Gathered, detail: str = ""
    ) -> None:
        """End a session for good; its connection is for others to close."""
        if session.has_failed:
            return
        session.move_to(SessionState.FAILED)
        session.forget_waiting()
        self.statistics.peers_failed += 1
        self.statistics.failures[failure] += 1
        gathered.outputs.append(PeerFailed(session.peer, detail or failure.value, failure))

    def offer_pool(self, session: Session, now_s: float, gathered: Gathered) -> None:
        """Queue the whole pool for a peer, or note that it has to be done later."""
        if not session.carries:
            return
        session.offer_due = True
        if session.blocked or now_s < session.offer_not_before_s:
            self.watched[session.peer] = session
            return
        session.offer_due = False
        session.offer_not_before_s = now_s + OFFER_PAUSE_S
        session.queue.clear()
        if session.throttle is not None:
            session.throttle.forget_waiting()
        for entry in [entry for entry in self.pool.entries() if entry.own]:
            if not self.own_delays.start(session, entry, now_s):
                session.offer_due = True
        if session.carries & ALL_WORLDS and self.relays:
            # What the peer lacks of it is found out a part at a time, when it is sent.
            if session.throttle is None:
                session.queue.extend([entry for entry in self.pool.entries() if not entry.own])
            else:
                offered = session.throttle.offered(self.pool.entries(), session.lacks)
                session.queue.extend(offered)
        if session.offer_due:
            self.watched[session.peer] = session
        gathered.touched[session.peer] = session


def _charge(
    throttle: Throttle, dialect: Dialect, packets: tuple[Packet, ...], now_s: float
) -> None:
    """Let what is sent beside envelopes count towards a peer's limits; what it asked for does not.

    None of it waits: it is little, and envelopes make up for it.
    """
    for packet in packets:
        if dialect.kinds.get(packet.code) not in ANSWER_KINDS:
            throttle.spend(1, len(packet.payload), now_s)
