"""``python -m sottovoce.sim --seed N``: run the storm and print what happened.

Equal seeds print equal trace hashes. Exit code 0 if every checker was content and every kind of
fault fired, 1 otherwise. ``--calm`` runs the mesh without faults but for lost segments.
"""

import argparse
import sys
import time  # The rate is for people, no part of a run.

from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.scenario import run
from sottovoce.sim.storm import run_storm


def main() -> int:
    """Run one or more seeds."""
    parser = argparse.ArgumentParser(
        prog="python -m sottovoce.sim", description="Run the node in a simulated network."
    )
    parser.add_argument("--seed", type=int, default=1, help="first seed (default 1)")
    parser.add_argument("--count", type=int, default=1, help="how many seeds to run (default 1)")
    parser.add_argument("--calm", action="store_true", help="no faults but lost segments")
    parser.add_argument(
        "--loss", type=float, help="share of segments lost, with --calm (default 0.05)"
    )
    arguments = parser.parse_args()
    loss = 0.05 if arguments.loss is None else arguments.loss
    if not 0 <= loss < 1 or arguments.count < 1:
        parser.error("--loss is from 0 to below 1, --count at least 1")
    if arguments.loss is not None and not arguments.calm:
        parser.error("--loss goes with --calm; the storm has its own")
    started_s = time.perf_counter()  # noqa: TID251
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        try:
            said = _calm(seed, loss) if arguments.calm else _storm(seed)
        except ViolationError as violation:
            sys.stderr.write(f"violation: {violation}\n")
            return 1
        sys.stdout.write(said + "\n")
    if arguments.count > 1:
        rate = arguments.count / (time.perf_counter() - started_s)  # noqa: TID251
        sys.stdout.write(f"{arguments.count} seeds, {rate:.2f} a second, no violation\n")
    return 0


def _storm(seed: int) -> str:
    outcome = run_storm(seed)
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(outcome.faults.items()))
    return (
        f"seed {outcome.seed}: {outcome.message_count} messages, {outcome.event_count} events, "
        f"{outcome.checked_count} envelopes checked at every node, trace {outcome.trace_hash}\n"
        f"  faults: {faults}"
    )


def _calm(seed: int, loss: float) -> str:
    outcome = run(seed, loss=loss)
    return (
        f"seed {outcome.seed}: {outcome.message_count} messages heard by everybody, "
        f"{outcome.node_count} nodes, {outcome.event_count} events, "
        f"{outcome.loss_count} of {outcome.segment_count} segments lost, "
        f"trace {outcome.trace_hash}"
    )


if __name__ == "__main__":
    sys.exit(main())
