"""The conversation of the guide takes place, command by command, as it stands there."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from docs.snippets import ROOT, blocks
from sottovoce.cli import account_work, person
from sottovoce.cli.main import app
from sottovoce.identity.keystore_kdf import ScryptCost

GUIDE: Final = ROOT / "docs" / "guide" / "messaging.md"
COMMAND: Final = re.compile(r"(anna|bruno|phone)\$ \.venv/bin/sottovoce (.*)")
# What a reader copies from what was printed, and where it stands.
COPIED: Final = {
    "ENODE": re.compile(r"^(enode://\S+)$", re.MULTILINE),
    "LINK": re.compile(r"^link     (\S+)$", re.MULTILINE),
    "KEY": re.compile(r"^    (zQ3sh\w+)$", re.MULTILINE),
    "CODE": re.compile(r", code (\w{4}-\w{4})$", re.MULTILINE),
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
    def running(self, person: str, command: str) -> Iterator["subprocess.Popen[str]"]:
        """Let somebody start a command that stays, and wait for its first line."""
        self._go_home(person)
        words = [sys.executable, "-m", "sottovoce", *self._words(command)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                self.printed += process.stdout.readline()
                yield process
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


PHRASE: Final = re.compile(r"\d+ ([a-z]+)")


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(password))
    monkeypatch.setattr(account_work, "STANDARD", ScryptCost(n=2, r=1, p=1))
    monkeypatch.setattr(person, "LEAVING_S", 1.0)
    monkeypatch.chdir(tmp_path)
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


def write_down(printed: str) -> None:
    """Write the phrase on paper that a fresh account printed."""
    words = PHRASE.findall(printed.partition("recovery phrase:")[2])
    paper = Path("paper.txt")
    paper.touch(mode=0o600)
    paper.write_text(" ".join(words), encoding="utf-8")


@pytest.mark.slow
def test_conversation_of_the_guide_takes_place(play: Play) -> None:
    (first, create), (second, node), *rest = lines()
    play.type(first, create)
    assert node.startswith("node run")
    said: dict[str, str] = {}
    with ExitStack() as stack:
        waiting = stack.enter_context(play.running(second, node))
        for who, command in rest:
            if command.startswith("device pair --name"):  # It waits for the next command.
                waiting = stack.enter_context(play.running(who, command))
                continue
            if (who, command) == ("phone", "device pair CODE"):
                waiting.wait()
            said[f"{who} {command.partition(' -')[0]}"] = printed = play.type(who, command)
            if command == "account create Anna":
                write_down(printed)
    assert "acknowledged" in said['anna chat send Bruno "Ciao Bruno"']
    assert "Anna: Ciao Bruno  [forward secrecy]" in said["bruno chat read Anna"]
    assert "Bruno: Ciao Anna" in said["anna chat read Bruno"]
    assert "you: anybody here?" in said["anna chat list"]
    number = said["anna contact verify Bruno"].split()
    assert len(number) == 12
    assert "you are invited; to accept: sottovoce group join" in said["bruno group list"]
    assert said['anna chat send "Sunday walk" "Where to?"'].startswith("acknowledged by 1 of 1")
    assert "-- you joined the group" in said['bruno chat read "Sunday walk"']
    assert "Anna: Where to?  [forward secrecy]" in said['bruno chat read "Sunday walk"']
    assert said["anna group list"].startswith("Monday walk  (")
    assert "phone, desktop  [enabled]" in said["anna device list"]
    assert "enabled: " in said["phone device pair CODE"]
    assert "verified: Anna" in said["bruno contact verify Anna"]
