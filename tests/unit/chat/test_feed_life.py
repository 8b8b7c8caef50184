from hypothesis import given
from hypothesis import strategies as st

from sottovoce.chat.feed_life import LIFE_BYTES, next_life
from sottovoce.sim.entropy import SeededEntropy

TIMES = st.integers(0, 2**47)


@given(TIMES, TIMES)
def test_later_life_has_a_greater_name_whatever_the_clock_says(first_ms: int, then_ms: int) -> None:
    first = next_life(SeededEntropy(1), first_ms, above=b"")
    then = next_life(SeededEntropy(2), then_ms, above=first)
    assert then > first
    assert len(first) == len(then) == LIFE_BYTES


def test_two_lives_that_begin_at_once_have_two_names() -> None:
    assert next_life(SeededEntropy(1), 5, above=b"") != next_life(SeededEntropy(2), 5, above=b"")


@given(st.binary(max_size=32))
def test_any_name_that_somebody_wrote_can_be_followed(above: bytes) -> None:
    assert len(next_life(SeededEntropy(1), 5, above=above)) == LIFE_BYTES
