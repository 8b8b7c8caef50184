"""Admission: the checks in their order, and the tolerance after a change."""

import math

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.gossip.admission import (
    EVERYTHING,
    NOTHING,
    Admission,
    Policy,
    SlowChange,
    Wanted,
    check,
)
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope
from sottovoce.gossip.events import Drop
from sottovoce.gossip.options import TOPICS_MAX
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.settings import GossipSettings, Interest
from unit.gossip.network import OTHER_TOPIC, START_UNIX_S, TOPIC, make_envelope

OPEN = Policy(0.0, 0.0, None, EVERYTHING, 1024, START_UNIX_S)


def at(*, sent: int, ttl: int = 10, data: bytes = b"x", topic: Topic = TOPIC) -> Envelope:
    return UnminedEnvelope(START_UNIX_S + sent + ttl, ttl, topic, data).mined(0)


def test_live_envelope_is_accepted_with_its_work() -> None:
    envelope = at(sent=0)
    accepted = check(envelope, OPEN)
    assert accepted == envelope_pow(envelope)


@pytest.mark.parametrize(
    ("sent", "verdict"),
    [
        (-10, None),
        (-11, Drop.EXPIRED),
        (-30, Drop.EXPIRED),
        (-31, Drop.VERY_OLD),
        (10, None),
        (11, Drop.FUTURE),
    ],
)
def test_time_of_an_envelope_decides(sent: int, verdict: Drop | None) -> None:
    found = check(at(sent=sent), OPEN)
    assert (found if isinstance(found, Drop) else None) == verdict


def test_work_of_an_envelope_from_the_future_counts_over_a_longer_life() -> None:
    envelope = at(sent=9, ttl=1)
    accepted = check(envelope, OPEN)
    assert isinstance(accepted, float)
    assert accepted == envelope_pow(envelope, 10) < envelope_pow(envelope)


def test_size_is_checked_before_work() -> None:
    policy = OPEN._replace(minimum_pow=math.inf, tolerated_pow=math.inf, message_bytes_max=30)
    assert check(at(sent=0, data=b"x" * 10), policy) is Drop.LOW_POW
    assert check(at(sent=0, data=b"x" * 11), policy) is Drop.TOO_LARGE


def test_work_is_checked_before_the_bloom() -> None:
    policy = OPEN._replace(minimum_pow=math.inf, tolerated_pow=math.inf, wanted=NOTHING)
    assert check(at(sent=0), policy) is Drop.LOW_POW


def test_tolerated_work_is_enough() -> None:
    envelope = make_envelope(pow=1.0)
    assert isinstance(
        check(envelope, OPEN._replace(minimum_pow=math.inf, tolerated_pow=1.0)),
        float,
    )


def test_tolerated_bloom_is_enough() -> None:
    other = Wanted(topic_bloom(OTHER_TOPIC))
    narrow = OPEN._replace(wanted=other, tolerated=other)
    assert check(at(sent=0), narrow) is Drop.BLOOM
    tolerant = narrow._replace(tolerated=Wanted(topic_bloom(TOPIC)))
    assert isinstance(check(at(sent=0), tolerant), float)


def test_topic_of_the_same_bloom_is_no_topic_of_interest() -> None:
    # Both have one bit in one byte, and the bloom tells them apart no more.
    twin = Topic(bytes([TOPIC[0], TOPIC[1], TOPIC[2], TOPIC[3] | 0x80]))
    assert topic_bloom(twin) == topic_bloom(TOPIC)
    interest = Wanted(topic_bloom(TOPIC), frozenset({twin}))
    narrow = OPEN._replace(wanted=interest, tolerated=interest)
    assert check(at(sent=0), narrow) is Drop.TOPICS
    assert isinstance(check(at(sent=0, topic=twin), narrow), float)


def test_old_value_is_tolerated_for_ten_seconds() -> None:
    value = SlowChange(1)
    value.change(2, 100.0)
    assert (value.current, value.tolerated(109.9)) == (2, 1)
    assert value.tolerated(110.0) == 2


def test_each_of_two_quick_changes_ends_in_its_own_time() -> None:
    value = SlowChange(1)
    value.change(2, 100.0)
    value.change(3, 105.0)
    assert [value.tolerated(at) for at in (109.0, 110.0, 114.9, 115.0)] == [1, 2, 2, 3]


def test_changes_in_one_moment_end_together() -> None:
    value = SlowChange(1)
    for number in range(2, 100):
        value.change(number, 100.0 + number / 1000)
    value.change(0, 105.0)
    assert [value.tolerated(at) for at in (110.0, 110.1, 114.9, 115.0)] == [1, 99, 99, 0]


def test_configured_minimum_is_in_force_from_the_start() -> None:
    policy = Admission(GossipSettings(minimum_pow=5.0)).policy(Moment(0.0, START_UNIX_S))
    assert (policy.minimum_pow, policy.tolerated_pow) == (5.0, 5.0)


