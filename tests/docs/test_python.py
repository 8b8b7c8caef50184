"""The programs of the documents run as they stand there, each in a process of its own."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from docs.snippets import GUIDES, README, blocks
from patience import run
from sottovoce.sdk.client import Client
from unit.sdk.line import PROMPT, enode_of

PROGRAMS = {
    f"{document.stem}-{number}": program
    for document in GUIDES
    for number, program in enumerate(blocks(document, "python"), 1)
}


def test_guides_have_programs() -> None:
    assert {name.rpartition("-")[0] for name in PROGRAMS} >= {"devnet", "sdk", "simulator"}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_of_a_guide_runs_to_its_end(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAMS[name]],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.slow
def test_bot_of_the_readme_answers(tmp_path: Path) -> None:
    [program] = blocks(README, "python")
    file = tmp_path / "bot.py"
    file.write_text(program, encoding="utf-8")

    async def main() -> str:
        async with Client(gossip=PROMPT) as person:
            lobby = person.channel("lobby")
            ear = await lobby.subscribe()
            bot = await asyncio.create_subprocess_exec(sys.executable, str(file), enode_of(person))
            # The bot listens some moments after it has connected; a person says it again, too.
            speaking = asyncio.ensure_future(_repeat(lobby.send_text))
            answer = await anext(ear)
            speaking.cancel()
            bot.kill()
            await bot.wait()
            return answer.text

    assert run(main()) == "You said: hello, bot"


async def _repeat(say: Callable[[str], Awaitable[object]]) -> None:
    silence = asyncio.Event()
    while True:
        await say("hello, bot")
        try:
            async with asyncio.timeout(0.1):
                await silence.wait()
        except TimeoutError:
            continue
