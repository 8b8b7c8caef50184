"""Many storms among people, on as many processors as there are, and what they add up to."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.many_seeds import judge_each
from sottovoce.sim.people_files import stores_in
from sottovoce.sim.people_storm import PeopleOutcome, run_people


@dataclass(slots=True)
class PeopleTotals:
    """What many runs did together.

    Attributes:
        seed_count: Runs that kept every promise.
        message_count: Messages that were queued in them.
        envelope_count: Envelopes that were posted in them.
        faults: How often each kind of fault fired in them.
        actions: How often people did what in them, beside talking.
        violations: What went wrong in each run that did not.
    """

    seed_count: int = 0
    message_count: int = 0
    envelope_count: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, outcome: PeopleOutcome | str) -> None:
        """Count a run."""
        if isinstance(outcome, str):
            self.violations.append(outcome)
            return
        self.seed_count += 1
        self.message_count += outcome.message_count
        self.envelope_count += outcome.envelope_count
        self.faults.update(outcome.faults)
        self.actions.update(outcome.actions)


def run_seeds(
    seeds: Iterable[int],
    *,
    jobs: int,
    tell: Callable[[PeopleOutcome | str], None],
    on_disk: bool = False,
) -> PeopleTotals:
    """Run the storm of each seed.

    Args:
        seeds: Which.
        jobs: Processes that run at a time.
        tell: Told each outcome, or what went wrong, in the order in which they end.
        on_disk: Whether stores are files.
    """
    totals = PeopleTotals()
    for outcome in judge_each(partial(judge, on_disk=on_disk), seeds, jobs=jobs):
        totals.add(outcome)
        tell(outcome)
    return totals


def judge(seed: int, *, on_disk: bool = False) -> PeopleOutcome | str:
    """Run one storm; returns what went wrong, and how to see it again, instead of raising it."""
    try:
        if not on_disk:
            return run_people(seed)
        with TemporaryDirectory(prefix="sottovoce-sim-") as folder:
            return run_people(seed, stores_in(Path(folder)))
    except ViolationError as violation:
        option = " --on-disk" if on_disk else ""
        return f"{violation}\n  replay: python -m sottovoce.sim --people --seed {seed}{option}"
