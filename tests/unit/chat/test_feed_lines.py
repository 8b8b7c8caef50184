"""The line to one other device."""

from sottovoce.chat.feed_lines import FeedLine
from sottovoce.chat.feed_settings import (
    AWAY_S,
    FIRST_LIFE_PAUSE_S,
    FIRST_PAUSE_S,
    IN_FLIGHT_MAX,
    LONGEST_LIFE_PAUSE_S,
    LONGEST_PAUSE_S,
)
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.payloads.feed import FeedPlace, RecordKind
from unit.chat.feed_scene import Scene


def line(row: FedDevice | None = None) -> tuple[Scene, FeedLine]:
    scene = Scene()
    return scene, FeedLine(row or FedDevice("laptop", b"life"), scene.feed, hello_s=3.0)


def test_nothing_goes_to_a_device_before_it_was_heard() -> None:
    _, laptop = line()
    assert (laptop.takes_more, laptop.due_s) == (False, 3.0)
    laptop.heard(5.0)
    assert (laptop.takes_more, laptop.due_s) == (True, None)


def test_pieces_follow_one_another_up_to_a_number_of_them() -> None:
    _, laptop = line(FedDevice("laptop", b"life", said=2, done=4))
    laptop.heard(0.0)
    assert (laptop.after, laptop.cursor) == (2, 4)
    for last in range(5, 5 + IN_FLIGHT_MAX):
        assert laptop.takes_more
        laptop.sent(last, 10.0)
    assert not laptop.takes_more
    assert (laptop.after, laptop.cursor, laptop.due_s) == (8, 8, 10.0 + FIRST_PAUSE_S)
    laptop.says_it_has(6, 20.0)
    assert (laptop.takes_more, laptop.cursor, laptop.due_s) == (True, 8, 20.0 + FIRST_PAUSE_S)
    laptop.says_it_has(8, 20.0)
    assert (laptop.after, laptop.due_s) == (8, None)


def test_piece_that_nobody_answers_leaves_again_and_then_the_device_is_asked() -> None:
    _, laptop = line(FedDevice("laptop", b"life", said=2, done=2))
    laptop.heard(0.0)
    laptop.sent(5, 10.0)
    laptop.missed(40.0)
    assert (laptop.takes_more, laptop.cursor) == (True, 2)
    laptop.sent(5, 40.0)
    laptop.missed(70.0)
    assert (laptop.takes_more, laptop.due_s) == (False, 70.0)
    pauses = []
    for _ in range(20):
        now_s = laptop.due_s or 0.0
        laptop.asked(now_s)
        pauses.append((laptop.due_s or 0.0) - now_s)
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_what_left_late_is_waited_for_from_then_on() -> None:
    _, laptop = line()
    laptop.heard(0.0)
    laptop.left(50.0)
    assert laptop.due_s is None
    laptop.sent(5, 10.0)
    laptop.left(50.0)
    assert laptop.due_s == 50.0 + FIRST_PAUSE_S


def test_device_that_lost_something_gets_it_again() -> None:
    scene, laptop = line(FedDevice("laptop", b"life", said=2, done=2))
    scene.feed.put_change(RecordKind.CHAT, b"a")
    scene.feed.note_known("laptop", RecordKind.CHAT, b"a")
    laptop.says_it_has(0, 5.0)
    assert (laptop.row.said, laptop.row.done) == (0, 0)
    assert scene.lacks() == [(RecordKind.CHAT, b"a")]


def test_device_with_a_new_life_begins_anew_on_both_sides() -> None:
    _, laptop = line(FedDevice("laptop", b"life", 7, 8, 9))
    assert laptop.lives(b"life", 0.0)
    assert laptop.row == FedDevice("laptop", b"life", 7, 8, 9)
    assert laptop.lives(b"new", 0.0)
    assert laptop.row == FedDevice("laptop", b"new")


def test_earlier_life_does_not_come_back_with_a_late_envelope() -> None:
    """Found among simulated people (seed 492), where only a program's memory knew it."""
    _, laptop = line(FedDevice("laptop", b"life 2"))
    assert not laptop.lives(b"life 1", 0.0)
    assert laptop.lives(b"life 3", 0.0)
    assert not laptop.lives(b"life 2", 2 * FIRST_LIFE_PAUSE_S)
    assert laptop.row.life == b"life 3"


def test_lives_that_take_turns_are_believed_ever_more_rarely() -> None:
    _, laptop = line(FedDevice("laptop"))
    now_s, pauses = 0.0, []
    assert laptop.lives(b"00", now_s)
    for n in range(1, 20):
        before_s = now_s
        while not laptop.lives(b"%02d" % n, now_s):
            assert laptop.row.life == b"%02d" % (n - 1)
            now_s += FIRST_LIFE_PAUSE_S
        pauses.append(now_s - before_s)
    assert pauses[:4] == [0, FIRST_LIFE_PAUSE_S, 2 * FIRST_LIFE_PAUSE_S, 4 * FIRST_LIFE_PAUSE_S]
    assert LONGEST_LIFE_PAUSE_S <= pauses[-1] <= LONGEST_LIFE_PAUSE_S + FIRST_LIFE_PAUSE_S


def test_device_that_does_not_know_our_life_is_told_of_it_before_it_gets_anything() -> None:
    _, laptop = line(FedDevice("laptop", b"life", said=7, done=7))
    laptop.heard(5.0)
    laptop.sent(9, 5.0)
    laptop.has_missed_our_life(6.0, 1.5)
    assert (laptop.takes_more, laptop.due_s, laptop.cursor) == (False, 7.5, 0)


def test_new_life_of_ours_begins_anew_on_our_side_alone() -> None:
    _, laptop = line(FedDevice("laptop", b"life", 7, 8, 9))
    laptop.begin_anew()
    assert laptop.row == FedDevice("laptop", b"life", 7, 0, 0)


def test_piece_counts_that_follows_on_what_is_here() -> None:
    _, laptop = line(FedDevice("laptop", b"life", have=5))
    for after, last, have in ((6, 9, 5), (3, 4, 5), (3, 7, 7), (7, 8, 8)):
        laptop.has_brought(after, last)
        assert laptop.row.have == have
    assert laptop.place() == FeedPlace("laptop", b"life", 8)


def test_device_that_has_all_by_another_way_needs_nothing() -> None:
    scene, laptop = line()
    scene.feed.put_change(RecordKind.CHAT, b"a")
    scene.feed.note_known("laptop", RecordKind.CHAT, b"a")
    laptop.needs_nothing(1)
    assert (laptop.row.said, laptop.row.done) == (0, 1)
    assert [*scene.feed.devices()] == [laptop.row]


def test_whoever_was_cut_off_for_long_asks_again() -> None:
    _, laptop = line()
    laptop.heard(0.0)
    laptop.woken(AWAY_S - 1, 605.0)
    assert laptop.is_present
    laptop.woken(AWAY_S, 605.0)
    assert (laptop.is_present, laptop.due_s) == (False, 605.0)
