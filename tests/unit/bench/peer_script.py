"""A peer for the benchmarks' tests: a program that answers lines of JSON as it is told."""

import sys
from pathlib import Path


def write_peer(folder: Path, answer: str) -> Path:
    """Write a program that answers each request with the value of a Python expression.

    Args:
        folder: Where to put it.
        answer: The expression; `request` is the request.
    """
    program = folder / "peer"
    program.write_text(
        f"#!{sys.executable} -IS\n"
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        f"    print(json.dumps({answer}), flush=True)\n"
    )
    program.chmod(0o755)
    return program
