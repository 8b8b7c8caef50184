"""The peer of rows 1 to 5: a Go program that times single operations of go-ethereum 1.9.6.

It reads one JSON object per line and answers with one per line; `seconds` is CPU time. What it can
do stands in `docs/reference/benchmarks.md`.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.errors import BenchmarkError
from bench.options import Options, interleaved
from bench.processor import microseconds_each, pinned_to_tested_core

PEER: Final = "primitives"  # the name for `--peer`, and of the column in the table

_CLOSING_S: Final = 5.0  # it has nothing to do when its input ends
_MICROSECONDS: Final = 1e6
_TURNS_PER_ROUND: Final = 3
_OURS: Final = "ours"


class Primitives:
    """The program, started once; it runs on the cores of whoever starts it, one at a time."""

    def __init__(self, program: Path) -> None:
        """Start it.

        Raises:
            BenchmarkError: It cannot be started.
        """
        try:
            self._process = subprocess.Popen(
                [program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"GOMAXPROCS": "1"},
            )
        except OSError as error:
            raise BenchmarkError(f"{program} does not start: {error.strerror}") from error

    def close(self) -> None:
        """End it."""
        try:
            self._process.communicate(timeout=_CLOSING_S)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def ask(self, work: str, **request: object) -> Mapping[str, Any]:
        """Have some work done and return what the program says about it.

        Raises:
            BenchmarkError: It refuses, or gives no answer.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"work": work, **request}) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError) as error:
            raise BenchmarkError(f"{PEER} gives no answer to {work}") from error
        if "error" in answer:
            raise BenchmarkError(f"{PEER} refuses {work}: {answer['error']}")
        return answer

    def microseconds_each(self, work: str, **request: object) -> float:
        """Have some work done and return the CPU time of one operation, or of one envelope.

        Raises:
            BenchmarkError: It refuses, or gives no answer.
        """
        answer = self.ask(work, **request)
        count = int(answer["operations"] if "operations" in answer else answer["envelopes"])
        return float(answer["seconds"]) / count * _MICROSECONDS


@contextmanager
def primitives(options: Options) -> Iterator[Primitives | None]:
    """Start the program on the tested core if it was named, and stay on that core meanwhile."""
    with pinned_to_tested_core():
        if PEER not in options.peers:
            yield None
            return
        with closing(Primitives(options.peers[PEER])) as peer:
            yield peer


def in_turns(
    options: Options, ours: Callable[[], float], theirs: Callable[[], float] | None
) -> tuple[float, dict[str, float]]:
    """Measure ours and, in turns with it, the peer's.

    A turn is a fraction of a second, so there are more of them than in benchmarks with whole nodes.

    Returns:
        The median of ours, and what a `Figure` calls `peers`.
    """
    measured = {_OURS: ours} if theirs is None else {_OURS: ours, PEER: theirs}
    results = interleaved(_TURNS_PER_ROUND * options.rounds, measured)
    return results.pop(_OURS), results


def time_operation(
    options: Options,
    peer: Primitives | None,
    operation: Callable[[], object],
    *,
    count: int,
    work: str,
    **request: object,
) -> tuple[float, dict[str, float]]:
    """Time one operation of ours, and the same work of the peer, each done `count` times.

    Returns:
        The microseconds of CPU time that ours takes, and what a `Figure` calls `peers`.
    """
    return in_turns(
        options,
        lambda: microseconds_each(operation, count),
        None if peer is None else partial(peer.microseconds_each, work, count=count, **request),
    )
