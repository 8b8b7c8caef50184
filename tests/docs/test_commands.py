"""Every command that a document shows exists, with its options; those of the README run."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from docs.snippets import GUIDES, README, ROOT, commands
from patience import PATIENCE_S
from sottovoce.cli.main import app
from sottovoce.runtime import loop

PROGRAM = ".venv/bin/sottovoce "
DOCUMENTED = {
    f"{document.stem}: {command}": command
    for document in (README, *GUIDES)
    for command in commands(document)
}


def verbs(start: str) -> list[object]:
    """Return the documented commands that start so, one test case each."""
    return [
        pytest.param(command.removeprefix(start), id=name)
        for name, command in DOCUMENTED.items()
        if command.startswith(start)
    ]


def test_every_documented_command_is_of_a_known_kind() -> None:
    kinds = ("make ", PROGRAM, ".venv/bin/python -m sottovoce.")
    assert [name for name, each in DOCUMENTED.items() if not each.startswith(kinds)] == []


@pytest.mark.parametrize("target", verbs("make "))
def test_documented_target_is_in_the_makefile(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(target.split()[0])}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("arguments", verbs(PROGRAM))
def test_documented_options_are_understood(arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(work: Coroutine[None, None, None]) -> None:
        work.close()

    monkeypatch.setattr(loop, "run", run)
    result = CliRunner().invoke(app, shlex.split(arguments, comments=True))
    assert (result.exit_code, result.output) == (0, "")


# ---- the three commands of the README, for real


@contextmanager
def shell(command: str, enode: str) -> Iterator[subprocess.Popen[str]]:
    """Type a command of the README, with the installed program and a real enode."""
    words = [sys.executable, "-m", "sottovoce", *shlex.split(command.removeprefix(PROGRAM))]
    words = [enode if word == "ENODE" else word for word in words]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def readme_command(verb: str) -> str:
    [found] = [each for each in commands(README) if each.startswith(PROGRAM + verb)]
    return found


def line_of(process: subprocess.Popen[str], *, error: bool = False) -> str:
    stream = process.stderr if error else process.stdout
    assert stream is not None
    return stream.readline().strip()


@pytest.mark.slow
def test_relay_listener_and_speaker_of_the_readme_meet() -> None:
    with shell(readme_command("node run"), "") as relay:
        enode = line_of(relay)
        assert enode.startswith("enode://")
        with shell(readme_command("listen"), enode) as listener:
            assert line_of(listener, error=True) == "listening in lobby; stop with Ctrl-C"
            with shell(readme_command("send"), enode) as speaker:
                assert line_of(speaker).startswith("sent to 1 peer(s)")
                assert speaker.wait(PATIENCE_S) == 0
            assert line_of(listener).endswith(": hello from the shell")
            listener.send_signal(signal.SIGINT)
            assert listener.wait(PATIENCE_S) == 130
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(PATIENCE_S) == 0
