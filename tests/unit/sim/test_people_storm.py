"""The storm's own judgement: a run that shows nothing fails. Many seeds run in `tests/sim`."""

import pytest

from sottovoce.sim import people_storm as module
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_storm import run_people


@pytest.mark.slow
def test_small_storm_keeps_its_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MESSAGES_MIN", 10)
    assert run_people(3).message_count >= 10


def test_storm_with_too_few_crashes_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "END_S", module.MEETING_S)
    with pytest.raises(ViolationError, match="seed 3: too little went wrong"):
        run_people(3)
