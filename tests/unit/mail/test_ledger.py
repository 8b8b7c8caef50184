"""What was answered, and what is open."""

from collections.abc import Iterable

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic, topic
from sottovoce.gossip.envelope import SECONDS_MAX
from sottovoce.mail.coverage import Intervals
from sottovoce.mail.ledger import Ledger, Window
from sottovoce.mail.memory_store import MemoryMailStore
from sottovoce.mail.request import REQUEST_TOPICS_MAX
from sottovoce.mail.settings import OVERLAP_S, ClientSettings
from unit.mail.history import DAY, OTHER, TOPIC, UNIX_S, key

HOUR = 3600
START = UNIX_S - UNIX_S % HOUR  # windows of new topics begin with an hour


def at(unix_s: int) -> Moment:
    return Moment(float(unix_s - START), float(unix_s))


def begun(
    *servers: int,
    topics: Iterable[Topic] = (TOPIC,),
    store: MemoryMailStore | None = None,
    settings: ClientSettings | None = None,
) -> Ledger:
    ledger = Ledger(store or MemoryMailStore(), settings or ClientSettings())
    ledger.set_servers(tuple(key(n) for n in servers), at(START))
    ledger.set_topics(frozenset(topics), at(START))
    ledger.begin(ledger.topics, at(START))
    return ledger


def window(first: int, last: int, *topics: Topic) -> Window:
    return Window(frozenset(topics or (TOPIC,)), first, last)


def gaps(ledger: Ledger, n: int, now: int = START) -> Intervals:
    rows = ledger.open_rows(key(n), at(now))
    assert len(rows) <= 1
    return rows[0][1] if rows else ()


def test_new_topic_is_open_from_the_hour_of_its_window_on() -> None:
    assert gaps(begun(1), 1) == ((START - DAY, START),)


def test_what_was_asked_of_the_last_minutes_is_settled_only_up_to_the_overlap() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.answered(key(1), window(START - DAY, START), START, at(START + 5))
    assert gaps(ledger, 1) == ()
    (row,) = store.load_covered()
    assert (row.from_unix_s, row.to_unix_s) == (START - DAY, START - OVERLAP_S)
    ledger.begin([TOPIC], at(START + 60))
    assert gaps(ledger, 1, START + 60) == ((START - OVERLAP_S + 1, START + 60),)


def test_new_life_goes_on_behind_what_is_settled() -> None:
    store = MemoryMailStore()
    begun(1, store=store).answered(key(1), window(START - DAY, START), START, at(START))
    assert gaps(begun(1, store=store), 1) == ((START - OVERLAP_S + 1, START),)


def test_every_second_is_open_at_as_many_servers_as_are_witnesses() -> None:
    ledger = begun(1, 2, 3, settings=ClientSettings(witnesses=2))
    for n in (1, 2):
        assert gaps(ledger, 3) != ()
        ledger.answered(key(n), window(START - DAY, START), START, at(START))
    assert gaps(ledger, 3) == ()


def test_what_others_are_at_counts_as_theirs() -> None:
    ledger = begun(1, 2, settings=ClientSettings(witnesses=1))
    ledger.set_underway(key(1), window(START - 9, START))
    assert gaps(ledger, 2) == ((START - DAY, START - 10),)
    ledger.set_underway(key(1), None)
    assert gaps(ledger, 2) == ((START - DAY, START),)


def test_server_that_joins_is_not_asked_for_what_others_answered_long_ago() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.reach_back([TOPIC], START - 9 * DAY, at(START))
    ledger.answered(key(1), window(START - 5 * DAY, START), START, at(START))
    ledger.set_servers((key(1), key(2)), at(START))
    expected = ((START - 9 * DAY, START - 5 * DAY - 1), (START - DAY, START))
    assert gaps(ledger, 2) == expected
    again = Ledger(store, ClientSettings())
    again.set_servers((key(1), key(2)), at(START + HOUR))
    again.begin([TOPIC], at(START))
    assert gaps(again, 2) == expected


