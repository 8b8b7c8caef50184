"""The guide to mailservers: its commands work as they stand there, against a server that runs."""

import configparser
import re
import shlex
from collections.abc import Coroutine
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from docs.snippets import ROOT, blocks
from docs.test_messaging import Play
from sottovoce.cli import account_work
from sottovoce.cli.main import app
from sottovoce.cli.output import ExitCode
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.mail import settings
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.runtime import loop
from sottovoce.sdk.probe import Step

GUIDE: Final = ROOT / "docs" / "guide" / "mailservers.md"
TEXT: Final = GUIDE.read_text(encoding="utf-8")
# Words that a line break of the source divides are still the same words.
FLAT: Final = " ".join(TEXT.split())
COMMAND: Final = re.compile(r"^anna\$ \.venv/bin/sottovoce (.*)$", re.MULTILINE)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("correct horse\n")
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(password))
    monkeypatch.delenv("SOTTOVOCE_MAIL__ARCHIVE", raising=False)
    monkeypatch.setattr(account_work, "STANDARD", ScryptCost(n=2, r=1, p=1))
    return Play(tmp_path, monkeypatch)


@pytest.mark.slow
def test_person_of_the_guide_uses_a_mailserver(play: Play) -> None:
    # What runs until it is stopped has its own test.
    commands = [command for command in COMMAND.findall(TEXT) if "--every" not in command]
    assert {command.split()[1] for command in commands} == {"add", "probe", "fetch", "status"}
    play.type("anna", "account create Anna")
    with play.running("operator", "mail serve --listen 127.0.0.1:0"):
        said = {command: play.type("anna", command) for command in commands}
    assert said["mail add ENODE"].startswith("added ")
    assert said["mail probe ENODE"].splitlines()[-1].startswith("answer     ok: ")
    assert said["mail fetch"].splitlines()[-1].startswith("complete: ")
    assert "127.0.0.1" in said["mail status"]


def test_every_step_of_a_probe_is_explained() -> None:
    section = TEXT.partition("\n## When it does not work\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^|`]*)` *\|", section, re.MULTILINE)
    assert rows == [step.value for step in Step]


@pytest.mark.parametrize(
    "words",
    [
        f"`{DEFAULT_PASSWORD}`",
        f"asked of up to {('no', 'one', 'two', 'three')[settings.WITNESSES]}",
        f"{settings.REQUESTS_PER_HOUR:,} requests",
        f"{settings.BUFFER_BYTES_MAX // 1024**2} MB of it",
    ],
)
def test_numbers_are_those_of_the_program(words: str) -> None:
    assert words in FLAT


def test_unit_file_starts_a_mailserver(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(work: Coroutine[None, None, None]) -> None:
        work.close()

    [text] = blocks(GUIDE, "ini")
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(text)
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/sottovoce")
    assert unit["Service"]["RestartPreventExitStatus"] == str(int(ExitCode.USAGE))
    monkeypatch.setattr(loop, "run", run)
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.output) == (0, "")
