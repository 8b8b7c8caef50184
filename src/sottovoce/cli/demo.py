"""``sottovoce demo``: two people talk in a public channel through a line of relays.

Every node runs in this process, but they meet over real TCP sockets on the loopback address: each
message crosses encrypted frames on every hop, and the bytes that the sockets carried are checked.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sottovoce.cli.output import CommandError, ExitCode, Output
from sottovoce.gossip.settings import GossipSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.messages import ChannelMessage, SentMessage
from sottovoce.sdk.subscriptions import Subscription

CHANNEL: Final = "sottovoce-demo"
CONVERSATION: Final = (
    ("Anna", "Ciao Bruno! Can you hear me through all these relays?"),
    ("Bruno", "Loud and clear, Anna. The relays passed it on like any other envelope."),
    (
        "Anna",
        "And without the name of our channel they cannot read it. \N{ZIPPER-MOUTH FACE}",
    ),
    ("Bruno", "Sottovoce, then."),
)
# A message needs less than a second; this much only passes if something is wrong.
ARRIVAL_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Hop:
    """One TCP connection of the line: from the node nearer to Anna to the one nearer to Bruno."""

    left: Client
    right: Client
    left_port: int
    right_port: int

    def carried_bytes(self, *, rightward: bool) -> int:
        """Return the bytes that came out of this hop's socket so far, in one direction."""
        end = self.right if rightward else self.left
        ports = (self.left_port, self.right_port)
        here, there = reversed(ports) if rightward else ports
        return sum(
            stream.received_bytes
            for stream in end.statistics().streams
            if (stream.local_port, stream.remote_port) == (here, there)
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message and what its way looked like."""

    speaker: str
    sent: SentMessage
    message: ChannelMessage
    latency_s: float
    hop_bytes: tuple[int, ...]


async def run_demo(
    *, relay_count: int, as_json: bool, relay_settings: GossipSettings | None = None
) -> None:
    """Build the line, let the two talk, and print what happened.

    Args:
        relay_count: Relays between the two people.
        as_json: Print JSON lines.
        relay_settings: Settings of every relay.

    Raises:
        CommandError: A message did not arrive, or a hop's byte counter did not move.
    """
    output = Output(as_json=as_json)
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Client()) for _ in range(2)]
        relays = [
            await stack.enter_async_context(Client(gossip=relay_settings))
            for _ in range(relay_count)
        ]
        line = [nodes[0], *relays, nodes[1]]
        hops = await _connect_line(line)
        _print_line(output, hops)
        people = {"Anna": line[0], "Bruno": line[-1]}
        ears = {
            name: await stack.enter_async_context(await person.channel(CHANNEL).subscribe())
            for name, person in people.items()
        }
        for speaker, text in CONVERSATION:
            listener = "Bruno" if speaker == "Anna" else "Anna"
            delivery = await _say(speaker, people[speaker], text, ears[listener], hops)
            _print_delivery(output, delivery, hops)
        output.talk(
            f"{len(CONVERSATION)} of {len(CONVERSATION)} messages arrived over {len(hops)} hops. "
            "The time includes a random wait of up to\n0.3 s at the author's node, drawn for each "
            "of its links: when an envelope arrives then tells less\nabout where it began. That "
            "hides little from a node's only peer, as each of these two has."
        )


async def _connect_line(line: Sequence[Client]) -> list[Hop]:
    """Connect each node to the next; relays and Bruno are dialled from the left."""
    hops = []
    for left, right in pairwise(line):
        assert right.enode is not None
        await left.connect(right.enode)
        right_port = int(right.enode.rpartition(":")[2])
        left_port = next(
            stream.local_port
            for stream in left.statistics().streams
            if stream.remote_port == right_port
        )
        hops.append(Hop(left, right, left_port, right_port))
    return hops


async def _say(
    speaker: str,
    client: Client,
    text: str,
    ear: Subscription[ChannelMessage],
    hops: Sequence[Hop],
) -> Delivery:
    rightward = speaker == "Anna"
    before = [hop.carried_bytes(rightward=rightward) for hop in hops]
    started_s = time.monotonic()
    sent = await client.channel(CHANNEL).send_text(text)
    try:
        async with asyncio.timeout(ARRIVAL_TIMEOUT_S):
            message = await anext(ear)
    except TimeoutError:
        raise CommandError(
            f"{speaker}'s message did not arrive within {ARRIVAL_TIMEOUT_S:g} s: "
            + _where_it_stopped(hops, before, rightward=rightward),
            ExitCode.NOT_DELIVERED,
        ) from None
    latency_s = time.monotonic() - started_s
    if message.text != text or message.sender != client.public_key:
        raise CommandError(f"what arrived is not what {speaker} said", ExitCode.NOT_DELIVERED)
    hop_bytes = tuple(
        hop.carried_bytes(rightward=rightward) - carried
        for hop, carried in zip(hops, before, strict=True)
    )
    check_hops(hop_bytes, sent.size_bytes)
    return Delivery(speaker, sent, message, latency_s, hop_bytes)


def check_hops(hop_bytes: Sequence[int], envelope_bytes: int) -> None:
    """Check that at least the envelope came out of every hop's socket.

    Raises:
        CommandError: A hop's byte counter did not move, or by less than the envelope.
    """
    for number, carried in enumerate(hop_bytes, start=1):
        if carried < envelope_bytes:
            raise CommandError(
                f"the message arrived, but the TCP byte counter of hop {number} moved by "
                f"{carried} bytes only: it did not travel through the line",
                ExitCode.NOT_DELIVERED,
            )


def _where_it_stopped(hops: Sequence[Hop], before: Sequence[int], *, rightward: bool) -> str:
    drops = [
        f"relay {number} dropped {count} as '{reason}'"
        for number, hop in enumerate(hops, start=1)
        for reason, count in hop.right.statistics().dropped.items()
        if count
    ]
    if drops:
        return "; ".join(drops)
    still = [
        str(number)
        for number, (hop, carried) in enumerate(zip(hops, before, strict=True), start=1)
        if hop.carried_bytes(rightward=rightward) == carried
    ]
    return f"the TCP byte counter of hop {', '.join(still)} did not move" if still else "no drop"


def _print_line(output: Output, hops: Sequence[Hop]) -> None:
    if output.as_json:
        return
    names = ["Anna", *(f"relay {number}" for number in range(1, len(hops))), "Bruno"]
    output.result(f"{' - '.join(names)}: {len(hops)} hops on 127.0.0.1, channel {CHANNEL}")


def _print_delivery(output: Output, delivery: Delivery, hops: Sequence[Hop]) -> None:
    sent, latency_ms = delivery.sent, delivery.latency_s * 1000
    output.result(
        f"\n{delivery.speaker}: {delivery.message.text}\n"
        f"    envelope 0x{sent.hash.hex()}\n"
        f"    {sent.size_bytes} bytes, {sent.tries} tries of proof of work, "
        f"{len(hops)} hops, {latency_ms:.0f} ms",
        event="message",
        channel=CHANNEL,
        speaker=delivery.speaker,
        text=delivery.message.text,
        hash="0x" + sent.hash.hex(),
        hops=len(hops),
        size_bytes=sent.size_bytes,
        pow_tries=sent.tries,
        pow=sent.pow,
        latency_ms=round(latency_ms, 1),
        hop_ports=[[hop.left_port, hop.right_port] for hop in hops],
        hop_bytes=list(delivery.hop_bytes),
    )
