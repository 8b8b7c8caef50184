"""Whoever asks for history, back to back with servers."""

from itertools import pairwise

import pytest
from typing_extensions import override

from sottovoce.mail.client_events import (
    ConnectServer,
    DisconnectServer,
    FetchAsked,
    FetchDone,
    OnlineChanged,
    PageEnd,
    ServersChanged,
    TopicsChanged,
)
from sottovoce.mail.progress import ASKERS_MAX
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.settings import ClientSettings
from unit.mail.history import (
    DAY,
    OTHER,
    TOPIC,
    UNIX_S,
    Answer,
    Archive,
    Scene,
    envelopes,
    key,
    server,
)
from unit.mail.liars import Stalling

KEPT = envelopes(200, first=UNIX_S - 20 * DAY, last=UNIX_S - 1)


def ends(scene: Scene) -> list[tuple[int | None, bool]]:
    return [(done.request, done.complete) for done in scene.told]


def test_first_day_of_a_topic_is_fetched_once_from_each_witness() -> None:
    kept = envelopes(2500, first=UNIX_S - 2 * DAY, last=UNIX_S - 1)
    scene = Scene({1: Archive(kept), 2: Archive(kept)})
    scene.run(30)
    assert scene.missed(Archive(kept), since=UNIX_S - DAY, until=UNIX_S) == []
    assert set(scene.got.values()) == {2}
    assert ends(scene) == [(None, True)]


def test_fetch_that_was_asked_for_reaches_back() -> None:
    scene = Scene({1: Archive(KEPT)})
    scene.tell(FetchAsked(7, from_unix_s=UNIX_S - 20 * DAY))
    scene.run(30)
    assert scene.told == [FetchDone(7, True, 200, 200)]
    assert all(wanted.to_unix_s - wanted.from_unix_s < DAY for *_, wanted in scene.asked)


def test_oldest_days_come_first() -> None:
    scene = Scene({1: Archive(KEPT)})
    scene.tell(FetchAsked(7, from_unix_s=UNIX_S - 20 * DAY))
    scene.run(30)
    uppers = [wanted.to_unix_s for *_, wanted in scene.asked]
    assert uppers == sorted(uppers)
    assert len(uppers) == 21


def test_refresh_asks_for_what_is_new_and_the_overlap() -> None:
    scene = Scene({1: Archive()}, settings=ClientSettings(refresh_s=600))
    scene.run(590)
    count = len(scene.asked)
    scene.run(20)
    ((_, _, wanted),) = scene.asked[count:]
    assert 758 <= wanted.to_unix_s - wanted.from_unix_s <= 760


def test_without_refresh_nothing_is_asked_by_itself() -> None:
    scene = Scene({1: Archive()}, settings=ClientSettings(refresh_s=None))
    scene.run(10)
    count = len(scene.asked)
    scene.run(DAY)
    assert len(scene.asked) == count


def test_topics_that_are_added_one_by_one_share_a_request() -> None:
    scene = Scene({1: Archive()}, topics=())
    for topics in ({TOPIC}, {TOPIC, OTHER}):
        scene.run(0.3)
        scene.tell(TopicsChanged(frozenset(topics)))
    scene.run(10)
    assert {wanted.topics for *_, wanted in scene.asked} == {(TOPIC, OTHER)}


def test_topic_that_is_added_later_is_asked_for_alone() -> None:
    scene = Scene({1: Archive()})
    scene.run(10)
    count = len(scene.asked)
    scene.tell(TopicsChanged(frozenset({TOPIC, OTHER})))
    scene.run(10)
    assert {wanted.topics for *_, wanted in scene.asked[count:]} == {(OTHER,)}


def test_only_topics_that_were_asked_for_are_fetched() -> None:
    scene = Scene({1: Archive()}, topics=(TOPIC, OTHER))
    scene.run(10)
    count = len(scene.asked)
    scene.tell(FetchAsked(7, topics=frozenset({OTHER})))
    scene.run(10)
    assert {wanted.topics for *_, wanted in scene.asked[count:]} == {(OTHER,)}
    assert ends(scene)[-1] == (7, True)


def test_without_a_server_the_reason_is_said() -> None:
    scene = Scene({})
    scene.tell(FetchAsked(7))
    (done,) = scene.told
    assert (done.request, done.complete) == (7, False)
    assert "no mailserver is set" in done.detail


def test_pinned_server_is_the_only_one_that_is_asked() -> None:
    scene = Scene({1: Archive(), 2: Archive()})
    scene.tell(ServersChanged(scene.servers, pinned=key(2)))
    scene.run(10)
    assert {named for _, named, _ in scene.asked} == {key(2)}
    assert ends(scene) == [(None, True)]


def test_pin_to_a_server_that_is_not_set_is_said() -> None:
    scene = Scene({1: Archive()})
    scene.tell(ServersChanged(scene.servers, pinned=key(2)))
    scene.tell(FetchAsked(7))
    assert "pinned" in scene.told[0].detail


def test_nothing_is_dialled_off_line_unless_somebody_asks() -> None:
    scene = Scene({1: Archive(KEPT)})
    scene.tell(OnlineChanged(online=False))
    scene.run(10)
    assert [it for it in scene.log if isinstance(it, ConnectServer)] == []
    scene.tell(FetchAsked(7))
    scene.run(10)
    assert ends(scene) == [(7, True)]


