"""Reception: what follows from the packets and the comings and goings of peers.

It owns the answers to peers and the consequences of what they send. Forms and permissions were
checked when the packets were read; the choice of what to pass on comes later.

Spec: EIP-627; status-go whisper/whisper.go (runMessageLoop, addAndBridge).
"""

from collections.abc import Mapping
from typing import Final, assert_never

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.gossip.announcing import interest_packet, status_of
from sottovoce.gossip.batch import Batch
from sottovoce.gossip.confirmations import (
    Refusal,
    batch_hash,
    encode_batch_acknowledged,
    encode_message_response,
)
from sottovoce.gossip.dialect import WHISPER_WORLD, PacketKind
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    BatchConfirmed,
    DirectReceived,
    DirectRequestClosed,
    DirectRequestReceived,
    Drop,
    Failure,
    PeerBlocked,
    PeerDrained,
    PeerEvent,
    PeerGreeted,
    PeerJoined,
    PeerLeft,
    PeerPackets,
    PeerTrustChanged,
    RequestCompleted,
    SyncReceived,
    SyncRequested,
)
from sottovoce.gossip.excesses import Excesses
from sottovoce.gossip.packet_reader import (
    BatchAnswered,
    DirectArrived,
    EnvelopesArrived,
    Greeted,
    PacketTooLargeError,
    Received,
    Unasked,
    Unknown,
    WishesWidened,
    read_packet,
)
from sottovoce.gossip.patience import (
    CHANGED_WISH,
    USELESS_ENVELOPE,
    USELESS_PACKET,
    reading_price,
    useless_envelope_price,
)
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.registry import DialectTable, dialect_for
from sottovoce.gossip.relay_state import Gathered, RelayState
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import Interest, Transport
from sottovoce.gossip.status import encode_status

# What a refused peer reads. An envelope that has only just expired is dropped in silence, as in Go.
# A mailserver tells of it, too: its silence says that it keeps it, and its clock may be wrong.
REFUSAL_TEXTS: Final[Mapping[Drop, str]] = {
    Drop.EXPIRED: "expired envelope",
    Drop.VERY_OLD: "very old envelope",
    Drop.FUTURE: "envelope from future",
    Drop.TOO_LARGE: "huge messages are not allowed",
    Drop.LOW_POW: "envelope with low PoW received: below the required minimum",
    Drop.BLOOM: "envelope does not match bloom filter",
    Drop.TOPICS: "envelope does not match topic interest",
    Drop.POOL_FULL: "the pool is full of envelopes with more PoW",
    Drop.OVER_LIMIT: "rate limit of the topic exceeded",
}

# What a peer pays for an envelope of no use. A full pool is not its fault, one that expired a
# moment ago was alive when an honest peer sent it, and excesses have a count of their own.
PRICES: Final[Mapping[Drop, float]] = {
    Drop.POOL_FULL: 0.0,
    Drop.OVER_LIMIT: 0.0,
    Drop.EXPIRED: USELESS_ENVELOPE / 2,
} | dict.fromkeys(
    (Drop.VERY_OLD, Drop.FUTURE, Drop.TOO_LARGE, Drop.LOW_POW, Drop.BLOOM, Drop.TOPICS),
    USELESS_ENVELOPE,
)

# Refusals that are the peer's own doing; a strict dialect ends the connection for these.
_BLAMED: Final = frozenset(REFUSAL_TEXTS) - {Drop.EXPIRED, Drop.POOL_FULL, Drop.OVER_LIMIT}


