"""Health, and being set aside."""

from sottovoce.base.moment import Moment
from sottovoce.mail.client_events import ServerState
from sottovoce.mail.fetching import Page
from sottovoce.mail.server_book import Failure, ServerEntry, rank
from sottovoce.mail.settings import DAY_S
from sottovoce.sim.entropy import SeededEntropy
from unit.mail.history import server

NOW = Moment(100.0, 1_600_000_000.0)
ENTROPY = SeededEntropy("book")


def entry(n: int = 1) -> ServerEntry:
    return ServerEntry(server(n), n)


def rests_s(it: ServerEntry, failure: Failure) -> float:
    it.failed(failure, "why", ENTROPY, NOW.monotonic_s)
    return it.rests_until_s - NOW.monotonic_s


def test_recent_answers_weigh_more() -> None:
    it = entry()
    for _ in range(10):
        it.answered(0.05, 6.0, NOW)
    assert it.health > 0.95
    it.failed(Failure.SILENT, "gone", ENTROPY, 100.0)
    it.failed(Failure.SILENT, "gone", ENTROPY, 100.0)
    assert it.health < 0.6


def test_slow_server_comes_behind_a_quick_one() -> None:
    slow, quick = entry(1), entry(2)
    for _ in range(5):
        slow.answered(5.0, 6.0, NOW)
        quick.answered(0.05, 6.0, NOW)
    assert sorted([slow, quick], key=rank) == [quick, slow]
    assert sorted([entry(2), entry(1)], key=rank)[0].place == 1


def test_rests_grow_and_an_answer_ends_them() -> None:
    it = entry()
    rests = [rests_s(it, Failure.SILENT) for _ in range(12)]
    assert 10 <= rests[0] <= 12.5
    assert 20 <= rests[1] <= 25
    assert 3600 <= rests[-1] <= 4500
    it.answered(0.1, 6.0, NOW)
    assert rests_s(it, Failure.SILENT) <= 12.5


def test_server_that_failed_needs_a_probe_until_it_answers() -> None:
    it = entry()
    needs = [it.needs_probe]
    it.failed(Failure.SILENT, "why", ENTROPY, 0.0)
    needs.append(it.needs_probe)
    it.answered(0.1, 6.0, NOW)
    assert [*needs, it.needs_probe] == [False, True, False]


def test_lies_count_for_the_whole_life() -> None:
    it = entry()
    assert rests_s(it, Failure.DISHONEST) <= 1.25 * 3600
    it.answered(0.1, 6.0, NOW)
    assert rests_s(it, Failure.DISHONEST) >= 2 * 3600


def test_only_silence_is_forgiven() -> None:
    silent, liar = entry(), entry()
    rests_s(silent, Failure.SILENT)
    rests_s(liar, Failure.DISHONEST)
    for it in (silent, liar):
        it.forgive()
    assert silent.rests_until_s == 0.0
    assert liar.rests_until_s > 0.0


def test_windows_shrink_and_grow_again() -> None:
    it = entry()
    it.shorten()
    assert it.span_s == DAY_S // 4
    for _ in range(5):
        it.shorten()
    assert it.span_s == 900
    for _ in range(9):
        it.came_to_an_end(0)
    assert it.span_s == DAY_S


def test_state_for_people() -> None:
    it = entry()
    assert it.state(0.0) is ServerState.IDLE
    it.is_wished = True
    assert it.state(0.0) is ServerState.CONNECTING
    it.is_connected = True
    assert it.state(0.0) is ServerState.CONNECTED
    it.waits_until_s = 5.0
    assert it.state(0.0) is ServerState.RESTING
    it.page = Page(1, 0.0, 0.0, 1000)
    assert it.state(0.0) is ServerState.ASKED


def test_standing_names_server_and_trouble() -> None:
    it = entry()
    it.failed(Failure.REFUSED, "wrong password", ENTROPY, 0.0)
    status = it.standing(42, 1.0)
    assert (status.host, status.port, status.state) == ("10.0.0.1", 30303, ServerState.RESTING)
    assert (status.open_s, status.failures, status.detail) == (42, 1, "wrong password")
