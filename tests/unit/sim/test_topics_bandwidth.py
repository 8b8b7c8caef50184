"""Four people on a ring say two messages each."""

import pytest

from sottovoce.sim.light_network import LIGHT_KINDS, LightKind
from sottovoce.sim.topics_bandwidth import BandwidthSettings, Scheme, Village

WHISPER, _, WAKU_TOPICS = LIGHT_KINDS


@pytest.fixture(scope="module")
def village() -> Village:
    few = BandwidthSettings(people=4, contacts=2, chats=1, messages=2, duration_s=5.0)
    return Village(few, 1)


@pytest.mark.parametrize("kind", [WHISPER, WAKU_TOPICS], ids=["Whisper bloom", "Waku topics"])
def test_one_topic_brings_everything_to_everybody(village: Village, kind: LightKind) -> None:
    line = village.run(Scheme.ONE_TOPIC, kind)
    assert (line.sent, line.meant, line.received) == (8, 2.0, 6.0)
    assert line.others_share == 1.0


@pytest.mark.parametrize("scheme", [Scheme.PARTITIONS, Scheme.NEGOTIATED])
def test_own_topics_bring_what_is_meant_for_a_person(village: Village, scheme: Scheme) -> None:
    line = village.run(scheme, WAKU_TOPICS)
    assert (line.sent, line.meant, line.received) == (8, 2.0, 2.0)
    assert line.others_share == 0.0


def test_bloom_brings_no_less_and_bytes_follow(village: Village) -> None:
    bloom = village.run(Scheme.NEGOTIATED, WHISPER)
    topics = village.run(Scheme.NEGOTIATED, WAKU_TOPICS)
    assert bloom.received >= topics.received
    assert topics.bytes > topics.received * 500