class Reception:
    """The part of a relay that faces its peers."""

    def __init__(self, state: RelayState, dialects: DialectTable) -> None:
        self._state: Final = state
        self._dialects: Final = dialects
        self._excesses: Final = Excesses(state)

    def handle(self, event: PeerEvent, now: Moment, gathered: Gathered) -> None:
        """Take what happened to a connection; peers that are gone already are no error.

        Raises:
            LocalProtocolError: A peer joined that is here already, or speaks what we do not.
        """
        if isinstance(event, PeerJoined):
            self._join(event, now, gathered)
            return
        session = self._state.sessions.get(event.peer)
        if session is None:
            return
        match event:
            case PeerBlocked():
                session.blocked = True
            case PeerDrained():
                self._drain(session, now, gathered)
            case PeerTrustChanged():
                session.trusted = event.trusted
            case DirectRequestClosed():
                session.asked = False
            case PeerLeft():
                self._leave(session)
            case _:
                assert_never(event)

    def receive(self, event: PeerPackets, now: Moment, gathered: Gathered) -> None:
        """Take packets, up to the first that breaks the protocol."""
        session = self._state.sessions.get(event.peer)
        if session is None:
            return
        statistics = self._state.statistics
        for packet in event.packets:
            if session.has_failed:
                return
            statistics.packets_received += 1
            statistics.payload_bytes_received += len(packet.payload)
            session.received_bytes += len(packet.payload)
            is_limited = session.account is not None
            if is_limited and self._excesses.charge_packet(session, packet, gathered):
                return
            try:
                received = read_packet(session, packet, self._state.settings)
            except RemoteProtocolError as error:
                if not _is_skipped(session, error):
                    self._state.fail(session, Failure.BROKEN_PACKET, gathered, str(error))
                    return
                self._skip(session, packet, now, gathered)
                continue
            self._charge(session, _price(session, packet, received), now, gathered)
            if received is not None and not session.has_failed:
                self._act(session, received, now, gathered)

    def _skip(self, session: Session, packet: Packet, now: Moment, gathered: Gathered) -> None:
        """Pass over a packet that cannot be read; what an update said before its fault holds."""
        self._state.statistics.packets_skipped += 1
        self._charge(session, _wasted(packet), now, gathered)
        kind = session.dialect.kinds.get(packet.code)
        if kind is PacketKind.STATUS_UPDATE and not session.has_failed:
            self._state.offer_pool(session, now.monotonic_s, gathered)

    def _charge(self, session: Session, price: float, now: Moment, gathered: Gathered) -> None:
        """Let a peer pay for useless work, and end its session when its account is empty."""
        if price and session.patience.spend(price, now.monotonic_s) and not session.trusted:
            self._state.fail(session, Failure.FLOOD, gathered)

    def _join(self, event: PeerJoined, now: Moment, gathered: Gathered) -> None:
        state = self._state
        if event.peer in state.sessions:
            raise LocalProtocolError(f"peer {event.peer} is here already")
        state.learn_topics(now)
        dialect = dialect_for(event.capability, self._dialects)
        is_second = event.twin is not None and dialect.world == WHISPER_WORLD
        session = Session(
            event.peer,
            dialect,
            state.pool.take_slot(),
            trusted=event.trusted,
            now_s=now.monotonic_s,
            twin=event.twin,
            is_quiet=is_second and state.settings.transport is Transport.EITHER,
        )
        if state.rate_limiter is not None and not event.exempt:
            session.account = state.rate_limiter.join(dialect.world, event.address)
        state.sessions[event.peer] = session
        state.watched[event.peer] = session
        state.second_count += session.is_second
        payload = encode_status(dialect, status_of(session, state.admission, state.settings))
        state.send(session, gathered, session.packet(PacketKind.STATUS, payload))

    def _offer_from_greeting(self, session: Session, now: Moment, gathered: Gathered) -> None:
        """Offer the pool to a newcomer, on each session as soon as it is known what it carries."""
        state, now_s = self._state, now.monotonic_s
        twin = None if session.twin is None else state.sessions.get(session.twin)
        if twin is not None and twin.is_second:
            twin.decide_second(session, bridges=state.settings.bridges)
            self._listen_on_both(session, twin, gathered)
            if twin.is_greeted:
                state.offer_pool(twin, now_s, gathered)
        state.offer_pool(session, now_s, gathered)

    def _listen_on_both(self, first: Session, second: Session, gathered: Gathered) -> None:
        """Ask on Whisper, too, a peer that does not say that all of it comes on Waku.

        Who asks for topics pays for data, and a Go node that bridges would send everything twice.
        """
        state = self._state
        pays_for_data = state.settings.interest is Interest.TOPICS
        if second.is_deaf and not first.one_pool and not pays_for_data:
            second.is_deaf = False
            state.send(second, gathered, interest_packet(second, state.admission))

    def _leave(self, session: Session) -> None:
        del self._state.sessions[session.peer]
        self._state.second_count -= session.is_second
        session.has_left = True
        if session.account is not None:
            session.account.leave()
        session.forget_waiting()
        self._state.pool.release_slot(session.bit)

    def _drain(self, session: Session, now: Moment, gathered: Gathered) -> None:
        session.blocked = False
        self._state.send(session, gathered, *session.take_held())
        gathered.touched[session.peer] = session
        if session.offer_due:
            self._state.offer_pool(session, now.monotonic_s, gathered)

    def _act(self, session: Session, received: Received, now: Moment, gathered: Gathered) -> None:
        match received:
            case EnvelopesArrived():
                self._take_envelopes(session, received, now, gathered)
            case BatchAnswered():
                self._state.statistics.confirmations_received += 1
                if received.confirmed is not None:
                    gathered.outputs.append(received.confirmed)
                    self._note_refused(session, received.confirmed)
            case DirectArrived():
                self._take_direct(session, received.envelopes, gathered)
            case Greeted():
                # One connection with two sessions is one peer, greeted once.
                self._state.statistics.peers_greeted += not session.is_second
                gathered.outputs.append(PeerGreeted(session.peer))
                self._offer_from_greeting(session, now, gathered)
            case WishesWidened():
                self._state.offer_pool(session, now.monotonic_s, gathered)
            case Unknown():
                self._state.statistics.packets_unknown += 1
            case Unasked():
                self._state.statistics.unasked += 1
            case DirectRequestReceived() | RequestCompleted() | SyncRequested() | SyncReceived():
                gathered.outputs.append(received)
            case _:
                assert_never(received)

    def _take_envelopes(
        self, session: Session, arrived: EnvelopesArrived, now: Moment, gathered: Gathered
    ) -> None:
        state = self._state
        batch = self._sort(session, arrived, now, gathered)
        batch.count(session.tally)
        batch.count(state.statistics.traffic)
        state.statistics.envelopes_received += len(arrived.envelopes)
        if batch.repeated:
            state.statistics.dropped[Drop.DUPLICATE] += batch.repeated
        state.count_pooled(batch.pooled)
        self._charge(session, batch.price, now, gathered)
        if session.reads_confirmations and state.settings.confirmations:
            self._confirm(session, arrived.payload, batch.refused, gathered)
        blamed = [drop for _, drop in batch.refused if drop in _BLAMED]
        if blamed and session.dialect.disconnects_on_refused_envelope:
            detail = f"refused an envelope: {blamed[0].value}"
            state.fail(session, Failure.REFUSED_ENVELOPE, gathered, detail)

    def _sort(
        self, session: Session, arrived: EnvelopesArrived, now: Moment, gathered: Gathered
    ) -> Batch:
        """Take each envelope that can be taken, and count what the others were."""
        state, batch = self._state, Batch()
        state.learn_topics(now)
        policy = state.admission.policy(now)
        listen = None if policy.wanted is None else state.filters.listen_to
        worlds = state.worlds_from(session)
        find = state.pool.get
        is_limited = session.account is not None
        pooled = useful_bytes = 0
        for envelope in arrived.envelopes:
            known = find(envelope.raw)
            if known is not None:
                batch.price += self._repeated(known, session)
                batch.repeat(known.row, len(known.raw))
                if worlds & ~known.worlds:
                    self._cross(known, worlds, gathered)
                continue
            if is_limited and self._excesses.charge_envelope(session, envelope, gathered):
                self._refuse(batch, envelope, Drop.OVER_LIMIT)
                continue
            admitted = state.admit(envelope, policy, gathered, sent_by=session.bit, worlds=worlds)
            if isinstance(admitted, Drop):
                batch.price += useless_envelope_price(PRICES[admitted], len(envelope.raw))
                self._refuse(batch, envelope, admitted)
            elif listen is None or listen(envelope.topic):
                size_bytes = len(envelope.raw)
                useful_bytes += size_bytes
                pooled += 1
                tally = admitted.row.tally
                tally.received_useful += 1
                tally.received_useful_bytes += size_bytes
            else:
                batch.take_unheard(admitted.row, len(envelope.raw))
        batch.take(pooled, useful_bytes)
        return batch

    def _refuse(self, batch: Batch, envelope: Envelope, reason: Drop) -> None:
        """Count what was not taken; a topic gets no row for that, lest floods fill the table."""
        topics = self._state.topics
        batch.refuse(topics.rows.get(envelope.topic, topics.others), len(envelope.raw))
        is_told = reason is not Drop.EXPIRED or self._state.settings.serves_mail
        if is_told and reason in REFUSAL_TEXTS:
            batch.refused.append((envelope, reason))

    def _repeated(self, entry: PoolEntry, session: Session) -> float:
        """Note that a peer has what is pooled already, and return what it pays for sending it.

        An honest peer sends an envelope once on a connection; that it crossed with the same one
        from us is no fault of its.
        """
        bit = session.bit
        price = USELESS_ENVELOPE if entry.sent_by & bit else 0.0
        price = useless_envelope_price(price, len(entry.raw))
        if entry.known & bit and not entry.sent_by & bit:
            for tally in (session.tally, self._state.statistics.traffic, entry.row.tally):
                tally.crossed(len(entry.raw))
        entry.known |= bit
        entry.sent_by |= bit
        return price

    def _cross(self, entry: PoolEntry, worlds: int, gathered: Gathered) -> None:
        """Let an envelope go to a world that it came from as well, while we keep them apart."""
        entry.worlds |= worlds
        gathered.fresh.append(entry)

    def _note_refused(self, session: Session, confirmed: BatchConfirmed) -> None:
        if confirmed.refused:
            self._state.count_refused(session, {hash for hash, _ in confirmed.refused})

    def _confirm(
        self,
        session: Session,
        payload: bytes,
        refused: list[tuple[Envelope, Drop]],
        gathered: Gathered,
    ) -> None:
        batch = batch_hash(payload)
        code = session.dialect.error_code_sent
        refusals = [Refusal(envelope.hash, code, REFUSAL_TEXTS[drop]) for envelope, drop in refused]
        response = encode_message_response(batch, refusals, self._state.settings.message_bytes_max)
        answers = (
            session.packet(PacketKind.MESSAGE_RESPONSE, response),
            session.packet(PacketKind.BATCH_ACKNOWLEDGED, encode_batch_acknowledged(batch)),
        )
        size_bytes = sum(len(answer.payload) for answer in answers)
        throttle, count = session.throttle, len(answers)
        if throttle is not None and (
            session.blocked or not throttle.has_room(count, size_bytes, self._state.now_s)
        ):
            # They inform people; envelopes have to get through.
            self._state.statistics.confirmations_unsent += count
        elif session.blocked:
            session.hold(answers)
        else:
            self._state.send(session, gathered, *answers)

    def _take_direct(self, session: Session, envelopes: list[Envelope], gathered: Gathered) -> None:
        """Offer a trusted peer's envelopes to the filters; whoever asks judges an answer first."""
        self._state.statistics.direct_received += len(envelopes)
        if not session.asked:
            self._state.offer_direct(envelopes, gathered)
        elif envelopes:
            received = DirectReceived(session.peer, tuple(envelopes), session.trusted)
            gathered.outputs.append(received)


