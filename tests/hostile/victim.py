"""The node that is attacked: a process of its own, so that its memory is nobody else's.

It prints its enode, then answers each line on standard input with what it counted, as JSON.
Run as ``python -m hostile.victim`` with the folder of the tests on the path.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sottovoce.app.application import Application, ApplicationSettings
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node.effects import Fact
from sottovoce.node.node import Node
from sottovoce.sdk.client import Client

CHANNEL: Final = "lobby"
BAIT: Final = b"bait"


def reader_key() -> PrivateKey:
    """Return the private key with which the victim tries to open what has the topic `BAIT`."""
    return secp256k1.private_key(bytes(31) + b"\x33")


def memory_kb(name: str) -> int:
    """Return ``VmRSS`` or ``VmHWM`` (the highest so far) of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise LookupError(name)


def counted(node: Node, client: Client) -> dict[str, object]:
    """Return what the tests look at."""
    relay, links = node.relay_statistics, node.link_statistics
    return {
        "rss_kb": memory_kb("VmRSS"),
        "peak_kb": memory_kb("VmHWM"),
        "peers": node.peer_count,
        "sizes": node.sizes(),
        "failures": {kind.name: count for kind, count in relay.failures.items() if count},
        "dropped": {kind.name: count for kind, count in relay.dropped.items() if count},
        "ended": dict(links.ended),
        "accepted": links.accepted,
        "crowded_out": links.crowded_out,
        "write_timeouts": links.write_timeouts,
        "frames_overdue": links.frames_overdue,
        "pooled": relay.envelopes_pooled,
        "pool_envelopes": relay.pool_envelopes,
        "received": relay.envelopes_received,
        "received_bytes": sum(stream.received_bytes for stream in client.statistics().streams),
        "failed_inputs": client.statistics().failed_inputs,
    }


def say(line: str | None) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    """Relay, listen and answer until standard input ends."""
    made: list[Application] = []

    def build(settings: ApplicationSettings, on_fact: Callable[[Fact], None]) -> Application:
        made.append(Application(settings, on_fact))
        return made[0]

    client = Client(gossip=GossipSettings(own_delay_s_max=0.0), build=build)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with client:
        await client.channel(CHANNEL).subscribe()
        await client.whisper.subscribe(private_key=reader_key(), topics=[BAIT])
        say(client.enode)
        while await reader.readline():
            say(json.dumps(counted(made[0]._node, client)))


if __name__ == "__main__":
    asyncio.run(main())
