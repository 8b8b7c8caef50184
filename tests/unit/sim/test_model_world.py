import math
from fractions import Fraction
from itertools import pairwise

import pytest

from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.cursor import CURSOR_BYTES
from sottovoce.mail.request import HistoryRequest, bloom_of
from sottovoce.node.effects import HistoryDone, PostFailed
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.model_world import SETTLE_S, TTL_S, ModelWorld
from sottovoce.sim.scaling_model import ModelParameters

MODEL = ModelParameters(messages_per_day=8640, envelopes_per_message=1)


def world_of(case: int, *, users: int = 4, model: ModelParameters = MODEL) -> ModelWorld:
    return ModelWorld(case, users=users, duration_s=100.0, seed=1, model=model)


def test_everybody_is_sent_the_same_number_of_messages() -> None:
    world = world_of(1)
    world._plan_presence()
    world._plan_messages()
    assert [person.meant for person in world._people] == [10, 10, 10, 10]


def test_people_are_away_for_their_share_and_one_is_always_there() -> None:
    world = world_of(7, users=10)
    world._plan_presence()
    for person in world._people:
        there = sum(min(end_s, 105.0) - begin_s for begin_s, end_s in person.there)
        assert there == pytest.approx(10.0)
    windows = sorted(window for person in world._people for window in person.there)
    assert windows[0][0] == SETTLE_S
    assert all(one[1] == pytest.approx(next[0]) for one, next in pairwise(windows))


def test_whoever_comes_back_asks_for_what_expired_meanwhile() -> None:
    world = world_of(7, users=4)
    world._plan_presence()
    assert world._people[1].away == [(SETTLE_S, 30.0 - TTL_S), (pytest.approx(40.0), 105.0)]


def test_nobody_leaves_in_the_other_cases() -> None:
    world = world_of(6)
    world._plan_presence()
    assert [person.there for person in world._people] == [[(0.0, math.inf)]] * 4
    assert not any(person.away for person in world._people)


def test_envelopes_have_the_size_of_the_model() -> None:
    model = ModelParameters(envelope_bytes=600, messages_per_day=864, private_share=Fraction(1))
    measured = world_of(8, users=2, model=model).run(lambda _: None)
    assert measured.envelopes == measured.opened == measured.meant == 20
    assert measured.bytes_per_day == 10 * 600 * 864


def test_further_pages_of_history_are_asked_for() -> None:
    world = world_of(7)
    person = world._people[0]
    wanted = HistoryRequest(1, 2, bloom_of(person.own_topics))
    world._ask(person, wanted)
    cursor = bytes(CURSOR_BYTES)
    world._heard(person, HistoryDone(1, PageEnd.ANSWERED, cursor))
    assert person.asked == HistoryRequest(1, 2, bloom_of(person.own_topics), cursor=cursor)


@pytest.mark.parametrize(
    "fact",
    [
        HistoryDone(1, PageEnd.REFUSED, detail="it does not want to"),
        PostFailed(1, "it does not want to"),
    ],
)
def test_refusal_ends_the_experiment(fact: HistoryDone | PostFailed) -> None:
    world = world_of(7)
    with pytest.raises(ViolationError, match=r"seed 1, case 7: .*it does not want to"):
        world._heard(world._people[0], fact)