def test_first_bloom_refuses_nothing_for_ten_seconds() -> None:
    admission = Admission(GossipSettings())
    admission.set_bloom(bloom_to_bytes(topic_bloom(TOPIC)), 100.0)
    assert admission.policy(Moment(109.0, START_UNIX_S)).tolerated == EVERYTHING
    after = Wanted(topic_bloom(TOPIC))
    assert admission.policy(Moment(110.0, START_UNIX_S)).tolerated == after


def topics_of(interest: Interest) -> Admission:
    return Admission(GossipSettings(interest=interest))


def test_full_node_announces_nothing_whatever_its_filters_are() -> None:
    admission = topics_of(Interest.EVERYTHING)
    assert not admission.set_topics(frozenset({TOPIC}), 0.0)
    assert (admission.announced_bloom, admission.announced_topics) == (b"", None)
    assert admission.policy(Moment(0.0, START_UNIX_S)).wanted is None


def test_bloom_grows_with_the_topics_and_never_narrows() -> None:
    admission = topics_of(Interest.BLOOM)
    assert admission.announced_bloom == bytes(64)
    assert admission.set_topics(frozenset({TOPIC}), 0.0)
    assert not admission.set_topics(frozenset(), 0.0)
    assert admission.announced_bloom == bloom_to_bytes(topic_bloom(TOPIC))
    assert admission.announced_topics is None


def test_bloom_forgets_a_topic_that_peers_may_not_be_told_of_any_more() -> None:
    ours, gone = Topic(b"ours"), Topic(b"gone")
    admission = Admission(
        GossipSettings(interest=Interest.BLOOM, bloom=bloom_to_bytes(topic_bloom(OTHER_TOPIC)))
    )
    admission.set_topics(frozenset({TOPIC, ours, gone}), 0.0)
    admission.set_topics(frozenset({TOPIC, ours}), 1.0)
    assert admission.set_topics(frozenset({TOPIC}), 2.0, hidden=frozenset({ours}))
    left = topic_bloom(TOPIC) | topic_bloom(gone) | topic_bloom(OTHER_TOPIC)
    assert admission.announced_bloom == bloom_to_bytes(left)


def test_bloom_forgets_a_hidden_topic_that_nobody_listened_to_any_more() -> None:
    ours = Topic(b"ours")
    admission = topics_of(Interest.BLOOM)
    admission.set_topics(frozenset({TOPIC, ours}), 0.0)
    assert not admission.set_topics(frozenset({TOPIC}), 1.0)
    assert admission.set_topics(frozenset({TOPIC}), 2.0, hidden=frozenset({ours}))
    assert admission.announced_bloom == bloom_to_bytes(topic_bloom(TOPIC))


def test_bloom_of_the_owner_keeps_its_bits_whatever_is_hidden_later() -> None:
    admission = topics_of(Interest.BLOOM)
    admission.set_topics(frozenset({TOPIC}), 0.0)
    owners = bloom_to_bytes(topic_bloom(OTHER_TOPIC))
    admission.set_bloom(owners, 1.0)
    admission.set_topics(frozenset(), 2.0, hidden=frozenset({TOPIC, OTHER_TOPIC}))
    assert admission.announced_bloom == owners


def test_topic_interest_is_exactly_the_topics() -> None:
    admission = topics_of(Interest.TOPICS)
    assert admission.announced_topics == frozenset()
    assert admission.set_topics(frozenset({TOPIC, OTHER_TOPIC}), 0.0)
    assert admission.set_topics(frozenset({OTHER_TOPIC}), 0.0)
    assert admission.announced_topics == {OTHER_TOPIC}
    assert admission.announced_bloom == bloom_to_bytes(topic_bloom(OTHER_TOPIC))


def test_more_topics_than_a_peer_accepts_are_wanted_by_a_bloom() -> None:
    admission = topics_of(Interest.TOPICS)
    admission.set_topics(frozenset(Topic(n.to_bytes(4)) for n in range(TOPICS_MAX + 1)), 0.0)
    assert admission.announced_topics is None
    assert admission.announced_bloom != bytes(64)


def test_bloom_that_the_owner_sets_takes_the_place_of_topics() -> None:
    admission = topics_of(Interest.TOPICS)
    admission.set_topics(frozenset({TOPIC}), 0.0)
    admission.set_bloom(bloom_to_bytes(topic_bloom(OTHER_TOPIC)), 0.0)
    assert admission.announced_topics is None
    assert admission.announced_bloom == bloom_to_bytes(topic_bloom(OTHER_TOPIC))


@pytest.mark.parametrize("interest", list(Interest))
def test_pause_wants_nothing_and_its_end_what_was_wanted_before(interest: Interest) -> None:
    admission = topics_of(interest)
    admission.set_topics(frozenset({TOPIC}), 0.0)
    before = (admission.announced_bloom, admission.announced_topics)
    admission.pause(True, 20.0)
    assert admission.is_paused
    assert (admission.announced_bloom, admission.announced_topics) == (bytes(64), frozenset())
    assert admission.policy(Moment(30.0, START_UNIX_S)).wanted == NOTHING
    admission.pause(False, 40.0)
    assert (admission.announced_bloom, admission.announced_topics) == before
