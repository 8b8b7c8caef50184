"""Somebody who writes to the person at a node under test, so and so often a second.

Arguments: the node's enode and the rate. The two know each other's keys from here. It answers each
line on standard input with how many of its messages were acknowledged, once the first one was.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bench.people import PROMPT, Person, messenger
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.runtime.loop import run
from sottovoce.sdk.client import Client

_TALKER: Final = PrivateKey(b"\x61" * 32)
_PERSON: Final = PrivateKey(b"\x62" * 32)


@asynccontextmanager
async def person_on(client: Client, *, is_durable: bool) -> AsyncIterator[None]:
    """Have the person at a running node, with a database on the disk or in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "person") if is_durable else None
        async with messenger(path, client, identity=_PERSON, owned=False) as person:
            await person.add_contact(secp256k1.public_key(_TALKER))
            yield


async def _main(enode: str, rate: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        client = Client(listen=None, gossip=PROMPT, peers=[enode])
        async with messenger(Path(folder, "talker"), client, identity=_TALKER) as me:
            await _talk(Person(me, secp256k1.public_key(_PERSON)), rate)


async def _talk(talker: Person, rate: float) -> None:
    following = asyncio.ensure_future(talker.follow(await talker.messenger.events()))
    await talker.messenger.add_contact(talker.other)
    await talker.say()
    await talker.until(acknowledged=1)
    talking = asyncio.ensure_future(_keep_talking(talker, rate))
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        sys.stdout.write(json.dumps({"acknowledged": talker.acknowledged}) + "\n")
        sys.stdout.flush()
    for task in (talking, following):
        task.cancel()
    await asyncio.gather(talking, following, return_exceptions=True)


async def _keep_talking(talker: Person, rate: float) -> None:
    while True:
        await talker.say()
        await asyncio.sleep(1 / rate)


if __name__ == "__main__":
    run(_main(sys.argv[1], float(sys.argv[2])))
