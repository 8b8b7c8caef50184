"""A process that is killed while it says things: what it said yes to is there when it comes back.

A wish is answered when it is on the disk, so `kill -9` at any moment loses nothing that was
answered, doubles nothing, and leaves nothing to repair.
"""

import asyncio
import itertools
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from patience import run, turns, until
from sottovoce.app.accounts import create_account
from sottovoce.base.errors import SottovoceError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import MessageState
from sottovoce.cli.demo_line import relay_line
from sottovoce.cli.demo_person import PersonProcess
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.messenger import Messenger
from unit.cli.demo_stage import CHEAP, PASSWORD
from unit.sdk.line import PROMPT

KILLS: Final = 3
ANSWERS_MAX: Final = 40
# The next wish is anywhere on its way by then: it takes some hundred turns of the loop.
TURNS_MAX: Final = 300
HISTORY: Final = 10_000


async def say_until_killed(
    data_dir: Path, process: PersonProcess, life: int, whom: PublicKey
) -> set[str]:
    """Say one thing after the other, and be killed meanwhile; returns what was answered."""
    answered: set[str] = set()
    moment = random.Random(life)

    async def say(anna: ControlClient) -> None:
        for number in itertools.count():
            await anna.send(whom, f"{life} {number}")
            answered.add(f"{life} {number}")

    async with ControlClient(data_dir) as anna:
        saying = asyncio.ensure_future(say(anna))
        enough = moment.randrange(1, ANSWERS_MAX)
        await until(lambda: len(answered) >= enough)
        await turns(moment.randrange(TURNS_MAX))
        await process.kill()
        with suppress(SottovoceError):
            await saying
    return answered


@pytest.mark.slow
def test_person_killed_while_saying_things_loses_and_doubles_nothing(tmp_path: Path) -> None:
    create_account(tmp_path, "Anna", PASSWORD, cost=CHEAP)

    async def main() -> None:
        answered: set[str] = set()
        async with (
            relay_line(1, PROMPT) as line,
            Messenger.in_memory(peers=[line.ends[1]]) as bruno,
        ):
            process = PersonProcess("Anna", tmp_path, PASSWORD, line.ends[0])
            whom = bruno.public_key
            for life in range(KILLS):
                await process.start()
                async with ControlClient(tmp_path) as anna:
                    await anna.add_contact(whom)
                    await bruno.add_contact(anna.public_key)
                answered |= await say_until_killed(tmp_path, process, life, whom)
            await process.start()
            async with ControlClient(tmp_path) as anna:
                last = await anna.send(whom, "alive")
                await anna.wait_for_state(last, MessageState.ACKNOWLEDGED, timeout_s=10)
                said = Counter(each.text for each in await anna.history(whom, limit=HISTORY))
                heard = Counter(
                    each.text for each in await bruno.history(anna.public_key, limit=HISTORY)
                )
            await process.stop()
        assert answered <= set(said)
        assert len(said) <= len(answered) + KILLS + 1  # one of each life may lack its answer
        assert set(heard) <= set(said)
        assert set(said.values()) | set(heard.values()) == {1}

    run(main())
