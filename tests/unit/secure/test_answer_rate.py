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
    assert len(rate._last_s) == DEVICES_REMEMBERED_MAX
