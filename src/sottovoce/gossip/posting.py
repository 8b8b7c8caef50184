"""Posting: what our own program wants sent, and what it wants of us from now on.

It owns the way of our own envelopes into the pool and of packets to single peers. An envelope of
our own passes the checks that every envelope passes and is passed on like every other, but for
the delay that it gets on each link.

Spec: EIP-627; go-ethereum whisper/whisperv6/whisper.go (Send, SendP2PMessage, SetMinimumPoW,
SetBloomFilter, updateBloomFilter); status-go whisper/whisper.go (SyncMessages).
"""

from collections.abc import Sequence
from typing import Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.gossip.announcing import pow_packet
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.direct_packets import (
    encode_direct,
    encode_request_complete,
)
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    ArchivedPosted,
    BloomChanged,
    DirectPosted,
    DirectRequestAnswered,
    DirectRequestPosted,
    Drop,
    EnvelopePosted,
    Failure,
    FilterInstalled,
    FilterRemoved,
    MinimumPowChanged,
    OpeningEvent,
    OpeningMarked,
    PeerPost,
    PostAccepted,
    PostEvent,
    PostRefused,
    ReceivingPaused,
    SettingEvent,
    SyncAnswered,
    SyncRefused,
    SyncRequestPosted,
)
from sottovoce.gossip.forwarding import fits_packet, split_envelopes
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.relay_state import Gathered, RelayState
from sottovoce.gossip.session import Session
from sottovoce.gossip.sync_packets import (
    SyncResponse,
    encode_archived_response,
    encode_sync_request,
    encode_sync_response,
)
from sottovoce.gossip.wishes import check_bloom, check_minimum_pow


