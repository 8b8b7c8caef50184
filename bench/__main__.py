"""The command line: `python -m bench` measures all rows and prints one table."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn, cast

from typing_extensions import override

from bench import machine
from bench.errors import BenchmarkError, OptionError
from bench.figures import Figure, table
from bench.messenger_peer import PEER as MESSENGER
from bench.options import NODE_PEERS, Benchmark, Options
from bench.primitives import PEER as PRIMITIVES

# By row. A module is imported only when it is run: what one needs does not slow another down.
BENCHMARKS: Final = (
    "pow_search",
    "envelope_ingest",
    "envelope_crypto",
    "rlpx_frame",
    "rlpx_handshake",
    "relay_1to1",
    "relay_work",
    "relay_fanout",
    "hop_latency",
    "archive_halt",
    "pool_idle",
    "burst_and_join",
    "archive",
    "ratchet",
    "chat_1to1",
    "group_chat",
    "archive",
    "mailserver",
    "scaling_model",
)
PEERS: Final = frozenset({PRIMITIVES, MESSENGER}) | NODE_PEERS

_OK: Final = 0
_FAILED: Final = 1
_MISUSED: Final = 2  # as of every command line
_TERMINATED: Final = 143  # as shells count SIGTERM


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are ours."""

    @override
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message[0].upper()}{message[1:]}. See --help.")


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for and return the exit code: 0, 1 (a benchmark failed) or 2 (misuse)."""
    try:
        parsed = _parser().parse_args(arguments)
        names = chosen(parsed.names)
        options = Options(
            quick=not parsed.full,
            peers=peers_of(parsed.peer),
            wanted_node_rounds=rounds_of(parsed.rounds),
            postgres=parsed.postgres,
        )
    except OptionError as error:
        print(error, file=sys.stderr)
        return _MISUSED
    failures: list[str] = []
    # So that the context managers that end the peers' processes run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    figures = _measured(names, options, failures)
    if parsed.json:
        _print_lines(figures)
    else:
        print(machine.in_one_line(), flush=True)
        print(table(figures))
    return _FAILED if failures else _OK


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the benchmarks to run, by row; all that exist if none is named.

    Raises:
        OptionError: There is no benchmark of that name.
    """
    existing = tuple(name for name in BENCHMARKS if find_spec(f"bench.{name}"))
    for name in names:
        if name not in existing:
            raise OptionError(f"There is no benchmark {name!r}. There are: {', '.join(existing)}.")
    return tuple(name for name in existing if name in names or not names)


def peers_of(texts: Iterable[str]) -> dict[str, Path]:
    """Read what was said with `--peer`.

    Raises:
        OptionError: It is not NAME=PATH, the name is unknown, or no program is there.
    """
    peers = {}
    for text in texts:
        name, separator, path = text.partition("=")
        if not separator or name not in PEERS:
            known = ", ".join(sorted(PEERS))
            raise OptionError(
                f"A peer is given as NAME=PATH, with a NAME of {known}: not {text!r}."
            )
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            raise OptionError(f"There is no program at {path!r}.")
        peers[name] = Path(path).absolute()
    return peers


def rounds_of(text: str | None) -> int | None:
    """Read what was said with `--rounds`.

    Raises:
        OptionError: It is no number from 1 up.
    """
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise OptionError(f"Rounds are a number from 1 up: not {text!r}.")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m bench",
        description="Measure sottovoce, beside the Go nodes whose programs are given.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run (default: all)")
    parser.add_argument(
        "--full", action="store_true", help="large workloads instead of the quick form"
    )
    parser.add_argument(
        "--rounds",
        metavar="N",
        help="repeat measurements with whole nodes so often (default: 1, with --full 3)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line, no table")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help=f"a program to compare with ({', '.join(sorted(PEERS))}); may be repeated",
    )
    parser.add_argument(
        "--postgres",
        default="",
        metavar="CONNINFO",
        help="an empty PostgreSQL database to measure archives in, too",
    )
    return parser


def _measured(names: Iterable[str], options: Options, failures: list[str]) -> Iterator[Figure]:
    """Run the benchmarks, tell about progress, and note the names of those that fail."""
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        benchmark = cast("Benchmark", import_module(f"bench.{name}"))
        try:
            for figure in benchmark.run(options):
                print(f"  {figure.workload}, {figure.metric}", file=sys.stderr, flush=True)
                yield figure
        except KeyboardInterrupt:
            print(
                f"{name} was interrupted; what was measured follows.", file=sys.stderr, flush=True
            )
            failures.append(name)
            return
        except (BenchmarkError, ConnectionError) as error:
            print(f"{name} failed: {error}", file=sys.stderr, flush=True)
            failures.append(name)


def _print_lines(figures: Iterable[Figure]) -> None:
    print(json.dumps({"machine": machine.describe()}), flush=True)
    for figure in figures:
        print(json.dumps(figure.as_json()), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
