"""``python -m sottovoce.cli.reference`` prints the command reference, from the help texts.

The committed copy is docs/reference/cli.md; a test fails when the two differ.
"""

import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from sottovoce.cli.main import app
from sottovoce.cli.output import ExitCode

_WIDTH = 100
_HEADER = """# Command reference

Made from the help texts by `make docs`; do not edit by hand.

Results go to stdout, talk goes to stderr. An error is one line there, `error: …`, `--json` or not.
Exit codes: """


def reference() -> str:
    """Return the reference as Markdown."""
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    return _HEADER + codes + ".\n" + "".join(_sections())


def _sections() -> Iterator[str]:
    # Click's types are reached through Typer, which may carry its own copy of it.
    pending: list[tuple[str, Any, Any]] = [("sottovoce", typer.main.get_command(app), None)]
    while pending:
        path, command, parent = pending.pop(0)
        context = command.make_context(
            path.rpartition(" ")[2],
            [],
            parent=parent,
            resilient_parsing=True,
            terminal_width=_WIDTH,
            max_content_width=_WIDTH,
        )
        yield f"\n## `{path}`\n\n```text\n{command.get_help(context)}\n```\n"
        children = getattr(command, "commands", {})
        pending += [(f"{path} {name}", child, context) for name, child in children.items()]


def main() -> None:
    """Print the reference."""
    sys.stdout.write(reference())


if __name__ == "__main__":
    main()
