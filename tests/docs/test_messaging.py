"""The conversation of the guide takes place, command by command, as it stands there."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from docs.snippets import ROOT, blocks
from sottovoce.cli import account_work
from sottovoce.cli.main import app
from sottovoce.identity.keystore_kdf import ScryptCost

GUIDE: Final = ROOT / "docs" / "guide" / "messaging.md"
COMMAND: Final = re.compile(r"(anna|bruno)\$ \.venv/bin/sottovoce (.*)")
# What a reader copies from what was printed, and where it stands.
COPIED: Final = {
    "ENODE": re.compile(r"^(enode://\S+)$", re.MULTILINE),
    "LINK": re.compile(r"^link     (\S+)$", re.MULTILINE),
    "KEY": re.compile(r"^    (zQ3sh\w+)$", re.MULTILINE),
    "MESSAGE": re.compile(r"  ([0-9a-f]{8})  Anna: "),
}


class Play:
    """Anna and Bruno, each with a home of their own."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        self._place = place
        self._patch = patch
        self.printed = ""

    def type(self, person: str, command: str) -> str:
        """Let somebody type a command; return what it printed."""
        self._go_home(person)
        done = CliRunner().invoke(app, self._words(command))
        assert (done.exit_code, person, command) == (0, person, command), done.output
        self.printed += done.stdout
        return done.stdout

    @contextmanager
    def running(self, person: str, command: str) -> Iterator[None]:
        """Let somebody start a command that stays, and wait for its first line."""
        self._go_home(person)
        words = [sys.executable, "-m", "sottovoce", *self._words(command)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                self.printed += process.stdout.readline()
                yield
            finally:
                process.terminate()
                process.communicate()

    def _words(self, command: str) -> list[str]:
        return [self._copied(word) for word in shlex.split(command)]

    def _copied(self, word: str) -> str:
        if word not in COPIED:
            return word
        found = COPIED[word].findall(self.printed)
        assert found, f"nothing was printed that {word} can be copied from"
        return str(found[-1])

    def _go_home(self, person: str) -> None:
        self._patch.setenv("XDG_DATA_HOME", str(self._place / person))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(password))
    monkeypatch.setattr(account_work, "STANDARD", ScryptCost(n=2, r=1, p=1))
    return Play(tmp_path, monkeypatch)


def lines() -> list[tuple[str, str]]:
    """Return who types what, in order."""
    found = [
        COMMAND.fullmatch(line)
        for each in blocks(GUIDE, "console")
        for line in each.split("\n")
        if line
    ]
    assert all(found)
    return [(match[1], match[2]) for match in found if match is not None]


@pytest.mark.slow
def test_conversation_of_the_guide_takes_place(play: Play) -> None:
    (first, create), (second, node), *rest = lines()
    play.type(first, create)
    assert node.startswith("node run")
    said: dict[str, str] = {}
    with play.running(second, node):
        for person, command in rest:
            said[f"{person} {command.partition(' -')[0]}"] = play.type(person, command)
    assert "acknowledged" in said['anna chat send Bruno "Ciao Bruno"']
    assert "Anna: Ciao Bruno  [forward secrecy]" in said["bruno chat read Anna"]
    assert "Bruno: Ciao Anna" in said["anna chat read Bruno"]
    assert "you: anybody here?" in said["anna chat list"]
    number = said["anna contact verify Bruno"].split()
    assert len(number) == 12
    assert "verified: Anna" in said["bruno contact verify Anna"]
