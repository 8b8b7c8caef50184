"""The installed command at its edges: nothing that the shell does to it ends in a traceback."""

import errno
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import IO

import pytest

from patience import PATIENCE_S
from sottovoce.cli import entry, main

# Interrupts a fresh interpreter at a given place, as a keyboard would: before the first command.
INTERRUPTED = """
import sys
from sottovoce.cli.entry import main

place = sys.argv.pop(1)

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == place:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
main()
"""


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run programs as people do, though whoever runs the tests may want no buffers."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


def sottovoce(*arguments: str, stdout: str | None = None) -> tuple[int, str]:
    """Run the command with its output to a file; return its exit code and what it complained."""
    with Path(stdout or "/dev/null").open("w") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "sottovoce", *arguments],
            stdout=stream,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "place", ["sottovoce.cli.main", "typer", "sottovoce.cli.output", "sottovoce.cli.demo"]
)
def test_interrupt_while_the_program_loads_ends_it_quietly(place: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, place, "demo"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_interrupt_outside_of_a_command_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "main", interrupted)
    with pytest.raises(SystemExit) as caught:
        entry.main()
    assert caught.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("node", "run", "--help")])
def test_help_on_a_full_disk_is_one_sentence(arguments: tuple[str, ...]) -> None:
    assert sottovoce(*arguments, stdout="/dev/full") == (1, "error: No space left on device\n")


@pytest.mark.slow
def test_results_on_a_full_disk_are_one_sentence() -> None:
    node = ("node", "run", "--ephemeral", "--listen", "127.0.0.1:0")
    assert sottovoce(*node, stdout="/dev/full") == (1, "error: No space left on device\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("--version",), ("node", "run", "--ephemeral", "--listen", "127.0.0.1:0")]
)
def test_reader_that_has_gone_hears_no_complaint(arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sottovoce", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        try:
            program.stdout.close()
            assert program.stderr.read() == ""
            assert program.wait(PATIENCE_S) in (0, 1)
        finally:
            program.kill()


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_the_shell_closed_are_no_error(streams: str) -> None:
    command = f'"{sys.executable}" -m sottovoce --version {streams}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_stdin_is_one_sentence() -> None:
    command = f'"{sys.executable}" -m sottovoce send lobby - <&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: there is no stdin to read the text from\n"


def waits_for_more(pipe: IO[str], process: int) -> bool:
    """Whether a process has read all that a pipe holds, and sleeps."""
    unread = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]
    state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    return bool(unread == 0 and state == "S")


@pytest.mark.slow
def test_interrupt_ends_the_reading_of_stdin() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sottovoce", "send", "lobby", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stderr is not None
        try:
            program.stdin.write("hello")
            program.stdin.flush()
            while not waits_for_more(program.stdin, program.pid):
                os.sched_yield()
            program.send_signal(signal.SIGINT)
            assert program.wait(PATIENCE_S) == 130
            assert program.stderr.read() == ""
        finally:
            program.kill()


def fail_with(error: OSError, monkeypatch: pytest.MonkeyPatch) -> object:
    def fails() -> None:
        raise error

    monkeypatch.setattr(main, "main", fails)
    monkeypatch.setattr("os.dup2", lambda *_: None)
    with pytest.raises(SystemExit) as caught:
        entry.main()
    return caught.value.code


def test_pipe_that_broke_outside_of_a_command_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(BrokenPipeError(), monkeypatch) == 0
    assert capsys.readouterr().err == ""


def test_any_other_failure_of_the_output_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(OSError(errno.EIO, "Input/output error"), monkeypatch) == 1
    assert capsys.readouterr().err == "error: Input/output error\n"
