"""The programs of the page on identity run, and say what their comments say."""

import contextlib
import io

import pytest

from docs.snippets import ROOT, blocks

PAGE = ROOT / "docs" / "reference" / "identity.md"
PROGRAMS = blocks(PAGE, "python")


def test_page_has_programs() -> None:
    assert len(PROGRAMS) == 3


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_program_of_the_page_runs(program: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, {})
    said = printed.getvalue().splitlines()
    assert said
    comments = [line.partition("  # ")[2] for line in program.splitlines() if "  # " in line]
    assert set(comments) <= set(said)
