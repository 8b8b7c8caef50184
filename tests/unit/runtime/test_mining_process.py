import io
import subprocess
import sys

import pytest

from sottovoce.gossip.proof_of_work import search
from sottovoce.runtime import mining_process

PREFIX = b"an envelope without its nonce"


def answers(monkeypatch: pytest.MonkeyPatch, *requests: str) -> str:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(line + "\n" for line in requests)))
    monkeypatch.setattr(sys, "stdout", output)
    mining_process.main()
    return output.getvalue()


def test_each_request_gets_one_line_with_the_lowest_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    found = search(PREFIX, 8, 0, 10_000)
    assert found is not None
    later = search(PREFIX, 8, found + 1, 10_000)
    said = answers(monkeypatch, f"0 10000 8 {PREFIX.hex()}", f"{found + 1} 10000 8 {PREFIX.hex()}")
    assert said == f"{found}\n{later}\n"


def test_range_without_a_nonce_is_answered_with_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch, f"0 10 200 {PREFIX.hex()}") == "-\n"


def test_process_ends_with_its_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", mining_process.__name__],
        input=f"0 10000 4 {PREFIX.hex()}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{search(PREFIX, 4, 0, 10_000)}\n"
    assert done.stderr == ""