class Posting:
    """The part of a relay that faces our own program."""

    def __init__(self, state: RelayState) -> None:
        self._state: Final = state

    def post(self, event: PostEvent, now: Moment, gathered: Gathered) -> None:
        """Send something; a peer that is gone already is no error.

        Raises:
            LocalProtocolError: The packet is one that nobody may send.
        """
        if isinstance(event, EnvelopePosted):
            self._post_envelope(event.envelope, now, gathered)
            return
        session = self._state.sessions.get(event.peer)
        if session is None:
            return
        if isinstance(event, DirectRequestPosted):
            session.asked = True
        self._state.send(session, gathered, *self._packets_of(session, event))
        if isinstance(event, SyncRefused):
            self._state.fail(session, Failure.REFUSED_SYNC, gathered)

    def _packets_of(self, session: Session, event: PeerPost) -> tuple[Packet, ...]:
        match event:
            case DirectPosted():
                packets = self._direct_packets(session, event.envelopes)
            case DirectRequestPosted():
                packets = _packets(session, PacketKind.DIRECT_REQUEST, event.payload)
            case ArchivedPosted():
                packets = _archived_packets(session, event.envelopes)
            case DirectRequestAnswered():
                body = encode_request_complete(event.body)
                packets = _packets(session, PacketKind.REQUEST_COMPLETE, body)
            case SyncRequestPosted():
                body = encode_sync_request(event.request)
                packets = _packets(session, PacketKind.SYNC_REQUEST, body)
            case SyncAnswered():
                body = encode_archived_response(event.envelopes, event.cursor, final=event.final)
                packets = _packets(session, PacketKind.SYNC_RESPONSE, body)
            case SyncRefused():
                body = encode_sync_response(SyncResponse(error=event.detail))
                packets = _packets(session, PacketKind.SYNC_RESPONSE, body)
            case _:
                assert_never(event)
        return packets

    def open(self, event: OpeningEvent, gathered: Gathered) -> None:
        """Let the filters try what came past the pool, or tell when they have done so."""
        if isinstance(event, OpeningMarked):
            self._state.mark_opening(event.mark)
        else:
            self._state.offer_direct(event.envelopes, gathered)

    def set(self, event: SettingEvent, now: Moment, gathered: Gathered) -> None:
        """Change what we open and what we want.

        Raises:
            LocalProtocolError: The value is out of range, or the filter's number is taken.
        """
        match event:
            case FilterInstalled():
                self._state.filters.install(event.number, event.filter)
                self._state.topics_changed = True
                if not event.filter.announced:
                    self._state.newly_hidden |= event.filter.topics
                if event.searches_pool:
                    self._state.search_pool(event.number, event.filter.topics)
            case FilterRemoved():
                self._state.filters.remove(event.number)
                self._state.topics_changed = True
            case MinimumPowChanged():
                check_minimum_pow(event.minimum_pow)
                self._state.admission.set_minimum_pow(event.minimum_pow, now.monotonic_s)
                for session in self._state.sessions.values():
                    self._state.send(session, gathered, pow_packet(session, event.minimum_pow))
            case BloomChanged():
                check_bloom(event.bloom)
                self._state.learn_topics(now)
                self._state.admission.set_bloom(event.bloom, now.monotonic_s)
                self._state.announce_interest(gathered)
            case ReceivingPaused():
                self._state.learn_topics(now)
                self._state.admission.pause(event.paused, now.monotonic_s)
                self._state.announce_interest(gathered)
                if not event.paused:
                    self._offer_to_all(now, gathered)
            case _:
                assert_never(event)

    def _post_envelope(self, envelope: Envelope, now: Moment, gathered: Gathered) -> None:
        state = self._state
        admitted = self._admit_own(envelope, now, gathered)
        if isinstance(admitted, Drop):
            gathered.outputs.append(PostRefused(envelope.hash, admitted))
            return
        state.statistics.envelopes_posted += 1
        admitted.become_own()
        for session in state.sessions.values():
            if session.is_greeted and session.carries:
                state.own_delays.start(session, admitted, now.monotonic_s)
        gathered.outputs.append(PostAccepted(envelope.hash))

    def _offer_to_all(self, now: Moment, gathered: Gathered) -> None:
        """Offer what came, and whoever came, while nothing was passed on."""
        for session in self._state.sessions.values():
            if session.is_greeted:
                self._state.offer_pool(session, now.monotonic_s, gathered)

    def _admit_own(self, envelope: Envelope, now: Moment, gathered: Gathered) -> Drop | PoolEntry:
        state = self._state
        if not fits_packet(envelope.raw, state.settings.message_bytes_max):
            state.statistics.dropped[Drop.TOO_LARGE] += 1
            return Drop.TOO_LARGE
        if not state.own_delays.has_room(len(state.sessions)):
            state.statistics.dropped[Drop.POOL_FULL] += 1
            return Drop.POOL_FULL
        known = state.pool.get(envelope.raw)
        if known is not None:
            state.statistics.dropped[Drop.DUPLICATE] += 1
            return known
        # What we want of others says nothing of what we may send.
        policy = state.admission.policy(now)._replace(wanted=None)
        admitted = state.admit(envelope, policy, gathered, own=True)
        if not isinstance(admitted, Drop):
            state.count_pooled(1, own=True)
        return admitted

    def _direct_packets(
        self, session: Session, envelopes: tuple[Envelope, ...]
    ) -> tuple[Packet, ...]:
        parts = split_envelopes(envelopes, self._state.settings)
        if not session.takes_direct_lists:
            parts = [[envelope] for part in parts for envelope in part]
        return tuple(_direct_packet(session, [envelope.raw for envelope in part]) for part in parts)


def _archived_packets(session: Session, envelopes: tuple[bytes, ...]) -> tuple[Packet, ...]:
    parts = [envelopes] if session.takes_direct_lists else [(raw,) for raw in envelopes]
    return tuple(_direct_packet(session, part) for part in parts)


def _direct_packet(session: Session, envelopes: Sequence[bytes]) -> Packet:
    payload = encode_direct(envelopes, bare=session.dialect.direct_bare_sent)
    return session.packet(PacketKind.DIRECT_MESSAGES, payload)


def _packets(session: Session, kind: PacketKind, payload: bytes) -> tuple[Packet, ...]:
    """Make the packet, or none if the peer's dialect has no such packet."""
    if kind not in session.dialect.codes:
        return ()
    return (session.packet(kind, payload),)
