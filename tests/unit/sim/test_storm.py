"""The storm's own judgement: it notices what it is there to notice."""

import pytest

from sottovoce.base.moment import Moment
from sottovoce.gossip.relay_state import Gathered, RelayState
from sottovoce.node import inputs
from sottovoce.node.effects import Effect
from sottovoce.node.node import Node
from sottovoce.sim import storm
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.storm import run_storm


@pytest.mark.slow
def test_outcome_counts_faults_and_looks_at_envelopes() -> None:
    outcome = run_storm(1)
    assert outcome.message_count > 0
    assert outcome.checked_count > 0
    assert min(outcome.faults.values()) > 0


@pytest.mark.slow
def test_kind_of_fault_that_never_fired_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storm, "FAULTS", (*storm.FAULTS, "meteorite"))
    monkeypatch.setattr(storm, "CLOSE_S", storm.TALK_END_S)
    monkeypatch.setattr(storm, "END_S", storm.TALK_END_S + 20)
    with pytest.raises(ViolationError, match=r"never fired: meteorite$"):
        run_storm(1, relay_count=3, person_count=2)


@pytest.mark.slow
def test_envelope_that_does_not_spread_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RelayState, "offer_pool", lambda *_: None)
    with pytest.raises(ViolationError, match="lacks an envelope"):
        _ = [run_storm(seed) for seed in range(1, 6)]


@pytest.mark.slow
def test_listening_that_shows_on_the_wire_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = RelayState.open_waiting

    def leak(state: RelayState, gathered: Gathered) -> None:
        before = len(gathered.opened)
        honest(state, gathered)
        if len(gathered.opened) > before:
            state.draw_flush_delay_s()  # A draw that only readers make shifts all later ones.

    monkeypatch.setattr(RelayState, "open_waiting", leak)
    with pytest.raises(ViolationError, match="listening shows on the wire"):
        run_storm(1, relay_count=3, person_count=2)


@pytest.mark.slow
def test_links_that_stay_after_closing_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Node.handle

    def forgetful(node: Node, event: inputs.Input, now: Moment) -> list[Effect]:
        return [] if isinstance(event, inputs.ShutDown) else honest(node, event, now)

    monkeypatch.setattr(Node, "handle", forgetful)
    with pytest.raises(ViolationError, match="after closing"):
        run_storm(1, relay_count=3, person_count=2)
