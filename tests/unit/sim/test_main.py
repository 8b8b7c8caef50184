"""The module's command: ``python -m sottovoce.sim``."""

import re

import pytest

from sottovoce.sim import __main__ as command
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.scenario import Outcome
from sottovoce.sim.storm import StormOutcome

OUTCOME = Outcome(
    seed=3,
    trace_hash="ab" * 32,
    event_count=1000,
    node_count=9,
    message_count=5,
    segment_count=800,
    loss_count=40,
)


def run_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["sim", "--calm", *arguments])
    return command.main()


def test_each_seed_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def run(seed: int, *, loss: float) -> Outcome:
        seen.append((seed, loss))
        return OUTCOME

    monkeypatch.setattr(command, "run", run)
    assert run_with(monkeypatch, "--seed", "3", "--count", "2", "--loss", "0.2") == 0
    assert seen == [(3, 0.2), (4, 0.2)]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("2 seeds, ")
    assert re.fullmatch(
        r"seed 3: 5 messages heard by everybody, 9 nodes, 1000 events, "
        r"40 of 800 segments lost, trace (ab){32}",
        lines[0],
    )


def test_violation_ends_with_code_one_and_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(seed: int, *, loss: float) -> Outcome:
        raise ViolationError(f"seed {seed}: twice")

    monkeypatch.setattr(command, "run", run)
    assert run_with(monkeypatch, "--seed", "3") == 1
    assert capsys.readouterr().err == "violation: seed 3: twice\n"


@pytest.mark.parametrize("arguments", [["--loss", "1"], ["--loss", "-0.1"], ["--count", "0"]])
def test_impossible_arguments_end_with_code_two(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run_with(monkeypatch, *arguments)
    assert caught.value.code == 2


def test_storm_is_the_default_and_says_how_often_each_fault_fired(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = StormOutcome(
        seed=3,
        trace_hash="cd" * 32,
        event_count=900,
        message_count=4,
        checked_count=2,
        faults={"cut": 2, "clog": 1},
    )
    monkeypatch.setattr(command, "run_storm", lambda _: outcome)
    monkeypatch.setattr("sys.argv", ["sim", "--seed", "3"])
    assert command.main() == 0
    assert capsys.readouterr().out == (
        "seed 3: 4 messages, 900 events, 2 envelopes checked at every node, "
        f"trace {'cd' * 32}\n  faults: clog 1, cut 2\n"
    )