def _is_skipped(session: Session, error: RemoteProtocolError) -> bool:
    """Whether a packet that cannot be read is passed over in the peer's dialect."""
    is_forgiven = session.dialect.skips_broken_packets and session.is_greeted
    return is_forgiven and not isinstance(error, PacketTooLargeError)


_WISHES: Final = frozenset(
    {
        PacketKind.POW_REQUIREMENT,
        PacketKind.BLOOM_FILTER,
        PacketKind.RATE_LIMITS,
        PacketKind.STATUS_UPDATE,
    }
)
_ANSWERS: Final = frozenset({PacketKind.BATCH_ACKNOWLEDGED, PacketKind.MESSAGE_RESPONSE})


def _wasted(packet: Packet) -> float:
    """Return what a peer pays for a packet that was read for nothing."""
    return USELESS_PACKET + reading_price(len(packet.payload))


def _price(session: Session, packet: Packet, received: Received | None) -> float:
    """Return what a peer pays for a packet, apart from the envelopes in it."""
    kind = session.dialect.kinds.get(packet.code)
    if kind is PacketKind.MESSAGES:
        assert isinstance(received, EnvelopesArrived)
        return 0.0 if received.envelopes else USELESS_PACKET
    if kind in _WISHES:
        return CHANGED_WISH + reading_price(len(packet.payload))
    if kind in _ANSWERS:
        if not session.answers_owed:
            return _wasted(packet)
        session.answers_owed -= 1
        return 0.0
    if isinstance(received, DirectArrived):
        return 0.0 if received.envelopes else USELESS_PACKET
    # The end of a request costs something, for it may be told again and again while one is open.
    return 0.0 if isinstance(received, Greeted | SyncReceived) else USELESS_PACKET
