"""The module's command: ``python -m sottovoce.sim``."""

import re
from collections.abc import Callable

import pytest

from sottovoce.sim import __main__ as command
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_runs import MailTotals
from sottovoce.sim.mail_storm import MailOutcome
from sottovoce.sim.people_runs import PeopleTotals
from sottovoce.sim.people_storm import PeopleOutcome
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


# ---- people


def run_people(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    def run_seeds(
        seeds: range, *, jobs: int, tell: Callable[[PeopleOutcome | str], None], on_disk: bool
    ) -> PeopleTotals:
        assert on_disk == ("--on-disk" in arguments)
        assert jobs == min(2, len(seeds))
        totals = PeopleTotals()
        for seed in seeds:
            counts = {"loss": 3, "late": 1}, {"MarkRead": 2}
            good = PeopleOutcome(seed, "ef" * 32, 900, 200, 450, *counts)
            outcome = "seed 4: it went wrong" if seed == 4 else good
            totals.add(outcome)
            tell(outcome)
        return totals

    monkeypatch.setattr(command, "run_seeds", run_seeds)
    monkeypatch.setattr("sys.argv", ["sim", "--people", "--jobs", "2", *arguments])
    return command.main()


def test_one_seed_among_people_says_what_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_people(monkeypatch, "--seed", "3") == 0
    first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert first == f"seed 3: 200 messages, 450 envelopes, 900 events, trace {'ef' * 32}"
    assert second.startswith("1 seeds among people, ")
    assert third == "  faults: late 1, loss 3"
    assert fourth == "  actions: MarkRead 2"


def test_many_seeds_among_people_are_added_up_and_bad_ones_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_people(monkeypatch, "--seed", "3", "--count", "3", "--on-disk") == 1
    said = capsys.readouterr()
    assert said.err == "violation: seed 4: it went wrong\n"
    assert re.fullmatch(
        r"3 seeds among people, [\d.]+ a second with \d+ messages; "
        r"400 messages in 900 envelopes, 1 violations\n"
        r"  faults: late 2, loss 6\n  actions: MarkRead 4\n",
        said.out,
    )


# ---- mail


def run_mail(monkeypatch: pytest.MonkeyPatch, *arguments: str, fired: int = 3) -> int:
    def run_months(
        seeds: range, *, jobs: int, tell: Callable[[MailOutcome | str], None]
    ) -> MailTotals:
        assert jobs == min(2, len(seeds))
        totals = MailTotals()
        for seed in seeds:
            good = MailOutcome(
                seed=seed,
                trace_hash="ab" * 32,
                event_count=900,
                envelope_count=100,
                shown_count=200,
                checked_count=300,
                request_count=70,
                needed_count=60,
                factor=1.25,
                fail_over_s=6.5,
                faults={"disk full": 2, "live loss": fired},
            )
            outcome = "seed 4: it went wrong" if seed == 4 else good
            totals.add(outcome)
            tell(outcome)
        return totals

    monkeypatch.setattr(command, "run_months", run_months)
    monkeypatch.setattr("sys.argv", ["sim", "--mail", "--jobs", "2", *arguments])
    return command.main()


def test_one_month_of_history_says_what_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_mail(monkeypatch, "--seed", "3", fired=0) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"seed 3: 100 envelopes, 900 events, trace {'ab' * 32}"
    assert second.startswith("1 months of history, ")
    assert third == "  faults: disk full 2, live loss 0"


def test_many_months_are_added_up_and_bad_ones_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_mail(monkeypatch, "--seed", "3", "--count", "3") == 1
    said = capsys.readouterr()
    assert said.err == "violation: seed 4: it went wrong\n"
    assert re.fullmatch(
        r"3 months of history, [\d.]+ a second; 200 envelopes, 400 times shown, 600 times checked; "
        r"140 requests, of one server at most 1.25 times those needed; fail-over within 6.5 s; "
        r"1 violations\n  faults: disk full 4, live loss 6\n",
        said.out,
    )


def test_fault_that_never_fired_in_fifty_months_is_a_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_mail(monkeypatch, "--seed", "10", "--count", "50", fired=0) == 1
    assert capsys.readouterr().err == "violation: these faults never fired: live loss\n"
    assert run_mail(monkeypatch, "--seed", "10", "--count", "50") == 0


@pytest.mark.parametrize("arguments", [["--people", "--jobs", "0"], ["--jobs", "2"], ["--on-disk"]])
def test_processes_and_files_are_for_people(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sim", *arguments])
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert caught.value.code == 2
