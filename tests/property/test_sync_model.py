"""Every state that two machines and a bad network can reach is safe and comes to rest."""

import pytest

from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.reception import Reception
from sottovoce.sync.settings import Mode
from unit.sync.model import Model, StuckError


@pytest.mark.parametrize(
    ("mode", "bodies", "states"),
    [
        (Mode.BATCH, (1, 1), 2995),
        (Mode.BATCH, (2, 0), 3215),
        (Mode.INTERACTIVE, (1, 0), 848),
    ],
)
def test_every_state_of_a_few_bodies_comes_to_rest(
    mode: Mode, bodies: tuple[int, int], states: int
) -> None:
    model = Model(bodies=bodies, mode=mode)
    model.search(1_000_000)
    assert len(model.seen) == states


@pytest.mark.slow
def test_every_state_of_three_bodies_comes_to_rest() -> None:
    model = Model(bodies=(2, 1), mode=Mode.BATCH)
    model.search(1_000_000)
    assert len(model.seen) == 137_302


@pytest.mark.slow
@pytest.mark.parametrize("bodies", [(1, 1), (2, 0)])
def test_first_states_of_two_offered_bodies_come_to_rest(bodies: tuple[int, int]) -> None:
    model = Model(bodies=bodies, mode=Mode.INTERACTIVE)
    model.search(20_000)
    assert len(model.seen) >= 20_000


# ---- the search finds what is wrong


def test_search_finds_a_machine_that_acknowledges_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reception, "_acknowledge_again", lambda *_: None)
    with pytest.raises(StuckError, match="circles"):
        Model(bodies=(1, 0), mode=Mode.BATCH).search(10_000)


def test_search_finds_a_memory_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemorySyncStore, "remember_received", lambda *_, **__: None)
    with pytest.raises(StuckError, match="come up once"):
        Model(bodies=(1, 0), mode=Mode.BATCH).search(10_000)


def test_search_finds_a_body_that_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemorySyncStore, "waiting", lambda _: ())
    with pytest.raises(StuckError, match="lost"):
        Model(bodies=(1, 0), mode=Mode.BATCH).search(10_000)