def test_server_that_is_trusted_no_more_takes_its_word_along() -> None:
    store = MemoryMailStore()
    ledger = begun(1, 2, store=store)
    ledger.answered(key(1), window(START - DAY, START), START, at(START))
    ledger.set_servers((), at(START))
    assert len(list(store.load_covered())) == 1
    ledger.set_servers((key(2),), at(START))
    assert list(store.load_covered()) == []
    assert store.load_servers() == {key(2): 0}


def test_topic_that_is_heard_again_begins_anew() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.answered(key(1), window(START - DAY, START), START, at(START))
    ledger.set_topics(frozenset(), at(START))
    assert (store.load_topics(), list(store.load_covered())) == ({}, [])
    ledger.set_topics(frozenset({TOPIC}), at(START))
    assert ledger.newcomers() == {TOPIC}
    ledger.begin([TOPIC], at(START))
    assert gaps(ledger, 1) == ((START - DAY, START),)


def test_nothing_older_than_servers_keep_is_open() -> None:
    ledger = begun(1)
    ledger.reach_back([TOPIC], 0, at(START))
    assert gaps(ledger, 1) == ((START - 30 * DAY, START),)


def test_oldest_window_comes_first_and_those_of_all_topics_meet() -> None:
    ledger = begun(1, topics=(TOPIC, OTHER))
    ledger.reach_back([TOPIC], START - 2 * DAY, at(START))
    windows = []
    while found := ledger.oldest_window(key(1), DAY, at(START)):
        ledger.answered(key(1), found, START, at(START))
        windows.append(found)
    assert windows == [
        window(START - 2 * DAY, START - 2 * DAY, TOPIC),
        window(START - 2 * DAY + 1, START - DAY, TOPIC),
        window(START - DAY, START - DAY, OTHER),
        window(START - DAY + 1, START, TOPIC, OTHER),
    ]


def test_windows_of_topics_that_were_asked_for_at_different_moments_meet() -> None:
    ledger = begun(1, topics=(TOPIC, OTHER))
    ledger.reach_back([TOPIC, OTHER], START - 9 * DAY, at(START))
    ledger.begin([OTHER], at(START + 100))
    windows = []
    while found := ledger.oldest_window(key(1), DAY, at(START)):
        ledger.answered(key(1), found, START, at(START))
        windows.append(found)
    assert [len(each.topics) for each in windows] == [2] * 9 + [1] * 2
    assert all(each.to_unix_s - each.from_unix_s < DAY for each in windows)


def test_what_is_older_than_the_place_to_begin_comes_last() -> None:
    ledger = begun(1)
    ledger.reach_back([TOPIC], START - 2 * DAY, at(START))
    behind = START - DAY + 1
    later = ledger.oldest_window(key(1), DAY, at(START), behind_unix_s=behind)
    assert later == window(behind, START)
    ledger.answered(key(1), later, START, at(START))
    rest = ledger.oldest_window(key(1), DAY, at(START), behind_unix_s=behind)
    assert rest == window(START - 2 * DAY, START - 2 * DAY)


def test_blurred_window_is_about_all_topics() -> None:
    ledger = begun(1, topics=(TOPIC, OTHER), settings=ClientSettings(blurred=True))
    ledger.reach_back([TOPIC], START - 2 * DAY, at(START))
    ledger.answered(key(1), window(START - DAY, START, TOPIC, OTHER), START, at(START))
    oldest = ledger.oldest_window(key(1), DAY, at(START))
    assert oldest == window(START - 2 * DAY, START - DAY - 1, TOPIC, OTHER)


def test_intervals_are_bounded_and_the_shortest_is_open_again() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    for n in range(70):
        first = START - DAY + 100 * n
        ledger.answered(key(1), window(first, first + 10 + n), START, at(START))
    kept = [row.to_unix_s - row.from_unix_s for row in store.load_covered()]
    assert kept == list(range(16, 80))


