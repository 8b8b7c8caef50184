"""The peer of row 12 as this side sees it: a program that speaks lines of JSON."""

import os
from pathlib import Path

import pytest

from bench import conversations
from bench.errors import BenchmarkError
from bench.messenger_peer import MessengerPeer, _one
from patience import run

# It answers what it is asked, and hears every text from somebody else as soon as it is said.
_SCRIPT = """#!/usr/bin/env python3
import json, sys
def tell(**what):
    print(json.dumps(what), flush=True)
tell(event="ready", public_key="0x04", enode="enode://")
for line in sys.stdin:
    asked = json.loads(line)
    if asked["cmd"] == "send":
        tell(event="message", **{"from": "0x05"}, text=asked["text"])
        tell(event="message", **{"from": "0x04"}, text="an echo")
    ok = asked["cmd"] != "fail"
    tell(event="reply", id=asked["id"], ok=ok, error="no reason", result={} if ok else None)
"""


def test_message_counts_when_the_other_side_has_it(tmp_path: Path) -> None:
    async def main(program: Path) -> None:
        async with _one(program, tmp_path / "db") as peer:
            await conversations.one_by_one((peer, peer), 3)
            assert (peer.heard, peer.acknowledged) == (3, 3)
            assert peer.cpu_s >= 0

    run(main(_program(tmp_path, _SCRIPT)))


def test_command_that_is_refused_is_an_error(tmp_path: Path) -> None:
    async def ask(peer: MessengerPeer) -> None:
        with pytest.raises(BenchmarkError, match="refuses fail: no reason"):
            await peer.ask("fail")

    async def main(program: Path) -> None:
        async with _one(program, tmp_path / "db") as peer:
            await ask(peer)

    run(main(_program(tmp_path, _SCRIPT)))


def test_program_that_ends_at_once_is_an_error(tmp_path: Path) -> None:
    async def main(program: Path) -> None:
        with pytest.raises(BenchmarkError, match="does not start"):
            async with _one(program, tmp_path / "db"):
                pass

    run(main(_program(tmp_path, "#!/bin/sh\n")))


def _program(folder: Path, text: str) -> Path:
    path = folder / "peer"
    path.write_text(text, encoding="utf-8")
    os.chmod(path, 0o700)
    return path
