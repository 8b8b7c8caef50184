"""``python -m sottovoce.sim --seed N``: run the storm and print what happened.

Equal seeds print equal trace hashes. Exit code 0 if every checker was content and every kind of
fault fired, 1 otherwise. ``--calm`` runs the mesh without faults but for lost segments.
``--people`` runs the storm among people, and ``--mail`` a month of history between clients and
mailservers, on all processors if there are several seeds.
"""

import argparse
import os
import sys
import time  # The rate is for people, no part of a run.
from collections.abc import Mapping
from typing import Final

from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_runs import MailTotals, run_months
from sottovoce.sim.mail_storm import MailOutcome
from sottovoce.sim.people_runs import PeopleTotals, run_seeds
from sottovoce.sim.people_storm import PeopleOutcome
from sottovoce.sim.scenario import run
from sottovoce.sim.storm import run_storm

# A kind of fault that never fired in so many months would have shown nothing.
SEEDS_FOR_ALL_FAULTS: Final = 50


def main() -> int:
    """Run one or more seeds."""
    parser = argparse.ArgumentParser(
        prog="python -m sottovoce.sim", description="Run the node in a simulated network."
    )
    parser.add_argument("--seed", type=int, default=1, help="first seed (default 1)")
    parser.add_argument("--count", type=int, default=1, help="how many seeds to run (default 1)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--calm", action="store_true", help="no faults but lost segments")
    kind.add_argument("--people", action="store_true", help="people who chat, instead of nodes")
    kind.add_argument("--mail", action="store_true", help="a month of mailservers and clients")
    parser.add_argument(
        "--loss", type=float, help="share of segments lost, with --calm (default 0.05)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        help="processes, with --people or --mail (default: one for each processor)",
    )
    parser.add_argument(
        "--on-disk", action="store_true", help="stores in encrypted files, with --people"
    )
    arguments = parser.parse_args()
    loss = 0.05 if arguments.loss is None else arguments.loss
    if not 0 <= loss < 1 or arguments.count < 1:
        parser.error("--loss is from 0 to below 1, --count at least 1")
    if arguments.loss is not None and not arguments.calm:
        parser.error("--loss goes with --calm; the storms have their own")
    is_parallel = arguments.people or arguments.mail
    if arguments.jobs is not None and (arguments.jobs < 1 or not is_parallel):
        parser.error("--jobs goes with --people or --mail, and is at least 1")
    if arguments.on_disk and not arguments.people:
        parser.error("--on-disk goes with --people")
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    jobs = arguments.jobs or os.cpu_count() or 1
    if arguments.people:
        return _run_people(seeds, jobs, on_disk=arguments.on_disk)
    if arguments.mail:
        return _run_mail(seeds, jobs)
    return _run_nodes(seeds, loss if arguments.calm else None)


def _run_nodes(seeds: range, calm_loss: float | None) -> int:
    started_s = time.perf_counter()  # noqa: TID251
    for seed in seeds:
        try:
            said = _storm(seed) if calm_loss is None else _calm(seed, calm_loss)
        except ViolationError as violation:
            sys.stderr.write(f"violation: {violation}\n")
            return 1
        sys.stdout.write(said + "\n")
    if len(seeds) > 1:
        rate = len(seeds) / (time.perf_counter() - started_s)  # noqa: TID251
        sys.stdout.write(f"{len(seeds)} seeds, {rate:.2f} a second, no violation\n")
    return 0


def _storm(seed: int) -> str:
    outcome = run_storm(seed)
    return (
        f"seed {outcome.seed}: {outcome.message_count} messages, {outcome.event_count} events, "
        f"{outcome.checked_count} envelopes checked at every node, trace {outcome.trace_hash}\n"
        f"{_faults(outcome.faults)}"
    )


def _calm(seed: int, loss: float) -> str:
    outcome = run(seed, loss=loss)
    return (
        f"seed {outcome.seed}: {outcome.message_count} messages heard by everybody, "
        f"{outcome.node_count} nodes, {outcome.event_count} events, "
        f"{outcome.loss_count} of {outcome.segment_count} segments lost, "
        f"trace {outcome.trace_hash}"
    )


def _run_people(seeds: range, jobs: int, *, on_disk: bool) -> int:
    """Run storms among people; a seed that keeps its promises says nothing if there are others."""
    started_s = time.perf_counter()  # noqa: TID251

    def tell(outcome: PeopleOutcome | str) -> None:
        if isinstance(outcome, str):
            sys.stderr.write(f"violation: {outcome}\n")
        elif len(seeds) == 1:
            sys.stdout.write(
                f"seed {outcome.seed}: {outcome.message_count} messages, "
                f"{outcome.envelope_count} envelopes, {outcome.event_count} events, "
                f"trace {outcome.trace_hash}\n"
            )

    totals = run_seeds(seeds, jobs=min(jobs, len(seeds)), tell=tell, on_disk=on_disk)
    sys.stdout.write(_totals(totals, time.perf_counter() - started_s))  # noqa: TID251
    return 1 if totals.violations else 0


def _run_mail(seeds: range, jobs: int) -> int:
    """Run months of history; a seed that keeps its promises says nothing if there are others."""
    started_s = time.perf_counter()  # noqa: TID251

    def tell(outcome: MailOutcome | str) -> None:
        if isinstance(outcome, str):
            sys.stderr.write(f"violation: {outcome}\n")
        elif len(seeds) == 1:
            sys.stdout.write(
                f"seed {outcome.seed}: {outcome.envelope_count} envelopes, "
                f"{outcome.event_count} events, trace {outcome.trace_hash}\n"
            )

    totals = run_months(seeds, jobs=min(jobs, len(seeds)), tell=tell)
    sys.stdout.write(_mail_totals(totals, time.perf_counter() - started_s))  # noqa: TID251
    never = sorted(kind for kind, count in totals.faults.items() if not count)
    if never and len(seeds) >= SEEDS_FOR_ALL_FAULTS:
        sys.stderr.write(f"violation: these faults never fired: {', '.join(never)}\n")
        return 1
    return 1 if totals.violations else 0


def _mail_totals(totals: MailTotals, duration_s: float) -> str:
    count = totals.seed_count + len(totals.violations)
    return (
        f"{count} months of history, {count / duration_s:.2f} a second; "
        f"{totals.envelope_count} envelopes, {totals.shown_count} times shown, "
        f"{totals.checked_count} times checked; {totals.request_count} requests, of one server at "
        f"most {totals.factor:.2f} times those needed; "
        f"fail-over within {totals.fail_over_s:.1f} s; "
        f"{len(totals.violations) or 'no'} violations\n{_faults(totals.faults)}\n"
    )


def _totals(totals: PeopleTotals, duration_s: float) -> str:
    count = totals.seed_count + len(totals.violations)
    return (
        f"{count} seeds among people, {count / duration_s:.2f} a second with "
        f"{totals.message_count / duration_s:.0f} messages; {totals.message_count} messages in "
        f"{totals.envelope_count} envelopes, "
        f"{len(totals.violations) or 'no'} violations\n{_faults(totals.faults)}\n"
        f"{_counted('actions', totals.actions)}\n"
    )


def _faults(faults: Mapping[str, int]) -> str:
    return _counted("faults", faults)


def _counted(what: str, counts: Mapping[str, int]) -> str:
    listed = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    return f"  {what}: {listed}"


if __name__ == "__main__":
    sys.exit(main())
