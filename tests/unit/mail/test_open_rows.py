"""What is open for topics that are alike."""

from sottovoce.base.quantities import Topic
from sottovoce.mail.coverage import Intervals
from sottovoce.mail.open_rows import Facts, Mark, OpenRows
from unit.mail.history import OTHER, TOPIC

THIRD = Topic(b"cccc")


def facts(*settled: Intervals, fresh: Intervals = (), since: int = 0, goal: int = 99) -> Facts:
    idle: tuple[Intervals, ...] = ((),) * len(settled)
    return Facts(since, goal, settled, (fresh, *idle[1:]), idle)


def alike(*of_topics: tuple[Facts, list[Topic]]) -> dict[Mark, tuple[Facts, list[Topic]]]:
    return {(number,): of_topic for number, of_topic in enumerate(of_topics)}


def test_topics_that_lack_the_same_are_one_row_however_they_came_to_it() -> None:
    rows = OpenRows(1, (0,))
    found = rows.find(
        alike(
            (facts(((0, 49),)), [TOPIC]),
            (facts(((0, 29),), fresh=((30, 49),)), [OTHER]),
            (facts(()), [THIRD]),
        )
    )
    assert found == [([TOPIC, OTHER], (((50, 99),),)), ([THIRD], (((0, 99),),))]


def test_what_was_found_before_is_found_again_after_a_change_of_others() -> None:
    rows = OpenRows(2, (0, 0))
    known = facts(((0, 9),), ())
    before = rows.find(alike((known, [TOPIC]), (facts((), ()), [OTHER])))
    after = rows.find(alike((known, [TOPIC, OTHER])))
    assert before[0] == ([TOPIC], (((10, 99),), ((0, 99),)))
    assert after == [([TOPIC, OTHER], (((10, 99),), ((0, 99),)))]


def test_nothing_is_open_if_the_goal_lies_before_the_beginning() -> None:
    assert OpenRows(1, (0,)).find(alike((facts((), since=50, goal=49), [TOPIC]))) == [
        ([TOPIC], ((),))
    ]


def test_who_joined_later_is_not_asked_for_what_others_answered_before() -> None:
    rows = OpenRows(2, (0, 60))
    [(_, (first, second))] = rows.find(alike((facts(((0, 79),), ()), [TOPIC])))
    assert first == ((80, 99),)
    assert second == ((60, 99),)
