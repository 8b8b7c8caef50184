"""Every state that two machines and a bad network can reach is safe and comes to rest."""

import os
from typing import Final

import pytest

from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.reception import Reception
from sottovoce.sync.settings import Mode
from unit.sync.model import Model, StuckError

# The fast suite sees the first states of the larger models. `make test-long` sees all of them: five
# and a half million with those of the smaller ones, in four to six minutes and 1.4 GB on one core.
STATES_VARIABLE: Final = "SOTTOVOCE_STATES"
STATES_MAX: Final = int(os.environ.get(STATES_VARIABLE, "4000"))


@pytest.mark.parametrize(
    ("mode", "bodies", "states"),
    [
        (Mode.BATCH, (1, 1), 3814),
        (Mode.BATCH, (2, 0), 3162),
        (Mode.INTERACTIVE, (1, 0), 945),
    ],
)
def test_every_state_of_a_few_bodies_comes_to_rest(
    mode: Mode, bodies: tuple[int, int], states: int
) -> None:
    model = Model(bodies=bodies, mode=mode)
    model.search(1_000_000)
    assert len(model.seen) == states


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "bodies", "states"),
    [
        (Mode.BATCH, (2, 1), 162_062),
        (Mode.INTERACTIVE, (2, 0), 186_733),
        (Mode.INTERACTIVE, (1, 1), 356_452),
        (Mode.BATCH, (3, 0), 158_676),
        (Mode.BATCH, (2, 2), 4_922_938),
    ],
)
def test_states_of_more_bodies_come_to_rest_as_far_as_they_are_searched(
    mode: Mode, bodies: tuple[int, int], states: int
) -> None:
    model = Model(bodies=bodies, mode=mode)
    model.search(STATES_MAX)
    if states < STATES_MAX:
        assert len(model.seen) == states
    else:
        assert len(model.seen) >= STATES_MAX


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
