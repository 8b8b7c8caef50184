import time

from sottovoce.runtime.system_clock import read_clock


def test_clock_shows_both_of_the_systems_clocks() -> None:
    before = time.monotonic(), time.time()
    now = read_clock()
    after = time.monotonic(), time.time()
    assert before[0] <= now.monotonic_s <= after[0]
    assert before[1] <= now.unix_s <= after[1]
