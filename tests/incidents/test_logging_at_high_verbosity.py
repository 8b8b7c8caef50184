"""Go nodes crashed, and told secrets, only when their log was at its most verbose.

GHSA-wjxw-gh3m-7pm5, CVE-2022-29177. Here a conversation, a search for work and a flood of hostile
bytes run with every logger at its lowest level and the event loop telling every single step; no
log line fails to be made, and none of them holds a secret.
"""

import asyncio
import base64
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

import pytest

from patience import until
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.node import inputs
from sottovoce.node.effects import Compute, WriteBytes
from sottovoce.node.node import Node
from sottovoce.sdk.client import Client
from unit.sdk.line import PROMPT, TOPIC, enode_of

TEXT: Final = "canary text: meet me at noon"
NAME: Final = "canary-channel"
PASSWORD: Final = "canary password"
IDENTITY: Final = PrivateKey(b"canary identity of 32 bytes long")
NODE_KEY: Final = PrivateKey(b"canary node key of 32 bytes long")
SHARED: Final = SymmetricKey(b"canary shared key of 32 bytes!!!")
HOSTILE: Final = b"canary bytes of a stranger"
SECRETS: Final = (
    *(text.encode() for text in (TEXT, NAME, PASSWORD)),
    *(key.raw for key in (IDENTITY, NODE_KEY, SHARED)),
    HOSTILE,
)


def spellings(secret: bytes) -> set[str]:
    """Return the forms in which a secret may slip into a text."""
    # The start of each form is enough: who prints half a secret prints too much.
    part = secret[:12]
    forms = {part.decode(), part.hex(), part.hex().upper(), repr(part)[2:-1]}
    return forms | {base64.b64encode(part).decode(), str(list(part))[1:-1]}


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    text = caplog.text.casefold()
    assert text
    for secret in SECRETS:
        for form in spellings(secret):
            assert form.casefold() not in text


def run_verbosely(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run with an event loop that logs every step it makes, with its arguments."""

    async def main() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.0
        async with asyncio.timeout(20):
            await work()

    with asyncio.Runner(debug=True) as runner:
        runner.run(main())


async def talk() -> None:
    async with (
        Client(gossip=PROMPT, identity=IDENTITY, node_key=NODE_KEY) as anna,
        Client(gossip=PROMPT) as relay,
        Client(gossip=PROMPT) as bruno,
    ):
        await anna.connect(enode_of(relay))
        await bruno.connect(enode_of(relay))
        ear = await bruno.channel(NAME).subscribe()
        await anna.channel(NAME).send_text(TEXT)
        assert (await anext(ear)).text == TEXT
        key = await anna.whisper.symmetric_key_from_password(PASSWORD)
        for shared in (key, SHARED):
            inbox = await bruno.whisper.subscribe(symmetric_key=shared, topics=[TOPIC])
            await anna.whisper.post(
                TEXT.encode(),
                topic_bytes=TOPIC,
                symmetric_key=shared,
                sign_with=IDENTITY,
                pow_target=0.2,
                work_time_s=20,
            )
            assert (await anext(inbox)).payload == TEXT.encode()


async def attack() -> None:
    async with Client(gossip=PROMPT, node_key=NODE_KEY) as victim:
        port = int(enode_of(victim).rpartition(":")[2])
        for seed, size_bytes in enumerate((0, 1, 2, 100, 307, 5000)):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HOSTILE + random.Random(seed).randbytes(size_bytes))
            await writer.drain()
            writer.transport.abort()
        await until(lambda: not victim.statistics().streams)
        assert victim.statistics().failed_inputs == 0


@pytest.mark.parametrize("work", [talk, attack], ids=["conversation", "hostile bytes"])
def test_logging_at_high_verbosity_neither_fails_nor_tells_a_secret(
    work: Callable[[], Coroutine[Any, Any, None]], caplog: pytest.LogCaptureFixture
) -> None:
    # The handler of pytest raises what a log line raises while it is made.
    with caplog.at_level(logging.DEBUG):
        run_verbosely(work)
    check_log(caplog)


def test_logging_of_inputs_and_effects_tells_no_contents() -> None:
    route = EnvelopeRoute(Topic(TOPIC), SHARED, IDENTITY)
    values = (
        inputs.StreamBytes(1, HOSTILE),
        inputs.PostMessage(1, route, TEXT.encode(), 50, 0.2, 5.0),
        WriteBytes(1, HOSTILE),
        Compute(1, HOSTILE, 9, 5.0),
    )
    text = " ".join(f"{value!r} {value}" for value in values)
    for secret in SECRETS:
        for form in spellings(secret):
            assert form not in text


def test_logging_of_a_bug_tells_no_contents_of_the_input(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_node: Node, event: inputs.Input, *_: object) -> None:
        match event:
            case inputs.StreamBytes():
                raise RuntimeError("a bug of ours")
            case _:
                pass

    monkeypatch.setattr(Node, "_dispatch", broken)

    async def main() -> None:
        async with Client(gossip=PROMPT) as victim:
            port = int(enode_of(victim).rpartition(":")[2])
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HOSTILE)
            await until(lambda: victim.statistics().failed_inputs)
            writer.transport.abort()

    with caplog.at_level(logging.DEBUG):
        run_verbosely(main)
    assert "an input of kind StreamBytes was set aside" in caplog.text
    check_log(caplog)
