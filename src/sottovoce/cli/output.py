"""How the command line speaks: results on stdout, talk on stderr, one way to end with a code.

With ``--json`` every result is one JSON object on a line of its own. Text from the network is
cleaned before it reaches a terminal.
"""

import functools
import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import ParamSpec, TextIO

import typer

from sottovoce.base.errors import LocalProtocolError, SottovoceError, StoreFileError

P = ParamSpec("P")

# Unicode's categories of control, format, surrogate, private and unassigned characters, and of
# line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_TYPED_CHARS_SHOWN = 40
_EMOJI_JOINER = "\N{ZERO WIDTH JOINER}"


class ExitCode(IntEnum):
    """What a command's exit status means."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NETWORK = 3
    UNTRUSTED = 4
    LOCKED = 5
    NOT_DELIVERED = 6
    INTERRUPTED = 130


class CommandError(SottovoceError):
    """Ends a command with one sentence and a code."""

    def __init__(self, sentence: str, code: ExitCode) -> None:
        super().__init__(sentence)
        self.code = code


class Output:
    """Where a command's results go."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # What strangers write need not exist in the terminal's character set.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")

    def result(self, human: str, **fields: object) -> None:
        """Print one result: as a line for people, or its fields as a JSON object."""
        _write(sys.stdout, json.dumps(fields) if self.as_json else human)

    def talk(self, human: str) -> None:
        """Say something that is not a result."""
        _write(sys.stderr, human)


def _write(stream: TextIO | None, line: str) -> None:
    # A stream that the caller closed before we started is None: nobody wants to read it.
    if stream is not None:
        stream.write(line + "\n")
        stream.flush()


def is_coloured(stream: TextIO | None) -> bool:
    """Tell whether colours may be written: to a terminal, unless its owner wants none.

    Spec: https://no-color.org; the terminal `dumb` of terminfo.
    """
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def printable(text: str) -> str:
    """Make text of strangers harmless on a terminal: one line, and nothing that steers or hides.

    Line ends become a visible mark; control, direction-turning, private and unassigned characters
    become the replacement character. The joiner that emoji are made with stays.
    """
    return "".join(
        letter
        if letter == _EMOJI_JOINER or unicodedata.category(letter) not in _UNPRINTABLE
        else "\N{REPLACEMENT CHARACTER}"
        for letter in text.replace("\r\n", "\n").replace("\n", " \N{RETURN SYMBOL} ")
    )


def shortened(text: str) -> str:
    """Cut what somebody typed, so that the sentence about it stays one."""
    is_long = len(text) > _TYPED_CHARS_SHOWN
    return f"{text[:_TYPED_CHARS_SHOWN]}\N{HORIZONTAL ELLIPSIS}" if is_long else text


def command(work: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Turn a coroutine function into a command whose errors are sentences and exit codes."""

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        # Here, because `--version` and `--help` need it as little.
        from sottovoce.runtime.loop import run as run_to_end

        with errors_as_sentences():
            run_to_end(work(*args, **kwargs))

    return run


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Turn errors into one sentence on stderr and an exit code.

    Raises:
        Exit: Something went wrong; it carries the code.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); there is nobody to tell, and Python must
        # not try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.OK) from None
    except OSError as error:
        complain(f"{error.strerror or error}")
        _drop_what_cannot_be_written()
        raise typer.Exit(ExitCode.UNEXPECTED) from None
    except SottovoceError as error:
        complain(str(error))
        raise typer.Exit(exit_code_of(error)) from None


def complain(sentence: str) -> None:
    """Say on stderr what went wrong, for programs as for people."""
    with suppress(OSError):
        _write(sys.stderr, f"error: {sentence}")


def _drop_what_cannot_be_written() -> None:
    """Let go of what a full disk did not take: Python would try it again in the end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code_of(error: SottovoceError) -> ExitCode:
    """Return the exit code that fits an error."""
    # Imported here: `--version` and `--help` need none of it.
    from sottovoce.adapters.node_key_file import DataDirectoryError
    from sottovoce.app.accounts import WrongPasswordError
    from sottovoce.runtime.tcp import ListenError
    from sottovoce.sdk.errors import (
        ConnectError,
        ControlError,
        NotDeliveredError,
        NotSentError,
        PostError,
        RefusedError,
        StoreRefusedError,
        UnknownNameError,
    )

    wrong_input = (
        LocalProtocolError,
        DataDirectoryError,
        StoreFileError,
        RefusedError,
        UnknownNameError,
    )
    match error:
        case CommandError():
            return error.code
        case ConnectError() | ListenError() | ControlError():
            return ExitCode.NETWORK
        case NotSentError() | NotDeliveredError() | PostError():
            return ExitCode.NOT_DELIVERED
        case WrongPasswordError():
            return ExitCode.LOCKED
        case _ if isinstance(error, wrong_input) and not isinstance(error, StoreRefusedError):
            return ExitCode.USAGE
        case _:
            return ExitCode.UNEXPECTED
