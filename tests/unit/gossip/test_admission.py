"""Admission: the checks in their order, and the tolerance after a change."""

import math

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.gossip.admission import Admission, Policy, SlowChange, check
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope
from sottovoce.gossip.events import Drop
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.settings import GossipSettings
from unit.gossip.network import OTHER_TOPIC, START_UNIX_S, TOPIC, make_envelope

OPEN = Policy(0.0, 0.0, None, None, 1024, START_UNIX_S)


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
    policy = OPEN._replace(minimum_pow=math.inf, tolerated_pow=math.inf, bloom=0, tolerated_bloom=0)
    assert check(at(sent=0), policy) is Drop.LOW_POW


def test_tolerated_work_is_enough() -> None:
    envelope = make_envelope(pow=1.0)
    assert isinstance(
        check(envelope, OPEN._replace(minimum_pow=math.inf, tolerated_pow=1.0)),
        float,
    )


def test_tolerated_bloom_is_enough() -> None:
    narrow = OPEN._replace(bloom=topic_bloom(OTHER_TOPIC), tolerated_bloom=topic_bloom(OTHER_TOPIC))
    assert check(at(sent=0), narrow) is Drop.BLOOM
    tolerant = narrow._replace(tolerated_bloom=topic_bloom(TOPIC))
    assert isinstance(check(at(sent=0), tolerant), float)


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


def test_configured_minimum_is_in_force_from_the_start() -> None:
    policy = Admission(GossipSettings(minimum_pow=5.0)).policy(Moment(0.0, START_UNIX_S))
    assert (policy.minimum_pow, policy.tolerated_pow) == (5.0, 5.0)


def test_first_bloom_refuses_nothing_for_ten_seconds() -> None:
    admission = Admission(GossipSettings())
    admission.set_bloom(bloom_to_bytes(topic_bloom(TOPIC)), 100.0)
    assert admission.policy(Moment(109.0, START_UNIX_S)).tolerated_bloom is None
    assert admission.policy(Moment(110.0, START_UNIX_S)).tolerated_bloom == topic_bloom(TOPIC)
