"""Reading packets: what a packet means in the peer's dialect, and whether the peer may send it.

It owns the order of the questions (status first, size, trust, form) and updates what the session
knows of the peer. What follows for the pool and the other peers is the relay's business.

Spec: EIP-627, "Packet Codes"; status-go whisper/whisper.go (runMessageLoop).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.base.values import packet_value
from sottovoce.gossip.confirmations import (
    UNREADABLE,
    BatchResponse,
    decode_batch_acknowledged,
    decode_message_response,
)
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.direct_packets import (
    check_direct_request,
    decode_direct,
    decode_request_complete,
)
from sottovoce.gossip.envelope import Envelope, decode_envelopes
from sottovoce.gossip.events import (
    BatchConfirmed,
    DirectRequestReceived,
    RequestCompleted,
    SyncReceived,
    SyncRequested,
)
from sottovoce.gossip.options import decode_options
from sottovoce.gossip.session import Session, SessionState
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.status import decode_status
from sottovoce.gossip.sync_packets import decode_sync_request, decode_sync_response
from sottovoce.gossip.wishes import (
    decode_bloom_filter,
    decode_pow_requirement,
    decode_rate_limits,
)


class PacketTooLargeError(RemoteProtocolError):
    """A packet is larger than any may be: no dialect forgives that."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """The peer's status was accepted."""


@dataclass(frozen=True, slots=True)
class WishesWidened:
    """The peer wants envelopes that it did not want before."""


@packet_value
class EnvelopesArrived:
    """A `messages` packet, decoded; `payload` is what a confirmation names by its hash."""

    envelopes: list[Envelope]
    payload: bytes


@dataclass(frozen=True, slots=True)
class DirectArrived:
    """Envelopes that a peer sent past the pool, who is trusted or was asked."""

    envelopes: list[Envelope]


@dataclass(frozen=True, slots=True)
class Unasked:
    """Something that only trusted peers may send, or those that were asked for it."""


@dataclass(frozen=True, slots=True)
class BatchAnswered:
    """A confirmation; `confirmed` is a fact if envelopes of our own were in the batch."""

    confirmed: BatchConfirmed | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A code that means nothing in the peer's dialect."""


Received: TypeAlias = (
    EnvelopesArrived
    | BatchAnswered
    | DirectArrived
    | Greeted
    | WishesWidened
    | Unknown
    | Unasked
    | DirectRequestReceived
    | RequestCompleted
    | SyncRequested
    | SyncReceived
)

# Skipped without a look unless the peer is trusted: anybody could fill a client with them.
_TRUSTED_KINDS: Final = frozenset(
    {PacketKind.DIRECT_MESSAGES, PacketKind.REQUEST_COMPLETE, PacketKind.SYNC_RESPONSE}
)
# Of these, the answers to a request for history: taken while one is open.
_ANSWERS: Final = frozenset({PacketKind.DIRECT_MESSAGES, PacketKind.REQUEST_COMPLETE})
# Skipped without a look unless we serve mail.
_MAIL_KINDS: Final = frozenset(
    {PacketKind.DIRECT_REQUEST, PacketKind.SYNC_REQUEST, PacketKind.SYNC_RESPONSE}
)


def read_packet(session: Session, packet: Packet, settings: GossipSettings) -> Received | None:
    """Read one packet of a peer that has not failed.

    Returns:
        What the relay has to act on; None if nothing follows.

    Raises:
        RemoteProtocolError: The packet breaks the protocol.
        PacketTooLargeError: It is larger than any may be.
    """
    kind = session.dialect.kinds.get(packet.code)
    if session.state is SessionState.AWAITING_STATUS:
        if kind is not PacketKind.STATUS:
            raise RemoteProtocolError(f"packet {packet.code} came before the status")
        session.greet(decode_status(packet.payload, session.dialect), settings)
        return Greeted()
    if len(packet.payload) > settings.packet_bytes_max:
        raise PacketTooLargeError(f"a packet of {len(packet.payload)} bytes is too large")
    if kind is None:
        return Unknown()
    if kind in _TRUSTED_KINDS and not (session.trusted or (session.asked and kind in _ANSWERS)):
        return Unasked()
    if kind in _MAIL_KINDS and not settings.serves_mail:
        return None
    if kind is PacketKind.STATUS_UPDATE:
        return _read_status_update(session, packet.payload, settings)
    return _READERS[kind](session, packet.payload)