@pytest.mark.parametrize("detail", ["today's data are used up", ""])
def test_fetch_that_ends_because_nobody_may_be_asked_says_why(detail: str) -> None:
    scene = Scene({1: Archive(envelopes(2500, first=UNIX_S - DAY, last=UNIX_S - 1))})
    while not scene.got:
        scene.run(0.01)
    scene.tell(OnlineChanged(online=False, detail=detail))
    scene.run(600)
    [end] = scene.told
    assert (end.complete, end.detail) == (False, detail or "there is no connection to anybody")


def test_connecting_for_a_fetch_that_was_asked_for_begins_no_second_one() -> None:
    scene = Scene({1: Archive(KEPT)})
    scene.run(30)
    for pause_s, requests in ((0.01, 1), (6.0, 2)):
        scene.tell(OnlineChanged(online=False))
        scene.archives[key(1)].wanted.clear()
        scene.run(100)
        scene.tell(FetchAsked(7))
        scene.run(pause_s)
        scene.tell(OnlineChanged(online=True))
        scene.run(30)
        assert len(scene.archives[key(1)].wanted) == requests


def test_server_that_cannot_be_reached_is_named_at_the_end() -> None:
    scene = Scene({1: Archive()})
    scene.archives[key(1)].is_up = False
    scene.tell(FetchAsked(7))
    scene.run(10)
    (done,) = scene.told
    assert (done.complete, done.detail) == (False, "10.0.0.1:30303: nobody listens there")


def test_server_is_let_go_when_there_is_nothing_to_ask() -> None:
    scene = Scene({1: Archive()})
    scene.run(65)
    assert [it for it in scene.log if isinstance(it, DisconnectServer)] == [
        DisconnectServer(key(1))
    ]
    scene.run(1800)
    assert len([it for it in scene.log if isinstance(it, ConnectServer)]) == 2


def test_blurred_requests_name_no_topic_and_keep_their_filter() -> None:
    kept = envelopes(90, first=UNIX_S - DAY, last=UNIX_S - 1)
    scene = Scene({1: Archive(kept, page=20)}, settings=ClientSettings(blurred=True))
    scene.run(10)
    assert len(scene.got) == 90
    assert {wanted.topics for *_, wanted in scene.asked} == {()}
    (bloom,) = {wanted.bloom for *_, wanted in scene.asked}
    assert int.from_bytes(bloom, "big").bit_count() >= 256


def test_each_asker_gets_an_end_and_there_are_not_too_many() -> None:
    scene = Scene({1: Stalling()})
    for n in range(ASKERS_MAX + 2):
        scene.tell(FetchAsked(n))
    assert ends(scene) == [(ASKERS_MAX, False), (ASKERS_MAX + 1, False)]
    scene.run(60)
    assert sorted(done.request for done in scene.told if done.request is not None) == [
        *range(ASKERS_MAX + 2)
    ]


def test_progress_comes_four_times_a_second_at_most_beside_changes() -> None:
    kept = envelopes(2000, first=UNIX_S - DAY, last=UNIX_S - 1)
    scene = Scene({1: Archive(kept, page=25)})
    scene.run(10)
    assert len(scene.asked) >= 80
    assert 4 <= len(scene.progress) <= 40
    assert scene.progress[-1].envelopes == scene.progress[-1].new == 2000
    assert scene.progress[-1].open_s == 0
    assert all(before.done_s <= after.done_s for before, after in pairwise(scene.progress))


def test_progress_counts_only_as_many_servers_as_are_asked() -> None:
    scene = Scene({n: Archive() for n in range(1, 6)})
    scene.run(1.01)
    first = scene.progress[0]
    scene.run(10)
    assert first.open_s == scene.progress[-1].done_s
    assert scene.progress[-1].open_s == 0


def test_standing_is_told_when_a_state_changes() -> None:
    scene = Scene({1: Archive()})
    scene.run(10)
    states = [told.servers[0].state.name for told in scene.standing]
    assert states[:3] == ["IDLE", "CONNECTING", "ASKED"]
    assert all(before != after for before, after in pairwise(states))
    (status,) = scene.client.standing()
    assert (status.open_s, status.answered_unix_s is not None) == (0, True)


class Meddling(Archive):
    """Lets a topic leave and come back while it answers first."""

    scene: Scene

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        if len(self.wanted) > 1:
            return answer
        self.scene.later(0.01, lambda: self.scene.tell(TopicsChanged(frozenset({TOPIC}))))
        self.scene.later(0.02, lambda: self.scene.tell(TopicsChanged(frozenset({TOPIC, OTHER}))))
        return answer


def test_topic_that_leaves_and_comes_back_amid_an_answer_is_asked_for_again() -> None:
    archive = Meddling()
    scene = Scene({1: archive}, topics=(TOPIC, OTHER))
    archive.scene = scene
    scene.run(20)
    first, *later = (wanted for *_, wanted in scene.asked)
    assert first.topics == (TOPIC, OTHER)
    again = [it for it in later if it.topics == (OTHER,) and it.to_unix_s >= first.to_unix_s]
    assert len(again) >= 1


def test_answer_to_nobody_changes_nothing() -> None:
    scene = Scene({1: Archive()})
    scene.run(5)
    before = list(scene.store.load_covered())
    scene.open.add(1)
    scene.end(1, Answer(KEPT[:3], b"", PageEnd.ANSWERED))
    assert list(scene.store.load_covered()) == before


def test_servers_beyond_the_bound_are_not_used() -> None:
    scene = Scene({1: Archive()})
    scene.tell(ServersChanged(tuple(server(n) for n in range(1, 40))))
    assert len(scene.client.standing()) == 32
