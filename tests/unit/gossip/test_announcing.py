"""Announcing: what peers of each dialect are told of our wishes."""

import pytest

from sottovoce.base.packets import Packet
from sottovoce.gossip.admission import Admission
from sottovoce.gossip.announcing import interest_packet, pow_packet, status_of
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_to_bytes, topic_bloom
from sottovoce.gossip.dialect import Dialect
from sottovoce.gossip.options import StatusOptions, decode_options
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from sottovoce.gossip.whisper_v6 import STATUS_GO
from sottovoce.gossip.wishes import decode_bloom_filter, decode_pow_requirement
from unit.gossip.network import TOPIC

BLOOM = bloom_to_bytes(topic_bloom(TOPIC))
WAKU = [STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1]


def peer(dialect: Dialect) -> Session:
    return Session(1, dialect, 1, trusted=False, now_s=0.0)


def wanting(interest: Interest) -> Admission:
    admission = Admission(GossipSettings(interest=interest))
    admission.set_topics(frozenset({TOPIC}), 0.0)
    return admission


def said(packet: Packet, dialect: Dialect) -> StatusOptions:
    assert packet.code == 22
    return decode_options(packet.payload, dialect)


@pytest.mark.parametrize("dialect", WAKU)
@pytest.mark.parametrize(
    ("interest", "expected"),
    [
        (Interest.EVERYTHING, StatusOptions(bloom=bloom_to_bytes(FULL_BLOOM))),
        (Interest.BLOOM, StatusOptions(bloom=BLOOM)),
        (Interest.TOPICS, StatusOptions(topics=frozenset({TOPIC}))),
    ],
)
def test_update_on_waku_tells_the_interest_and_nothing_else(
    dialect: Dialect, interest: Interest, expected: StatusOptions
) -> None:
    assert said(interest_packet(peer(dialect), wanting(interest)), dialect) == expected


@pytest.mark.parametrize("interest", [Interest.BLOOM, Interest.TOPICS])
def test_whisper_is_told_a_bloom_filter(interest: Interest) -> None:
    packet = interest_packet(peer(STATUS_GO), wanting(interest))
    assert packet.code == 3
    assert decode_bloom_filter(packet.payload) == BLOOM


def test_whisper_is_told_of_a_full_node_by_a_full_bloom_filter() -> None:
    packet = interest_packet(peer(STATUS_GO), wanting(Interest.EVERYTHING))
    assert decode_bloom_filter(packet.payload) == bloom_to_bytes(FULL_BLOOM)


def test_requirement_of_work_has_a_packet_in_whisper_and_an_option_in_waku() -> None:
    whisper = pow_packet(peer(STATUS_GO), 0.5)
    assert (whisper.code, decode_pow_requirement(whisper.payload)) == (2, 0.5)
    waku = pow_packet(peer(STATUS_GO_WAKU_V1), 0.5)
    assert said(waku, STATUS_GO_WAKU_V1) == StatusOptions(minimum_pow=0.5)


def test_status_of_a_full_node_tells_neither_bloom_nor_topics() -> None:
    settings = GossipSettings(byte_limits=(0, 0, 0))
    status = status_of(peer(STATUS_GO_WAKU_V1), wanting(Interest.EVERYTHING), settings)
    assert (status.bloom, status.topics, status.byte_limits) == (None, None, None)
    assert (status.light, status.confirmations) == (False, True)
