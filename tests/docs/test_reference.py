"""The command reference is what the help texts say today."""

from docs.snippets import ROOT
from sottovoce.cli.reference import reference


def test_command_reference_equals_the_help_texts() -> None:
    written = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert written == reference(), "run: make docs"
