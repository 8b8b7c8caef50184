"""Requests that wait: one at a time for each peer, in order, and never too many."""

from dataclasses import replace

from sottovoce.base.quantities import Topic
from sottovoce.mail.archive import Selection
from sottovoce.mail.open_requests import (
    HELD_REFUSALS_MAX,
    OPEN_TOPICS_MAX,
    QUERIES_AT_ONCE_MAX,
    OpenRequest,
    OpenRequests,
)
from sottovoce.mail.reading import Wanted
from unit.mail.mail_bench import SETTINGS, asker


def wanted(topics: int = 0) -> Wanted:
    named = frozenset(Topic(number.to_bytes(4, "big")) for number in range(topics))
    return Wanted(Selection(0, 1, named, 0, None, 5, 100), batch=True, finds_nothing=False)


def opened(peer: int, name: bytes = b"1", topics: int = 0) -> OpenRequest:
    return OpenRequest(peer, asker(peer), name, wanted(topics))


def jobs(requests: OpenRequests) -> list[int]:
    return [query.job for query in requests.next_queries()]


def test_peer_has_one_query_at_a_time_in_its_order() -> None:
    requests = OpenRequests(SETTINGS)
    for peer, name in ((1, b"a"), (1, b"b"), (2, b"c")):
        requests.add(opened(peer, name))
    assert jobs(requests) == [1, 3]
    assert jobs(requests) == []
    taken = requests.take(1)
    assert taken is not None
    assert taken.request_id == b"a"
    assert jobs(requests) == [2]


def test_archive_has_a_few_queries_at_once() -> None:
    requests = OpenRequests(SETTINGS)
    for peer in range(10):
        requests.add(opened(peer))
    assert len(jobs(requests)) == QUERIES_AT_ONCE_MAX
    requests.take(1)
    assert len(jobs(requests)) == 1
    assert len(requests) == 9


def test_peers_go_round_whoever_asked_much_before() -> None:
    requests = OpenRequests(SETTINGS)
    order: list[int] = []
    waiting: list[int] = []

    def go_on(count: int) -> None:
        for _ in range(count):
            queries = requests.next_queries()
            waiting.extend(query.job for query in queries)
            taken = requests.take(waiting.pop(0))
            assert taken is not None
            order.append(taken.peer)

    greedy = range(1, 9)
    for peer in greedy:
        for _ in range(4):
            requests.add(opened(peer))
    go_on(1)
    requests.add(opened(50))
    requests.add(opened(50))
    go_on(8 * 4 + 1)
    # Behind the first requests of the others, and then behind their second ones.
    assert order.index(50) <= 2 * len(greedy) + 1
    assert order.index(50, order.index(50) + 1) <= 3 * len(greedy) + 2
    assert len(requests) == 0


def test_nobody_who_waits_is_passed_over_for_ever() -> None:
    requests = OpenRequests(SETTINGS)
    requests.add(opened(1, b"first"))
    requests.add(opened(1, b"second"))
    names: list[bytes] = []
    under_way: list[int] = []
    for newcomer in range(2, 40):  # each asks once, again and again
        requests.add(opened(newcomer))
        under_way += jobs(requests)
        taken = requests.take(under_way.pop(0))
        assert taken is not None
        names.append(taken.request_id)
    assert b"second" in names[:8]


def test_peer_that_takes_no_bytes_waits_and_goes_on() -> None:
    requests = OpenRequests(SETTINGS)
    requests.block(1)
    requests.add(opened(1))
    assert jobs(requests) == []
    assert requests.unblock(1) == []
    assert jobs(requests) == [1]


def test_refusals_are_held_for_a_peer_that_takes_no_bytes() -> None:
    requests = OpenRequests(SETTINGS)
    assert not requests.is_blocked(1)
    requests.block(1)
    assert requests.is_blocked(1)
    bodies = [bytes([number]) for number in range(HELD_REFUSALS_MAX)]
    assert all(requests.hold_refusal(1, body) for body in bodies)
    assert not requests.hold_refusal(1, b"one more")
    assert requests.unblock(1) == bodies
    assert requests.sizes()["held refusals"] == 0


def test_one_peer_may_have_few_requests_open() -> None:
    requests = OpenRequests(replace(SETTINGS, open_requests_per_peer=2))
    requests.add(opened(1))
    assert requests.refusal(1, wanted()) is None
    requests.add(opened(1))
    refused = requests.refusal(1, wanted())
    assert refused is not None
    assert refused.detail == (
        "rate limit exceeded: 2 of your requests wait; ask again when one is answered"
    )
    assert requests.refusal(2, wanted()) is None


def test_all_peers_together_may_have_so_many_open() -> None:
    requests = OpenRequests(replace(SETTINGS, open_requests_max=3))
    for peer in range(3):
        requests.add(opened(peer))
    assert requests.refusal(9, wanted()) is not None
    requests.next_queries()
    assert requests.refusal(9, wanted()) is not None
    requests.take(1)
    assert requests.refusal(9, wanted()) is None


def test_topics_of_open_requests_are_bounded_together() -> None:
    requests = OpenRequests(SETTINGS)
    for peer in range(OPEN_TOPICS_MAX // 10_000):
        requests.add(opened(peer, topics=10_000))
    assert requests.refusal(99, wanted()) is None
    assert requests.refusal(99, wanted(topics=1)) is not None
    requests.forget(0)
    assert requests.refusal(99, wanted(topics=1)) is None


def test_peer_that_left_is_forgotten_with_all_it_asked_for() -> None:
    requests = OpenRequests(SETTINGS)
    requests.block(1)
    requests.hold_refusal(1, b"no")
    for _ in range(2):
        requests.add(opened(1, topics=3))
        requests.add(opened(2))
    assert jobs(requests) == [2]
    requests.unblock(1)
    assert jobs(requests) == [1]
    requests.forget(1)
    requests.forget(2)
    assert len(requests) == 0
    assert requests.sizes()["topics of open requests"] == 0
    assert requests.take(1) is None
    assert requests.take(2) is None
    assert set(requests.sizes().values()) == {0}


def test_answer_to_who_left_does_not_free_the_place_of_who_came_after() -> None:
    requests = OpenRequests(SETTINGS)
    requests.add(opened(1))
    assert jobs(requests) == [1]
    requests.forget(1)
    requests.add(opened(1))
    assert jobs(requests) == [2]
    assert requests.take(1) is None
    requests.add(opened(1))
    assert jobs(requests) == []
