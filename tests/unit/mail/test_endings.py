"""What follows from how a request ended."""

from dataclasses import replace

import pytest
from typing_extensions import override

from sottovoce.mail.client_events import FetchAsked, PageEnd, ServerState
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_book import LIMIT_MIN
from sottovoce.mail.settings import ClientSettings
from unit.mail.history import DAY, UNIX_S, Answer, Archive, Scene, envelopes

KEPT = envelopes(100, first=UNIX_S - DAY, last=UNIX_S - 1)


class Answering(Archive):
    """Gives a number of answers before it is honest."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(KEPT, page=60)
        self.answers = list(answers)

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        return self.answers.pop(0) if self.answers else answer


def refused(words: str) -> Answer:
    return Answer(end=PageEnd.REFUSED, detail=words)


def asked_s(scene: Scene) -> list[float]:
    return [round(at_s - 1000, 1) for at_s, *_ in scene.asked]


def test_limited_server_is_asked_again_when_it_said() -> None:
    scene = Scene({1: Answering(refused("rate limit exceeded: rows; ask again in 9 s"))})
    scene.tell(FetchAsked(7))
    scene.run(30)
    assert asked_s(scene)[:2] == [0.0, 9.1]
    assert [(done.request, done.complete) for done in scene.told] == [(7, True)]
    assert scene.client.standing()[0].failures == 0
    assert any("limited; it wants to be asked" in progress.note for progress in scene.progress)


def test_limited_server_that_names_no_time_is_asked_after_growing_pauses() -> None:
    scene = Scene({1: Answering(*[refused("rate limit exceeded")] * 3)})
    scene.tell(FetchAsked(7))
    scene.run(30)
    assert [round(at_s) for at_s in asked_s(scene)[:4]] == [0, 1, 3, 7]
    # The pause is ours, and nothing that the server wished.
    assert any("limited; asked again in 1 s" in progress.note for progress in scene.progress)
    assert len(scene.got) == 100


def test_long_limit_ends_fetching_and_says_so() -> None:
    scene = Scene({1: Answering(refused("rate limit exceeded: bytes; ask again in 1800 s"))})
    scene.tell(FetchAsked(7))
    scene.run(1)
    (done,) = scene.told
    assert not done.complete
    assert "asked again in 1800 s" in done.detail
    scene.run(2000)
    assert len(scene.got) == 100


def test_server_that_always_puts_off_is_set_aside() -> None:
    scene = Scene({1: Answering(*[refused("rate limit exceeded")] * 99)})
    scene.tell(FetchAsked(7))
    scene.run(300)
    assert [done.complete for done in scene.told] == [False]
    assert scene.client.standing()[0].failures >= 1


@pytest.mark.parametrize(
    "words", ["failed to decrypt p2p request", "PoW too low", "wrong signature of p2p request"]
)
def test_refusal_sets_a_server_aside_with_its_words(words: str) -> None:
    scene = Scene({1: Answering(refused(words))})
    scene.tell(FetchAsked(7))
    scene.run(5)
    (done,) = scene.told
    assert (done.complete, done.detail) == (False, f"10.0.0.1:30303: {words}")
    (status,) = scene.client.standing()
    assert (status.state, status.detail) == (ServerState.RESTING, words)


def test_page_that_was_lost_here_is_asked_for_again() -> None:
    scene = Scene({1: Answering(Answer(KEPT[:5], end=PageEnd.LOST))})
    scene.tell(FetchAsked(7))
    scene.run(30)
    first, again = (wanted for *_, wanted in scene.asked[:2])
    assert again == replace(first, limit=500)
    assert len(scene.got) == 100
    assert scene.client.standing()[0].failures == 0


class Bounded(Archive):
    """A server whose answers are lost on their way if they are longer than what we can take."""

    taken_max = 62

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        if len(answer.found) > self.taken_max:
            return Answer(answer.found[: self.taken_max], end=PageEnd.LOST)
        return answer


def test_pages_are_smaller_until_they_fit_and_then_larger() -> None:
    kept = envelopes(3000, first=UNIX_S - DAY, last=UNIX_S - 1)
    archive = Bounded(kept)
    scene = Scene({1: archive}, settings=ClientSettings(first_window_s=DAY - 3600))
    scene.run(300)
    limits = [wanted.limit for wanted in archive.wanted]
    assert limits[:8] == [1000, 500, 250, 125, 62, 124, 62, 124]
    assert scene.missed(archive, since=UNIX_S - DAY + 7200, until=UNIX_S) == []
    assert scene.client.standing()[0].failures == 0
    archive.taken_max = 1000
    archive.wanted.clear()
    scene.tell(FetchAsked(7, from_unix_s=UNIX_S - 3 * DAY))
    scene.run(60)
    assert archive.wanted[-1].limit == 1000


def test_pages_are_never_smaller_than_the_bound_and_end_when_none_fits() -> None:
    archive = Bounded(KEPT)
    archive.taken_max = 10
    scene = Scene({1: archive}, settings=ClientSettings(first_window_s=DAY - 3600))
    scene.tell(FetchAsked(7))
    scene.run(600)
    assert min(wanted.limit for wanted in archive.wanted if wanted.limit > 1) == LIMIT_MIN
    assert [done.complete for done in scene.told if done.request == 7] == [False]


def test_what_was_not_asked_for_sets_a_server_aside_for_an_hour() -> None:
    scene = Scene({1: Answering(Answer(KEPT[:5], end=PageEnd.DISHONEST, detail="other topics"))})
    scene.tell(FetchAsked(7))
    scene.run(3500)
    assert len(scene.asked) == 1
    assert scene.told[0].detail == "10.0.0.1:30303: other topics"
    scene.run(2000)
    assert len(scene.got) == 100


def test_nothing_is_covered_before_the_end() -> None:
    scene = Scene(
        {1: Answering(Answer(KEPT[:60], KEPT[59].place.encode()), Answer(is_silent=True))},
        settings=ClientSettings(first_window_s=DAY - 3600),  # one request
    )
    scene.run(5)
    assert list(scene.store.load_covered()) == []
    (resume,) = scene.store.load_resumes()
    assert resume.cursor == KEPT[59].place.encode()
    scene.run(60)
    assert len(list(scene.store.load_covered())) == 1
    assert list(scene.store.load_resumes()) == []


class Stumbling(Archive):
    """A server that sends what was not asked for of one day, and is honest otherwise."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        if wanted.from_unix_s < UNIX_S - 2 * DAY - 7200 and wanted.limit > 1:
            return Answer(end=PageEnd.DISHONEST, detail="other topics")
        return answer


def test_day_that_a_server_fails_at_does_not_keep_from_us_what_is_behind_it() -> None:
    archive = Stumbling(KEPT)
    scene = Scene({1: archive})
    scene.tell(FetchAsked(7, from_unix_s=UNIX_S - 3 * DAY))
    scene.run(5)
    assert scene.got == {}
    scene.run(DAY)
    assert len(scene.got) == 100
    tried = [it for it in archive.wanted if it.from_unix_s < UNIX_S - 2 * DAY - 7200]
    assert len(tried) >= 3
