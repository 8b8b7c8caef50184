"""Nobody makes us talk more often than the bounds say."""

from sottovoce.base.moment import Moment
from sottovoce.secure.answer_rate import (
    ANSWERS_AT_ONCE_MAX,
    ANSWERS_PER_S,
    DEVICES_REMEMBERED_MAX,
    AnswerRate,
)
from unit.secure.people import after


def answered(rate: AnswerRate, device: bytes, now: Moment) -> bool:
    """Answer if that is allowed."""
    if not rate.allows(device, now):
        return False
    rate.spend(device, now)
    return True


def test_one_device_is_answered_once_in_each_pause() -> None:
    rate = AnswerRate(7200)
    assert [answered(rate, b"a", after(s)) for s in (0, 1, 7199, 7200, 7201)] == [
        True, False, False, True, False,
    ]  # fmt: skip


def test_first_pauses_are_shorter_for_an_answer_may_have_been_lost() -> None:
    rate = AnswerRate(7200, 60)
    moments = (0, 59, 60, 179, 180, 419, 420)
    assert [answered(rate, b"a", after(s)) for s in moments] == [
        True, False, True, False, True, False, True,
    ]  # fmt: skip


def test_pauses_never_become_longer_than_the_longest() -> None:
    rate = AnswerRate(100, 60)
    moments = (0, 60, 159, 160, 259, 260)
    assert [answered(rate, b"a", after(s)) for s in moments] == [
        True, True, False, True, False, True,
    ]  # fmt: skip


def test_who_was_silent_for_long_is_answered_as_at_first() -> None:
    rate = AnswerRate(7200, 60)
    for moment in (0, 60, 180):
        assert answered(rate, b"a", after(moment))
    assert answered(rate, b"a", after(180 + 2 * 7200 + 1))
    assert answered(rate, b"a", after(180 + 2 * 7200 + 61))


def test_many_devices_share_a_bound() -> None:
    rate = AnswerRate(7200)
    count = sum(answered(rate, bytes([number]), after(0)) for number in range(100))
    assert count == ANSWERS_AT_ONCE_MAX
    assert not answered(rate, b"later", after(1 / ANSWERS_PER_S - 0.1))
    assert answered(rate, b"later", after(1 / ANSWERS_PER_S + 0.1))


def test_asking_costs_nothing() -> None:
    rate = AnswerRate(7200)
    assert all(rate.allows(bytes([number]), after(0)) for number in range(100))
    assert answered(rate, b"\x00", after(0))


def test_devices_that_are_remembered_are_bounded() -> None:
    rate = AnswerRate(7200)
    for number in range(DEVICES_REMEMBERED_MAX + 10):
        assert answered(rate, number.to_bytes(2, "big"), after(number / ANSWERS_PER_S))
    assert len(rate._answered) == DEVICES_REMEMBERED_MAX
