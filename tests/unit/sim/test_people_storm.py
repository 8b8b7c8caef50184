"""The storm's own judgement: a run that shows nothing fails. Many seeds run in `tests/sim`."""

import pytest

from sottovoce.sim import people_storm as module
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_storm import run_people


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody say more than a few words."""
    monkeypatch.setattr(module, "MESSAGES_MIN", 10)


@pytest.mark.slow
def test_small_storm_keeps_its_promises_and_repeats_itself() -> None:
    one, again = run_people(3), run_people(3)
    assert one == again
    assert one.message_count >= 10


@pytest.mark.slow
def test_storm_with_too_few_crashes_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CRASHES_MIN", 1000)
    with pytest.raises(ViolationError, match="seed 3: too little went wrong"):
        run_people(3)
