"""Connecting, time-outs, fail-over, and servers that come and go."""

from typing_extensions import override

from sottovoce.mail.client_events import (
    CancelPage,
    ConnectServer,
    FetchAsked,
    PageArriving,
    PageDone,
    PageEnd,
    PageReasked,
    ServerGone,
    ServersChanged,
    ServerState,
)
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.settings import ClientSettings
from unit.mail.history import DAY, UNIX_S, Answer, Archive, Scene, envelopes, key, server
from unit.mail.liars import Stalling

KEPT = envelopes(100, first=UNIX_S - DAY, last=UNIX_S - 1)
ONE = ClientSettings(witnesses=1)


def first_asked_s(scene: Scene, n: int) -> float:
    return next(at_s for at_s, named, _ in scene.asked if named == key(n)) - 1000.0


def test_silent_server_is_given_up_and_another_one_asked_in_time() -> None:
    scene = Scene({1: Stalling(), 2: Archive(KEPT)}, settings=ONE)
    scene.tell(FetchAsked(7))
    scene.run(15)
    assert len([it for it in scene.log if isinstance(it, CancelPage)]) == 1
    assert first_asked_s(scene, 2) < 7
    assert [(done.request, done.complete) for done in scene.told] == [(7, True)]


def test_server_that_cannot_even_be_dialled_costs_no_longer() -> None:
    scene = Scene({1: Archive(KEPT), 2: Archive(KEPT)}, settings=ONE)
    scene.unreachable.add(key(1))
    scene.tell(FetchAsked(7))
    scene.run(15)
    assert first_asked_s(scene, 2) < 7
    assert [(done.request, done.complete) for done in scene.told] == [(7, True)]


def test_server_that_says_a_little_now_and_then_keeps_nobody_for_ever() -> None:
    scene = Scene({1: Stalling()}, settings=ONE)
    scene.run(2)
    (request,) = scene.open

    def drip() -> None:
        if request in scene.open:
            scene.tell(PageArriving(request, 0, 0, 0))
            scene.later(5.0, drip)

    drip()
    scene.run(290)
    assert scene.open == {request}
    scene.run(20)
    assert request not in scene.open


def test_time_of_a_server_that_is_asked_in_its_other_world_begins_anew() -> None:
    scene = Scene({1: Stalling()}, settings=ONE)
    scene.run(2)
    (request,) = scene.open
    asked_s = scene.asked[0][0]
    scene.run(asked_s + 2.0 - scene.now.monotonic_s)
    scene.tell(PageReasked(request))
    scene.run(5.9)
    assert scene.open == {request}
    scene.run(0.2)
    assert request not in scene.open


def test_silence_in_one_world_is_not_held_against_a_server_that_answers_in_the_other() -> None:
    at_once, elsewhere = (Scene({1: Stalling()}, settings=ONE) for _ in range(2))
    for scene in (at_once, elsewhere):
        while not scene.open:
            scene.run(0.01)
        (request,) = scene.open
        if scene is elsewhere:
            scene.run(2.0)
            scene.tell(PageReasked(request))
        scene.run(0.05)
        scene.open.discard(request)
        scene.tell(PageDone(request, PageEnd.ANSWERED))
    (one,), (other,) = (scene.client.standing() for scene in (at_once, elsewhere))
    assert abs(one.health - other.health) < 0.001
    assert (other.failures, other.pages) == (0, 1)


def test_news_of_a_page_that_is_over_changes_nothing() -> None:
    scene = Scene({1: Archive(KEPT)}, settings=ONE)
    scene.run(20)
    before = scene.client.standing()
    scene.tell(PageReasked(99))
    assert scene.client.standing() == before


def test_best_servers_are_asked_and_only_so_many() -> None:
    scene = Scene({n: Archive(KEPT) for n in range(1, 6)})
    scene.run(30)
    assert {named for _, named, _ in scene.asked} == {key(1), key(2), key(3)}
    assert set(scene.got.values()) == {3}


def test_one_server_more_takes_the_place_of_one_that_fails() -> None:
    archives: dict[int, Archive] = {n: Archive(KEPT) for n in range(1, 5)}
    archives[2] = Stalling(KEPT)
    scene = Scene(archives)
    scene.run(30)
    assert set(scene.got.values()) == {3}
    assert scene.told[0].complete


