"""The two tables, and what refuses to be one."""

import itertools

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.sync.schedule import DEFAULT, REFERENCE, Schedule, next_send_epoch


def epochs(schedule: Schedule, first: int, count: int) -> list[int]:
    """Return when a record leaves that nobody acknowledges."""
    due, sent = first, []
    for send_count in range(1, count + 1):
        sent.append(due)
        due = next_send_epoch(schedule, send_count=send_count, due_epoch=due, epoch=due)
    return sent


def test_reference_adds_the_number_of_the_epoch() -> None:
    assert epochs(REFERENCE, 1, 4) == [1, 4, 12, 30]


def test_reference_counts_from_the_due_epoch_when_time_was_missed() -> None:
    assert next_send_epoch(REFERENCE, send_count=1, due_epoch=10, epoch=25) == 37


def test_default_doubles_from_five_seconds_to_nine_minutes() -> None:
    sent = epochs(DEFAULT, 0, 11)
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert gaps == [16, 32, 64, 128, 256, 512, 1024, 1800, 1800, 1800]


def test_default_does_not_hang_on_the_number_of_the_epoch() -> None:
    late = 2_000_000
    assert [epoch - late for epoch in epochs(DEFAULT, late, 9)] == epochs(DEFAULT, 0, 9)


def test_default_never_leaves_a_burst_after_missed_time() -> None:
    assert next_send_epoch(DEFAULT, send_count=1, due_epoch=10, epoch=5000) == 5016


def test_gap_keeps_its_bound_after_a_million_sendings() -> None:
    assert next_send_epoch(DEFAULT, send_count=10**6, due_epoch=0, epoch=0) == 1800


def test_default_costs_170_payloads_a_day() -> None:
    day_epochs = 24 * 3600 * 10 // 3
    assert sum(epoch < day_epochs for epoch in epochs(DEFAULT, 0, 400)) == 166


@pytest.mark.parametrize(("step", "bound"), [(0, None), (-1, 5), (4, 3)])
def test_schedule_out_of_range_is_refused(step: int, bound: int | None) -> None:
    with pytest.raises(LocalProtocolError):
        Schedule(step_epochs=step, doubles=True, gap_epochs_max=bound)
