"""Our node as it is measured: a process with filters, topics, limits and statistics switched on.

Its one argument is a JSON object: ``port``, ``node_key``, ``before`` (an enode to connect to, or
null), ``minimum_pow``, ``peers_max`` and, where they differ from the node's own defaults,
``pool_bytes_max``, ``filter_count``, ``listener_count`` (how many of the filters listen to the
first topic of the traffic, each with a key of its own), ``has_person`` (whether a person lives
there, the one to whom `bench.talker` writes), ``is_durable`` (whether that person's database is on
the disk), and for a mailserver ``archive`` (a file or a PostgreSQL URL), ``archives`` (whether it
has one that is gone afterwards), ``archive_halted_s`` (for how long its archive stands still) and
``archive_buffer`` (how many envelopes wait for it). It answers each line on standard input
with its counters, once the filters are installed.
"""

import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.mail_under_test import archive, mail_settings
from bench.talker import person_on
from bench.traffic import topics
from sottovoce.app.application import ApplicationSettings
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import POOL_BYTES_MAX, GossipSettings
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.loop import run
from sottovoce.sdk.client import Client

# A person who follows a hundred chats; the traffic's first topic is one of theirs.
_FILTER_COUNT: Final = 100


async def _main(chosen: dict[str, Any], folder: Path) -> None:
    settings = ApplicationSettings(
        listen=("127.0.0.1", chosen["port"]),
        node_key=secp256k1.private_key(bytes.fromhex(chosen["node_key"])),
        node=NodeSettings(peers_max=chosen["peers_max"]),
        gossip=GossipSettings(
            minimum_pow=chosen["minimum_pow"],
            pool_bytes_max=chosen.get("pool_bytes_max", POOL_BYTES_MAX),
        ),
        mail=mail_settings(chosen),
        archive=archive(chosen, folder),
    )
    peers = [] if chosen["before"] is None else [chosen["before"]]
    async with Client(settings=settings, peers=peers) as client, AsyncExitStack() as stack:
        subscriptions = []
        for number in range(chosen.get("filter_count", _FILTER_COUNT)):
            listens = number < chosen.get("listener_count", 1)
            topic = topics()[0] if listens else number.to_bytes(4, "big")
            key = client.whisper.generate_symmetric_key()
            subscriptions.append(await client.whisper.subscribe(symmetric_key=key, topics=[topic]))
        if chosen.get("has_person"):
            await stack.enter_async_context(person_on(client, is_durable=chosen["is_durable"]))
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            told = asdict(client.statistics())
            mail = client.mail_statistics()
            told["archived"] = 0 if mail is None else mail.archived
            told["archive_waits"] = 0 if mail is None else mail.waiting_envelopes
            sys.stdout.write(json.dumps(told, default=str) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sottovoce-bench-") as made:
        run(_main(json.loads(sys.argv[1]), Path(made)))