def test_server_that_was_set_aside_has_to_answer_something_small_first() -> None:
    archive = Archive(KEPT)
    archive.is_up = False
    scene = Scene({1: archive})
    scene.run(5)
    archive.is_up = True
    scene.run(20)
    limits = [wanted.limit for *_, wanted in scene.asked]
    assert limits[0] == 1
    assert set(limits[1:]) == {1000}
    assert len(scene.got) == 100


class Leaving(Archive):
    """Leaves amid its second page, once."""

    scene: Scene
    leaves = True

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        if self.leaves and len(self.wanted) == 1:
            self.leaves = False
            self.scene.connected.clear()
            self.scene.later(0.01, lambda: self.scene.tell(ServerGone(key(1), "it hung up")))
            return Answer(is_silent=True)
        return super().answer(wanted)


def test_run_goes_on_where_its_server_left() -> None:
    archive = Leaving(KEPT, page=30)
    settings = ClientSettings(first_window_s=DAY - 3600)  # one request
    archive.scene = scene = Scene({1: archive}, settings=settings)
    scene.run(60)
    of_first = [it for it in archive.wanted if it.to_unix_s == archive.wanted[0].to_unix_s]
    assert [bool(it.cursor) for it in of_first[:3]] == [False, True, True]
    assert of_first[1].cursor == of_first[2].cursor
    assert (of_first[1].limit, of_first[2].limit) == (1, 1000)
    assert set(scene.got.values()) <= {1, 2}
    assert scene.missed(archive, since=UNIX_S - DAY + 3600, until=UNIX_S) == []


def test_run_goes_on_in_the_next_life() -> None:
    archive = Archive(KEPT, page=30)
    scene = Scene({1: archive})
    while len(archive.wanted) < 3:
        scene.run(0.01)
    cursor = archive.wanted[2].cursor
    count = len(archive.wanted)
    scene.begin()
    scene.run(20)
    assert archive.wanted[count].cursor == cursor
    assert len(scene.got) == 100
    assert list(scene.store.load_resumes()) == []


class Forgetful(Archive):
    """Knows no cursor that it did not give since it was started."""

    end = PageEnd.REFUSED

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        known = {it.cursor for it in self.wanted}
        answer = super().answer(wanted)
        if wanted.cursor and len(self.wanted) == 4 and wanted.cursor in known | {wanted.cursor}:
            if self.end is PageEnd.REFUSED:
                return Answer(end=PageEnd.REFUSED, detail="no such cursor")
            return Answer([], wanted.cursor)
        return answer


class Circling(Forgetful):
    """Leads back to where it was asked to go on."""

    end = PageEnd.ANSWERED


def test_cursor_that_is_not_known_any_more_begins_the_window_anew() -> None:
    for kind in (Forgetful, Circling):
        archive = kind(KEPT, page=30)
        scene = Scene({1: archive})
        while len(archive.wanted) < 3:
            scene.run(0.01)
        scene.begin()
        scene.run(20)
        assert archive.wanted[3].cursor
        assert not archive.wanted[4].cursor
        assert scene.client.standing()[0].failures == 0
        assert len(scene.got) == 100


def test_server_that_left_while_there_was_nothing_to_ask_is_given_time_to_come_back() -> None:
    scene = Scene({1: Archive(KEPT)})
    scene.run(30)
    scene._leave(key(1))
    scene.run(20)
    scene.log.clear()
    scene.tell(FetchAsked(7))
    scene.run(10)
    assert [done.complete for done in scene.told if done.request == 7] == [True]
    assert ConnectServer(server(1)) in scene.log
    assert scene.client.standing()[0].failures == 0


def test_server_with_another_address_is_connected_to_anew() -> None:
    scene = Scene({1: Stalling()})
    scene.run(2)
    moved = server(1)
    moved = type(moved)(type(moved.enode)(moved.enode.public_key, "10.9.9.9", 1), None)
    count = len(scene.log)
    scene.tell(ServersChanged((moved,)))
    names = [type(it).__name__ for it in scene.log[count:]]
    assert names[:3] == ["CancelPage", "DisconnectServer", "ConnectServer"]


def test_server_that_is_trusted_no_more_is_cancelled() -> None:
    scene = Scene({1: Stalling(), 2: Archive()})
    scene.run(2)
    scene.tell(ServersChanged((server(2),)))
    assert scene.open == set()
    assert [status.key for status in scene.client.standing()] == [key(2)]


def test_numbers_of_two_lives_differ() -> None:
    scene = Scene({1: Stalling()})
    scene.run(2)
    (old,) = scene.open
    scene.begin()
    scene.run(2)
    assert old not in scene.open
    assert scene.client.standing()[0].state is ServerState.ASKED
