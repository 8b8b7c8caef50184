"""A process that a benchmark starts, talks to line by line, and ends."""

import ctypes
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from bench.errors import BenchmarkError

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_STOP_TIMEOUT_S: Final = 10.0
_RSS: Final = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
_ENDED: Final = "a process of the benchmark ended before it was measured"
_KB: Final = 1024
_PR_SET_PDEATHSIG: Final = 1  # of linux/prctl.h


class Child:
    """A running process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def _proc_file(self, name: str) -> str:
        if not self.is_running:
            raise BenchmarkError(_ENDED)
        return Path(f"/proc/{self._process.pid}/{name}").read_text(encoding="ascii")

    def ask(self, question: Mapping[str, object]) -> dict[str, Any]:
        """Write one line of JSON and return the line that answers it.

        Raises:
            BenchmarkError: It has ended, or says that it cannot.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        except (OSError, json.JSONDecodeError) as error:
            raise BenchmarkError("a process of the benchmark ended or gave no answer") from error
        if "error" in answer:
            raise BenchmarkError(str(answer["error"]))
        return answer

    def cpu_s(self) -> float:
        """Return the processor time that all its threads have taken, user and system.

        Raises:
            BenchmarkError: It has ended.
        """
        if not self.is_running:
            raise BenchmarkError(_ENDED)
        return cpu_s_of(self._process.pid)

    def rss_bytes(self) -> int:
        """Return how much memory it has now."""
        found = _RSS.search(self._proc_file("status"))
        assert found is not None
        return int(found[1]) * _KB


def cpu_s_of(pid: int) -> float:
    """Return the processor time that all threads of a process have taken, user and system.

    Raises:
        BenchmarkError: There is no such process any more.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        raise BenchmarkError(_ENDED) from None
    user, system = fields.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / _TICKS_PER_S


def prepare(cores: set[int]) -> None:
    """Keep the new process on these cores, and let it die with us, however we end."""
    os.sched_setaffinity(0, cores)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def child(
    command: Sequence[str], cores: set[int], *, errors: IO[str] | None = None
) -> Iterator[Child]:
    """Give a process that runs on these cores; it is ended in the end.

    Args:
        command: The program and its arguments.
        cores: Where it may run.
        errors: Where its standard error goes, or None for our own.

    Raises:
        BenchmarkError: It cannot be started.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Between fork and exec nothing else of ours runs: no thread is alive here.
            preexec_fn=lambda: prepare(cores),
        )
    except OSError as error:
        raise BenchmarkError(f"{command[0]} does not start: {error.strerror}") from error
    try:
        yield Child(process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
