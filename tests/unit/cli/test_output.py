import asyncio
import errno
import io
import json
import sys
from pathlib import Path

import pytest
import typer
from typing_extensions import override

from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.app.accounts import WrongPasswordError
from sottovoce.base.errors import (
    LocalProtocolError,
    RemoteProtocolError,
    SottovoceError,
    StorageError,
    StoreFileError,
)
from sottovoce.cli.output import (
    CommandError,
    ExitCode,
    Output,
    command,
    errors_as_sentences,
    exit_code_of,
    is_coloured,
    printable,
)
from sottovoce.runtime.tcp import ListenError
from sottovoce.sdk.errors import (
    ClientClosedError,
    ConnectError,
    ControlError,
    NotDeliveredError,
    NotSentError,
    PostError,
    RefusedError,
    StoreRefusedError,
    UnknownNameError,
)

REPLACED = "\N{REPLACEMENT CHARACTER}"
RETURN = "\N{RETURN SYMBOL}"

# ---- text of strangers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ciao, come va?", "Ciao, come va?"),
        ("caff\u00e8 \u65e5\u672c \U0001f910", "caff\u00e8 \u65e5\u672c \U0001f910"),
        ("\x1b[31mred\x1b[0m", f"{REPLACED}[31mred{REPLACED}[0m"),
        ("\x9b31m\x07\x00\x7f", f"{REPLACED}31m{REPLACED}{REPLACED}{REPLACED}"),
        ("over\rwritten", f"over{REPLACED}written"),
        ("tab\there", f"tab{REPLACED}here"),
        ("\u202egnp.exe", f"{REPLACED}gnp.exe"),
        ("\u2066a\u2069\u200b\ufeff", f"{REPLACED}a{REPLACED}{REPLACED}{REPLACED}"),
        ("one\ntwo\r\nthree", f"one {RETURN} two {RETURN} three"),
        ("\u2028\u2029\u0085", REPLACED * 3),
        ("\ud800", REPLACED),
        ("\ue000\U0010ffff", REPLACED * 2),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("", ""),
    ],
)
def test_text_of_strangers_can_neither_steer_nor_hide(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_any_character_stays_on_its_line_and_can_be_written() -> None:
    text = "".join(map(chr, range(0, 0x110000, 7)))
    shown = printable(text)
    assert len(shown.splitlines()) == 1
    shown.encode()


# ---- results and talk


def test_results_go_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.result("a line", event="thing")
    output.talk("by the way")
    assert capsys.readouterr() == ("a line\n", "by the way\n")


def test_json_result_is_one_object_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).result("a line", event="thing", text="two\nlines \N{ZIPPER-MOUTH FACE}")
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"event": "thing", "text": "two\nlines \N{ZIPPER-MOUTH FACE}"}


def test_json_is_ascii_whatever_the_terminal_can_show(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).result("", text="caff\u00e8 \u202e\u2028")
    assert capsys.readouterr().out == '{"text": "caff\\u00e8 \\u202e\\u2028"}\n'


def test_streams_that_the_caller_closed_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output = Output(as_json=False)
    output.result("a line")
    output.talk("by the way")
    assert code_of(ConnectError("x")) == 3


def test_text_that_the_terminal_cannot_show_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    Output(as_json=False).result("caff\u00e8 \U0001f910")
    assert raw.getvalue() == b"caff\xe8 \\U0001f910\n"


# ---- how a command ends


def code_of(error: BaseException | None) -> int:
    """Run a command that ends with this error; return its exit code."""

    async def work() -> None:
        if error is not None:
            raise error

    try:
        command(work)()
    except typer.Exit as end:
        return end.exit_code
    return 0


def test_command_that_works_ends_with_zero() -> None:
    assert code_of(None) == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("x", ExitCode.NOT_DELIVERED), 6),
        (CommandError("x", ExitCode.USAGE), 2),
        (ConnectError("x"), 3),
        (ListenError("x"), 3),
        (NotSentError("x"), 6),
        (PostError("x"), 6),
        (LocalProtocolError("x"), 2),
        (DataDirectoryError("x"), 2),
        (RemoteProtocolError("x"), 1),
        (ClientClosedError("x"), 1),
        (StorageError("x"), 1),
        (ControlError("x"), 3),
        (CommandError("x", ExitCode.UNTRUSTED), 4),
        (WrongPasswordError("x"), 5),
        (NotDeliveredError("x"), 6),
        (RefusedError("x"), 2),
        (StoreRefusedError("x"), 1),
        (StoreFileError("x"), 2),
        (UnknownNameError("x"), 2),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert code_of(error) == code


def test_error_is_said_in_one_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(ConnectError("nobody is there"))
    assert capsys.readouterr() == ("", "error: nobody is there\n")


def test_error_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        code_of(ZeroDivisionError())


def test_reader_that_has_gone_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What it wrote is turned away from the stream, so the test's own must not be the one.
    with (tmp_path / "stdout").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert code_of(BrokenPipeError()) == 0
        stream.write("more")
    assert (tmp_path / "stdout").read_text() == capsys.readouterr().err == ""


def test_disk_that_is_full_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(OSError(errno.ENOSPC, "No space left on device")) == 1
    assert capsys.readouterr() == ("", "error: No space left on device\n")


def test_complaint_that_cannot_be_written_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        @override
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    assert code_of(ConnectError("x")) == 3


def test_errors_outside_of_a_loop_are_sentences_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, errors_as_sentences():
        raise CommandError("no such thing", ExitCode.USAGE)
    assert caught.value.exit_code == 2
    assert capsys.readouterr().err == "error: no such thing\n"


def test_arguments_reach_the_work() -> None:
    seen: list[object] = []

    async def work(first: int, *, second: str) -> None:
        await asyncio.get_running_loop().run_in_executor(None, seen.append, (first, second))

    command(work)(1, second="two")
    assert seen == [(1, "two")]


def test_codes_are_those_of_the_documentation() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6, 130]
    assert exit_code_of(SottovoceError("x")) is ExitCode.UNEXPECTED


# ---- colours


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_terminal_gets_colours_unless_somebody_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert is_coloured(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_coloured(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_coloured(Terminal())


def test_file_and_closed_stream_get_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert not is_coloured(io.StringIO())
    assert not is_coloured(None)
