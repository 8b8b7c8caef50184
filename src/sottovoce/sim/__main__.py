"""``python -m sottovoce.sim --seed N``: run the scenario and print what happened.

Equal seeds print equal trace hashes. Exit code 0 if every checker was content, 1 otherwise.
"""

import argparse
import sys

from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.scenario import run


def main() -> int:
    """Run one or more seeds."""
    parser = argparse.ArgumentParser(
        prog="python -m sottovoce.sim", description="Run the node in a simulated network."
    )
    parser.add_argument("--seed", type=int, default=1, help="first seed (default 1)")
    parser.add_argument("--count", type=int, default=1, help="how many seeds to run (default 1)")
    parser.add_argument("--loss", type=float, default=0.05, help="share of segments lost")
    arguments = parser.parse_args()
    if not 0 <= arguments.loss < 1 or arguments.count < 1:
        parser.error("--loss is from 0 to below 1, --count at least 1")
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        try:
            outcome = run(seed, loss=arguments.loss)
        except ViolationError as violation:
            sys.stderr.write(f"violation: {violation}\n")
            return 1
        sys.stdout.write(
            f"seed {outcome.seed}: {outcome.message_count} messages heard by everybody, "
            f"{outcome.node_count} nodes, {outcome.event_count} events, "
            f"{outcome.loss_count} of {outcome.segment_count} segments lost, "
            f"trace {outcome.trace_hash}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
