"""Many months of history, on as many processors as there are, and what they add up to."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_storm import MailOutcome, run_mail
from sottovoce.sim.many_seeds import judge_each


@dataclass(slots=True)
class MailTotals:
    """What many runs did together.

    Attributes:
        seed_count: Runs that kept every promise.
        envelope_count: Envelopes that were sent in them.
        shown_count: Messages that clients showed in them.
        checked_count: Envelopes whose being there was checked in them.
        request_count: Requests of their clients.
        needed_count: Those that one honest server of each answered.
        factor: How many times as often a server was asked at most.
        fail_over_s: The longest time from a server's last sign to the next request.
        faults: How often each kind of fault fired in them.
        violations: What went wrong in each run that did not.
    """

    seed_count: int = 0
    envelope_count: int = 0
    shown_count: int = 0
    checked_count: int = 0
    request_count: int = 0
    needed_count: int = 0
    factor: float = 0.0
    fail_over_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, outcome: MailOutcome | str) -> None:
        """Count a run."""
        if isinstance(outcome, str):
            self.violations.append(outcome)
            return
        self.seed_count += 1
        self.envelope_count += outcome.envelope_count
        self.shown_count += outcome.shown_count
        self.checked_count += outcome.checked_count
        self.request_count += outcome.request_count
        self.needed_count += outcome.needed_count
        self.factor = max(self.factor, outcome.factor)
        self.fail_over_s = max(self.fail_over_s, outcome.fail_over_s)
        self.faults.update(outcome.faults)


def run_months(
    seeds: Sequence[int], *, jobs: int, tell: Callable[[MailOutcome | str], None]
) -> MailTotals:
    """Run the month of each seed.

    Args:
        seeds: Which.
        jobs: Processes that run at a time.
        tell: Told each outcome, or what went wrong, in the order in which they end.
    """
    totals = MailTotals()
    for outcome in judge_each(judge_month, seeds, jobs=jobs):
        totals.add(outcome)
        tell(outcome)
    return totals


def judge_month(seed: int) -> MailOutcome | str:
    """Run one month; returns what went wrong, and how to see it again, instead of raising it."""
    try:
        return run_mail(seed)
    except ViolationError as violation:
        return f"{violation}\n  replay: python -m sottovoce.sim --mail --seed {seed}"
