"""What is due when."""

from sottovoce.sync.agenda import Agenda


def test_due_entries_come_by_epoch_and_then_in_order_of_writing() -> None:
    agenda: Agenda[str] = Agenda()
    for entry, epoch in (("late", 5), ("first", 1), ("second", 1), ("never", 9)):
        agenda.put(entry, epoch)
    assert agenda.take_due(5) == ["first", "second", "late"]
    assert agenda.take_due(5) == []
    assert len(agenda) == 1


def test_entry_stands_once() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("x", 1)
    agenda.put("x", 3)
    assert agenda.take_due(2) == []
    assert agenda.take_due(3) == ["x"]


def test_dropped_entry_is_not_due_and_no_deadline() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("x", 1)
    agenda.put("y", 4)
    agenda.drop("x")
    agenda.drop("x")
    assert agenda.next_epoch() == 4
    assert agenda.take_due(9) == ["y"]
    assert agenda.next_epoch() is None


def test_epoch_that_was_emptied_can_be_used_again() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("x", 2)
    agenda.drop("x")
    agenda.put("x", 2)
    assert agenda.next_epoch() == 2
    assert agenda.take_due(2) == ["x"]


def test_writing_down_again_and_again_costs_no_memory() -> None:
    agenda: Agenda[str] = Agenda()
    for turn in range(10_000):
        agenda.put("x", turn % 7)
    assert len(agenda._epochs) == 7
