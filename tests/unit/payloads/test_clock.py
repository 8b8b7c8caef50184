"""Lamport clocks: the next one, and the bounds of a received one."""

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.clock import acceptable_clock, check_clock, next_clock


@pytest.mark.parametrize(
    ("last_clock", "now_unix_ms", "clock"),
    [(0, 1000, 1000), (0, 0, 0), (999, 1000, 1000), (1000, 1000, 1001), (5000, 1000, 5001)],
)
def test_next_clock_is_the_time_or_one_more(last_clock: int, now_unix_ms: int, clock: int) -> None:
    assert next_clock(last_clock=last_clock, now_unix_ms=now_unix_ms) == clock


def test_clock_never_runs_over_its_field() -> None:
    assert next_clock(last_clock=2**64 - 2, now_unix_ms=1000) == 2**64 - 1
    with pytest.raises(LocalProtocolError):
        next_clock(last_clock=2**64 - 1, now_unix_ms=1000)


@pytest.mark.parametrize("clock", [1, 999, 1000, 121_000])
def test_clock_of_the_past_and_up_to_two_minutes_ahead_passes(clock: int) -> None:
    check_clock(clock, 1000)


@pytest.mark.parametrize("clock", [0, 121_001, 2**63, 2**64 - 1])
def test_clock_of_zero_or_further_ahead_is_refused(clock: int) -> None:
    with pytest.raises(RemoteProtocolError):
        check_clock(clock, 1000)


@pytest.mark.parametrize(
    ("last_clock", "clock"),
    [(0, 1000), (1000, 1001), (119_999, 120_000), (120_000, 120_000), (2**63, 120_000)],
)
def test_clock_of_what_is_sent_stays_below_what_is_refused(last_clock: int, clock: int) -> None:
    assert acceptable_clock(last_clock=last_clock, now_unix_ms=1000) == clock


def test_clock_of_what_is_sent_is_accepted_by_the_envelope_of_the_same_second() -> None:
    check_clock(acceptable_clock(last_clock=2**63, now_unix_ms=5999), reference_unix_ms=5000)
