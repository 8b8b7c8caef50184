"""The code blocks of the documents that people copy from."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
README: Final = ROOT / "README.md"
GUIDES: Final = sorted((ROOT / "docs" / "guide").glob("*.md"))

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[str]:
    """Return the blocks of one language, in order."""
    found = _BLOCK.findall(document.read_text(encoding="utf-8"))
    return [body for name, body in found if name == language]


def commands(document: Path) -> list[str]:
    """Return what a reader types at a prompt, without the prompt."""
    lines = [line for block in blocks(document, "console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