def _read_status_again(session: Session, payload: bytes) -> None:
    """A second status changes nothing, whatever it says."""


def _read_messages(session: Session, payload: bytes) -> EnvelopesArrived:
    return EnvelopesArrived(decode_envelopes(payload), payload)


def _read_pow_requirement(session: Session, payload: bytes) -> WishesWidened | None:
    widened = session.wishes.set_minimum_pow(decode_pow_requirement(payload))
    return WishesWidened() if widened else None


def _read_bloom_filter(session: Session, payload: bytes) -> WishesWidened | None:
    widened = session.wishes.set_bloom(decode_bloom_filter(payload))
    return WishesWidened() if widened else None


def _read_status_update(
    session: Session, payload: bytes, settings: GossipSettings
) -> WishesWidened | None:
    widened = session.apply(decode_options(payload, session.dialect), settings)
    return WishesWidened() if widened else None


def _read_rate_limits(session: Session, payload: bytes) -> WishesWidened | None:
    return WishesWidened() if session.obey(decode_rate_limits(payload), None) else None


def _read_batch_acknowledged(session: Session, payload: bytes) -> BatchAnswered:
    return BatchAnswered(session.confirm(BatchResponse(decode_batch_acknowledged(payload), ())))


def _read_message_response(session: Session, payload: bytes) -> BatchAnswered | None:
    response: BatchResponse | None = UNREADABLE
    try:
        response = decode_message_response(payload)
    finally:
        if response is None or response is UNREADABLE:
            # It may have refused anything; the bare acknowledgement that follows must not count.
            # Nor may it where a packet that is broken altogether is passed over.
            session.batches.forget_all()
    return None if response is None else BatchAnswered(session.confirm(response))


def _read_direct_messages(session: Session, payload: bytes) -> DirectArrived:
    dialect = session.dialect
    return DirectArrived(
        decode_direct(
            payload,
            list_accepted=dialect.direct_list_accepted,
            bare_accepted=dialect.direct_bare_accepted,
        )
    )


def _read_direct_request(session: Session, payload: bytes) -> DirectRequestReceived:
    check_direct_request(payload, plain_items=session.dialect.plain_request_items)
    return DirectRequestReceived(session.peer, payload, session.dialect.world)


def _read_request_complete(session: Session, payload: bytes) -> RequestCompleted:
    completion = decode_request_complete(payload)
    return RequestCompleted(
        peer=session.peer,
        request_id=completion.request_id,
        last_envelope=completion.last_envelope,
        cursor=completion.cursor,
        error=completion.error,
    )


def _read_sync_request(session: Session, payload: bytes) -> SyncRequested:
    return SyncRequested(session.peer, decode_sync_request(payload))


def _read_sync_response(session: Session, payload: bytes) -> SyncReceived:
    response = decode_sync_response(payload)
    return SyncReceived(
        peer=session.peer,
        envelopes=response.envelopes,
        cursor=response.cursor,
        final=response.final,
        error=response.error,
    )


_READERS: Final[Mapping[PacketKind, Callable[[Session, bytes], Received | None]]] = {
    PacketKind.STATUS: _read_status_again,
    PacketKind.MESSAGES: _read_messages,
    PacketKind.POW_REQUIREMENT: _read_pow_requirement,
    PacketKind.BLOOM_FILTER: _read_bloom_filter,
    PacketKind.RATE_LIMITS: _read_rate_limits,
    PacketKind.BATCH_ACKNOWLEDGED: _read_batch_acknowledged,
    PacketKind.MESSAGE_RESPONSE: _read_message_response,
    PacketKind.DIRECT_MESSAGES: _read_direct_messages,
    PacketKind.DIRECT_REQUEST: _read_direct_request,
    PacketKind.REQUEST_COMPLETE: _read_request_complete,
    PacketKind.SYNC_REQUEST: _read_sync_request,
    PacketKind.SYNC_RESPONSE: _read_sync_response,
}
