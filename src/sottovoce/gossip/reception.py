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
from sottovoce.gossip.confirmations import (
    Refusal,
    batch_hash,
    encode_batch_acknowledged,
    encode_message_response,
)
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
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
from sottovoce.gossip.packet_reader import (
    BatchAnswered,
    DirectArrived,
    EnvelopesArrived,
    Greeted,
    Received,
    Unasked,
    Unknown,
    WishesWidened,
    read_packet,
)
from sottovoce.gossip.patience import CHANGED_WISH, USELESS_ENVELOPE, USELESS_PACKET
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.registry import DialectTable, dialect_for
from sottovoce.gossip.relay_state import Gathered, RelayState
from sottovoce.gossip.session import Session
from sottovoce.gossip.status import encode_status

# What a refused peer reads. An envelope that has only just expired is dropped in silence.
REFUSAL_TEXTS: Final[Mapping[Drop, str]] = {
    Drop.VERY_OLD: "very old envelope",
    Drop.FUTURE: "envelope from future",
    Drop.TOO_LARGE: "huge messages are not allowed",
    Drop.LOW_POW: "envelope with low PoW received: below the required minimum",
    Drop.BLOOM: "envelope does not match bloom filter",
    Drop.POOL_FULL: "the pool is full of envelopes with more PoW",
}

# What a peer pays for an envelope of no use. A full pool is not its fault, and one that expired a
# moment ago was alive when an honest peer sent it.
PRICES: Final[Mapping[Drop, float]] = {
    Drop.POOL_FULL: 0.0,
    Drop.EXPIRED: USELESS_ENVELOPE / 2,
} | dict.fromkeys(
    (Drop.VERY_OLD, Drop.FUTURE, Drop.TOO_LARGE, Drop.LOW_POW, Drop.BLOOM), USELESS_ENVELOPE
)

# Refusals that are the peer's own doing; a strict dialect ends the connection for these.
_BLAMED: Final = frozenset(REFUSAL_TEXTS) - {Drop.POOL_FULL}


class Reception:
    """The part of a relay that faces its peers."""

    def __init__(self, state: RelayState, dialects: DialectTable) -> None:
        self._state: Final = state
        self._dialects: Final = dialects

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
            try:
                received = read_packet(session, packet, self._state.settings)
            except RemoteProtocolError as error:
                self._state.fail(session, Failure.BROKEN_PACKET, gathered, str(error))
                return
            self._charge(session, _price(session, packet, received), now, gathered)
            if received is not None and not session.has_failed:
                self._act(session, received, now, gathered)

    def _charge(self, session: Session, price: float, now: Moment, gathered: Gathered) -> None:
        """Let a peer pay for useless work, and end its session when its account is empty."""
        if price and session.patience.spend(price, now.monotonic_s) and not session.trusted:
            self._state.fail(session, Failure.FLOOD, gathered)

    def _join(self, event: PeerJoined, now: Moment, gathered: Gathered) -> None:
        state, settings = self._state, self._state.settings
        if event.peer in state.sessions:
            raise LocalProtocolError(f"peer {event.peer} is here already")
        dialect = dialect_for(event.capability, self._dialects)
        session = Session(
            event.peer,
            dialect,
            state.pool.take_slot(),
            trusted=event.trusted,
            now_s=now.monotonic_s,
        )
        state.sessions[event.peer] = session
        state.watched[event.peer] = session
        payload = encode_status(
            dialect,
            minimum_pow=state.admission.minimum_pow,
            bloom=state.admission.announced_bloom,
            light=settings.light,
            confirmations=settings.confirmations,
            rate_limits=settings.rate_limits,
        )
        state.send(session, gathered, session.packet(PacketKind.STATUS, payload))

    def _leave(self, session: Session) -> None:
        del self._state.sessions[session.peer]
        session.has_left = True
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
            case DirectArrived():
                self._take_direct(session, received.envelopes, gathered)
            case Greeted():
                self._state.statistics.peers_greeted += 1
                gathered.outputs.append(PeerGreeted(session.peer))
                self._state.offer_pool(session, now.monotonic_s, gathered)
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
        state, bit = self._state, session.bit
        state.statistics.envelopes_received += len(arrived.envelopes)
        policy = state.admission.policy(now)
        refused: list[tuple[Envelope, Drop]] = []
        price = 0.0
        pooled = 0
        find = state.pool.get
        for envelope in arrived.envelopes:
            known = find(envelope.raw)
            if known is not None:
                price += self._repeated(known, bit)
                continue
            admitted = state.admit(envelope, policy, gathered, sent_by=bit)
            if isinstance(admitted, Drop):
                price += PRICES[admitted]
                if admitted in REFUSAL_TEXTS:
                    refused.append((envelope, admitted))
            else:
                pooled += 1
        state.count_pooled(pooled)
        self._charge(session, price, now, gathered)
        if session.reads_confirmations and state.settings.confirmations:
            self._confirm(session, arrived.payload, refused, gathered)
        blamed = [drop for _, drop in refused if drop in _BLAMED]
        if blamed and session.dialect.disconnects_on_refused_envelope:
            detail = f"refused an envelope: {blamed[0].value}"
            state.fail(session, Failure.REFUSED_ENVELOPE, gathered, detail)

    def _repeated(self, entry: PoolEntry, bit: int) -> float:
        """Note that a peer has what is pooled already, and return what it pays for sending it.

        An honest peer sends an envelope once on a connection; that it crossed with the same one
        from us is no fault of its.
        """
        self._state.statistics.dropped[Drop.DUPLICATE] += 1
        price = USELESS_ENVELOPE if entry.sent_by & bit else 0.0
        entry.known |= bit
        entry.sent_by |= bit
        return price

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
        if session.blocked:
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


_WISHES: Final = frozenset(
    {PacketKind.POW_REQUIREMENT, PacketKind.BLOOM_FILTER, PacketKind.RATE_LIMITS}
)
_ANSWERS: Final = frozenset({PacketKind.BATCH_ACKNOWLEDGED, PacketKind.MESSAGE_RESPONSE})


def _price(session: Session, packet: Packet, received: Received | None) -> float:
    """Return what a peer pays for a packet, apart from the envelopes in it."""
    kind = session.dialect.kinds.get(packet.code)
    if kind is PacketKind.MESSAGES:
        assert isinstance(received, EnvelopesArrived)
        return 0.0 if received.envelopes else USELESS_PACKET
    if kind in _WISHES:
        return CHANGED_WISH
    if kind in _ANSWERS and session.answers_owed:
        session.answers_owed -= 1
        return 0.0
    if isinstance(received, DirectArrived):
        return 0.0 if received.envelopes else USELESS_PACKET
    # The end of a request costs something, for it may be told again and again while one is open.
    return 0.0 if isinstance(received, Greeted | SyncReceived) else USELESS_PACKET