def test_what_a_fast_clock_settled_is_forgotten_once_it_is_right() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.begin([TOPIC], at(START + DAY))
    ledger.answered(key(1), window(START - DAY, START + DAY), START + DAY, at(START + DAY))
    ledger.look_at_clock(at(START))
    (row,) = store.load_covered()
    assert (row.from_unix_s, row.to_unix_s) == (START - DAY, START - OVERLAP_S)
    ledger.begin([TOPIC], at(START + HOUR))
    assert gaps(ledger, 1, START + HOUR) == ((START - OVERLAP_S + 1, START + HOUR),)


def test_clock_that_was_put_back_is_noticed_when_its_time_has_come_too() -> None:
    """Found by the simulator (seeds 43, 58): it was put back while nobody was on line."""
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    for began in (0, HOUR // 2):
        ahead = Moment(float(began), float(START + HOUR + began))
        ledger.look_at_clock(ahead)
        ledger.begin([TOPIC], ahead)
        asked = ahead.unix_whole_s
        ledger.answered(key(1), window(START - DAY, asked), asked, ahead)
    ledger.look_at_clock(at(START + 3 * HOUR))
    (row,) = store.load_covered()
    assert (row.from_unix_s, row.to_unix_s) == (START - DAY, START - OVERLAP_S)


def test_suspended_device_and_a_clock_that_is_put_right_by_seconds_forget_nothing() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.look_at_clock(at(START))
    ledger.answered(key(1), window(START - DAY, START), START, at(START))
    ledger.look_at_clock(Moment(5.0, float(START + 3 * DAY)))
    ledger.look_at_clock(Moment(105.0, float(START + 3 * DAY)))
    (row,) = store.load_covered()
    assert row.to_unix_s == START - OVERLAP_S


def test_nothing_of_the_time_to_come_is_open_once_a_fast_clock_is_right() -> None:
    """Found by the simulator (seed 3): decades were asked for, day by day."""
    ledger = begun(1)
    ledger.begin([TOPIC], at(START + 31_000 * DAY))
    ledger.look_at_clock(at(START))
    assert gaps(ledger, 1) == ((START - DAY, START),)


def test_topic_that_was_new_under_a_fast_clock_is_fetched_once_it_is_right() -> None:
    store = MemoryMailStore()
    ledger = begun(1, topics=(), store=store)
    ledger.set_topics(frozenset({TOPIC}), at(START + 900 * DAY))
    ledger.look_at_clock(at(START))
    assert store.load_topics() == {TOPIC: START - 30 * DAY}


def test_clock_that_was_never_set_forgets_nothing_and_asks_nothing() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.answered(key(1), window(START - DAY, START), START, at(START))
    ledger.look_at_clock(at(100))
    ledger.begin([TOPIC], at(100))
    assert len(list(store.load_covered())) == 1
    assert gaps(ledger, 1, 100) == ()


def test_seconds_fit_the_request_beyond_2106() -> None:
    ledger = begun(1)
    ledger.begin([TOPIC], at(SECONDS_MAX + 99))
    ledger.answered(key(1), window(0, SECONDS_MAX - 99), SECONDS_MAX, at(SECONDS_MAX + 99))
    found = ledger.oldest_window(key(1), DAY, at(SECONDS_MAX + 99))
    assert found is not None
    assert found.to_unix_s == SECONDS_MAX


def test_topics_beyond_the_bound_are_left_out_and_counted() -> None:
    topics = [topic(n.to_bytes(4, "big")) for n in range(REQUEST_TOPICS_MAX + 3)]
    ledger = begun(1, topics=topics)
    assert (len(ledger.topics), ledger.left_out) == (REQUEST_TOPICS_MAX, 3)


def test_answer_of_a_server_that_is_not_trusted_counts_for_nothing() -> None:
    store = MemoryMailStore()
    ledger = begun(1, store=store)
    ledger.answered(key(2), window(START - DAY, START), START, at(START))
    assert list(store.load_covered()) == []
    assert ledger.open_rows(key(2), at(START)) == []
