"""Allowance: below a peer's limit at any time, whatever it is and whenever we ask."""

import math

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.gossip.allowance import BURST_S, RATE_KEPT, Allowance


def test_three_quarters_of_a_second_may_leave_at_once_and_then_nine_tenths_of_the_rate() -> None:
    allowance = Allowance(100, 0)
    assert (BURST_S, RATE_KEPT) == (0.75, 0.9)
    allowance.spend(75, 0, 50.0)
    assert allowance.count_left(50.0) == 0
    assert allowance.ready_at_s(1, 0) == 50 + 1 / 90


def test_one_may_always_leave_when_nothing_did_for_long() -> None:
    allowance = Allowance(1, 0)
    assert allowance.ready_at_s(1, 10**9) <= 0
    allowance.spend(1, 10**9, 7.0)
    assert allowance.full_at_s() == 7 + 1 / 0.9


def test_what_is_not_limited_has_no_end() -> None:
    assert Allowance(1, 0).bytes_left(0.0) == math.inf
    assert Allowance(0, 1).count_left(0.0) == math.inf
    assert Allowance(0, 0).ready_at_s(10**6, 10**9) == 0


@given(
    limits=st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    sizes=st.lists(st.integers(1, 2**20), min_size=1, max_size=10),
)
def test_moment_that_is_told_is_the_moment_at_which_it_may_leave(
    limits: tuple[int, int], sizes: list[int]
) -> None:
    allowance = Allowance(*limits)
    now_s = 1000.0
    for size_bytes in sizes:
        now_s = max(now_s, allowance.ready_at_s(1, size_bytes))
        assert allowance.ready_at_s(1, size_bytes) <= now_s
        allowance.spend(1, size_bytes, now_s)
