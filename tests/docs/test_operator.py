"""The operator's guide names what the program really does."""

import configparser
import re
import shlex
from collections.abc import Coroutine

import pytest
from typer.testing import CliRunner

from docs.snippets import ROOT, blocks
from sottovoce.cli.main import app
from sottovoce.cli.output import ExitCode
from sottovoce.gossip.events import Drop, Excess, Failure
from sottovoce.node.settings import INBOUND_THROTTLE_S, PEERS_MAX, PENDING_INBOUND_MAX
from sottovoce.runtime import loop
from sottovoce.sdk.messages import Statistics
from sottovoce.sdk.probe import PEER_STEPS

GUIDE = ROOT / "docs" / "guide" / "operator.md"
TEXT = GUIDE.read_text(encoding="utf-8")
# Words that a line break of the source divides are still the same words.
FLAT = " ".join(TEXT.split())


def first_column(heading: str) -> list[str]:
    """Return the first cells of the table below a heading."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| *([^|]*?) *\|", section, re.MULTILINE)
    return [row.strip("`") for row in rows[2:]]


def test_every_step_of_a_check_is_explained() -> None:
    assert first_column("Check a peer") == [step.value for step in PEER_STEPS]


def test_every_exit_code_is_explained() -> None:
    assert [int(code) for code in first_column("Exit codes")] == list(ExitCode)


def test_every_reason_that_is_counted_is_named() -> None:
    assert [each.value for each in (*Drop, *Excess, *Failure) if each.value not in FLAT] == []


def test_every_group_of_counters_is_explained() -> None:
    names = set(Statistics.__dataclass_fields__)
    assert set(first_column("What is counted")) <= names


@pytest.mark.parametrize(
    "words",
    [
        f"{PEERS_MAX}; saved",
        f"{PENDING_INBOUND_MAX}; the oldest makes room",
        f"one in {INBOUND_THROTTLE_S:g} seconds",
    ],
)
def test_limits_are_those_of_the_program(words: str) -> None:
    assert words in FLAT


def test_unit_file_starts_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
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
