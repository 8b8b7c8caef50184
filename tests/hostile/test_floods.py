"""Floods at one node from ten peers at once, while two honest people talk through it.

Goal: the node's memory stays below 256 MiB, everything that the two say arrives, whoever makes it
work for nothing is cut off, and nobody else is.

The fast suite leaves out the flood whose work is part of another one's; `SOTTOVOCE_FLOODS=all`
does not.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from hostile.arena import HonestPair, Victim, honest_pair, note, victim
from hostile.attacker import WANTS_ALL, WANTS_NOTHING, Attacker, attackers
from hostile.victim import BAIT
from patience import PATIENCE_S, run, turns
from seeded import SeededEntropy
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.devp2p.base_protocol import EMPTY_BODY, BaseCode
from sottovoce.gossip.admission import TOLERANCE_S
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.pool import ENVELOPE_BYTES_MEAN_MIN
from sottovoce.gossip.settings import POOL_BYTES_MAX

PEERS: Final = 10
FLOOD_S: Final = 2.5
MEMORY_KB_MAX: Final = 256 * 1024
# Of the victim's work. On a quiet machine a sixth of it, for it works on one core all the while.
DELAY_S_MAX: Final = 1.0
# Up to 140,000 envelopes are read, which takes a core six seconds; a busy machine has not got one.
FLOOD_PATIENCE_S: Final = 3 * PATIENCE_S
PAUSE_S: Final = 0.01
# What ten peers together send of one kind: more than all their patience.
USELESS_COUNT: Final = 8000
# Together more than the pool takes.
USEFUL_COUNT: Final = 14_000
# Fewer in the time of the flood would be no flood.
FLOODED_MIN: Final = 20_000
# What expires before a busy machine has read it is of no use, and its sender cut; this is just not
# from the future.
LATER_S: Final = int(TOLERANCE_S) - 2
BUNDLE: Final = 100
# Small: each envelope costs the victim the same work, whatever is in it.
DATA_BYTES: Final = 40
MESSAGES: Final = 1

Chunks = Iterator[bytes]
Making = Callable[[Attacker, int], Chunks]


def envelopes(number: int, count: int, *, shift_s: int = 0, topic: bytes, ttl_s: int) -> Chunks:
    """Make payloads of `messages` packets; no two envelopes are equal, and none is worked for."""
    entropy = SeededEntropy(number)
    expiry_unix_s = int(time.time()) + ttl_s + shift_s
    blank = bytes(DATA_BYTES)
    before, _, behind = (
        UnminedEnvelope(expiry_unix_s, ttl_s, Topic(topic), blank).mined(0).raw.partition(blank)
    )
    for _ in range(count // BUNDLE):
        data = entropy.take(BUNDLE * DATA_BYTES)
        yield rlp.encode_list(
            [
                before + data[start : start + DATA_BYTES] + behind
                for start in range(0, len(data), DATA_BYTES)
            ]
        )


def of_envelopes(
    count: int, *, shift_s: int = 0, topic: bytes = b"heap", ttl_s: int = 10
) -> Making:
    def make(attacker: Attacker, number: int) -> Chunks:
        # Made beforehand: the flood is as fast as the socket.
        made = list(envelopes(number, count, shift_s=shift_s, topic=topic, ttl_s=ttl_s))
        return (attacker.frames(Packet(MESSAGES, payload)) for payload in made)

    return make


def pings(attacker: Attacker, _: int) -> Chunks:
    frames = [(BaseCode.PING, EMPTY_BODY)] * BUNDLE
    return (attacker.frame_writer.write_all(frames) for _ in range(USELESS_COUNT // BUNDLE))


def wishes(attacker: Attacker, _: int) -> Chunks:
    # Wide and narrow in turn: each second one makes the victim look through its pool.
    changes = [Packet(2, rlp.encode(1 << 62)), Packet(2, rlp.encode(0))] * (BUNDLE // 2)
    return (attacker.frames(*changes) for _ in range(USELESS_COUNT // BUNDLE))


async def flood(attacker: Attacker, chunks: Chunks) -> int:
    """Send as fast as the victim takes it, until it has enough or the time is over.

    Returns:
        How many chunks left.
    """
    end_s = time.perf_counter() + FLOOD_S
    count = 0
    for chunk in chunks:
        if time.perf_counter() > end_s or not await attacker.send(chunk):
            break
        count += 1
        await turns(1)
    return count


async def attack(
    target: Victim, pair: HonestPair, kind: tuple[Making, bytes], *, useful: bool
) -> dict[str, Any]:
    """Let ten peers flood while the pair talks; everything that was said must arrive.

    A flood of use is over when the victim has read all of it, another one when it has cut all.
    """
    make, status = kind
    async with attackers(PEERS, target.enode, status) as hostile:
        chunks = [make(attacker, number) for number, attacker in enumerate(hostile)]
        over = asyncio.Event()
        async with asyncio.TaskGroup() as talking:
            talking.create_task(pair.talk(PAUSE_S, over))
            sent = BUNDLE * sum(await asyncio.gather(*map(flood, hostile, chunks)))
            if not useful:
                await asyncio.gather(*(attacker.cut.wait() for attacker in hostile))
            while useful and (await target.counted())["received"] < sent:
                await turns(1)
            over.set()
        await pair.all_heard()
        return await target.counted()


def check_honest(name: str, pair: HonestPair, counted: dict[str, Any]) -> None:
    """Check what holds under every flood, and print the figures."""
    delays = sorted(pair.delays_s)
    p50_s, p99_s = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    note(
        f"{name}: {pair.spoken} messages, p50 {1000 * p50_s:.0f} ms, p99 {1000 * p99_s:.0f} ms, "
        f"peak {counted['peak_kb'] >> 10} MiB, {counted['pooled']} envelopes pooled"
    )
    assert pair.lost_connections == 0
    assert p99_s < DELAY_S_MAX
    assert counted["peak_kb"] < MEMORY_KB_MAX
    assert counted["failed_inputs"] == 0


USELESS: Final[dict[str, tuple[Making, str, str]]] = {
    "pings": (pings, "ended", "we: protocol breach"),
    "wishes": (wishes, "failures", "FLOOD"),
    "low work": (of_envelopes(USELESS_COUNT, ttl_s=100_000), "failures", "FLOOD"),
    "expired": (of_envelopes(USELESS_COUNT, shift_s=-100), "failures", "FLOOD"),
    "future": (of_envelopes(USELESS_COUNT, shift_s=100), "failures", "FLOOD"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", USELESS)
def test_peers_that_make_useless_work_are_cut_and_nobody_else(kind: str) -> None:
    make, counter, reason = USELESS[kind]

    async def main() -> None:
        async with victim() as target, honest_pair(target) as pair:
            counted = await attack(target, pair, (make, WANTS_NOTHING), useful=False)
            check_honest(kind, pair, counted)
            assert counted[counter][reason] == PEERS
            assert counted["peers"] == 2

    run(main(), FLOOD_PATIENCE_S)


FLOODS_VARIABLE: Final = "SOTTOVOCE_FLOODS"
USEFUL: Final = {
    "good, readers": (of_envelopes(USEFUL_COUNT, shift_s=LATER_S), WANTS_ALL),
    "good, deaf": (of_envelopes(USEFUL_COUNT, shift_s=LATER_S), WANTS_NOTHING),
    "bait": (of_envelopes(USEFUL_COUNT, shift_s=LATER_S, topic=BAIT), WANTS_NOTHING),
}
# Bait costs all that these cost, and what opening costs.
if os.environ.get(FLOODS_VARIABLE) != "all":
    del USEFUL["good, deaf"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", USEFUL)
def test_flood_of_good_envelopes_delays_others_and_loses_nothing(kind: str) -> None:
    async def main() -> None:
        async with victim() as target, honest_pair(target) as pair:
            counted = await attack(target, pair, USEFUL[kind], useful=True)
            check_honest(kind, pair, counted)
            assert counted["failures"] == counted["ended"] == {}
            assert counted["peers"] == 2 + PEERS
            assert counted["pooled"] > FLOODED_MIN
            assert counted["pool_envelopes"] <= POOL_BYTES_MAX // ENVELOPE_BYTES_MEAN_MIN

    run(main(), FLOOD_PATIENCE_S)
