"""Announcing: what of our wishes a peer is told, in the words of its dialect.

It owns the choice of words: Whisper has a packet for each wish, Waku one list of options for all.
What we want is the admission's business, and when it is told that of others.

Spec: EIP-627, "PoW Requirement" and "Bloom Filter"; 6/WAKU1, "Status" and "Status Update".
"""

from sottovoce.base.packets import Packet
from sottovoce.gossip.admission import Admission
from sottovoce.gossip.bloom import BLOOM_BYTES, FULL_BLOOM, bloom_to_bytes
from sottovoce.gossip.dialect import PacketKind, StatusForm
from sottovoce.gossip.options import StatusOptions, encode_options
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.gossip.wishes import (
    NO_RATE_LIMITS,
    encode_bloom_filter,
    encode_pow_requirement,
)


def status_of(session: Session, admission: Admission, settings: GossipSettings) -> StatusOptions:
    """Return what our status says to a peer; on a deaf session, that we want nothing there."""
    has_one_pool = settings.bridges and settings.transport is Transport.BOTH
    interest = _interest(session, admission)
    return StatusOptions(
        minimum_pow=admission.minimum_pow,
        bloom=interest.bloom,
        light=settings.light,
        confirmations=settings.confirmations,
        rate_limits=settings.rate_limits,
        topics=interest.topics,
        byte_limits=None if settings.byte_limits == NO_RATE_LIMITS else settings.byte_limits,
        # Only a node that has both sessions can do without one of them.
        one_pool=True if has_one_pool and session.twin is not None else None,
    )


def pow_packet(session: Session, minimum_pow: float) -> Packet:
    """Return the packet that tells a greeted or new peer our requirement of work.

    Raises:
        LocalProtocolError: It is infinite, no number, or negative.
    """
    if PacketKind.STATUS_UPDATE in session.dialect.codes:
        return _update(session, StatusOptions(minimum_pow=minimum_pow))
    return session.packet(PacketKind.POW_REQUIREMENT, encode_pow_requirement(minimum_pow))


def interest_packet(session: Session, admission: Admission) -> Packet:
    """Return the packet that tells a peer which envelopes we want."""
    interest = _interest(session, admission)
    if PacketKind.STATUS_UPDATE not in session.dialect.codes:
        bloom = interest.bloom or bloom_to_bytes(FULL_BLOOM)
        return session.packet(PacketKind.BLOOM_FILTER, encode_bloom_filter(bloom))
    if interest == StatusOptions():
        # There is no other word for a full node in an update.
        return _update(session, StatusOptions(bloom=bloom_to_bytes(FULL_BLOOM)))
    return _update(session, interest)


def _interest(session: Session, admission: Admission) -> StatusOptions:
    """Return the one option that says what we want; none if that is everything."""
    if session.is_deaf:
        return StatusOptions(bloom=bytes(BLOOM_BYTES))
    names_topics = session.dialect.status_form is not StatusForm.POSITIONS
    if names_topics and admission.announced_topics is not None:
        return StatusOptions(topics=admission.announced_topics)
    return StatusOptions(bloom=admission.announced_bloom or None)


def _update(session: Session, said: StatusOptions) -> Packet:
    return session.packet(PacketKind.STATUS_UPDATE, encode_options(session.dialect, said))
