"""All that hostile peers can make a node keep, all of it at once, from all peers but one.

Each flood alone has to stay below 256 MiB with a full pool (`test_floods`); here it is everything
together, at which 231 to 258 MiB were seen. An honest peer's burst has to arrive before a Go node
would give it up. It takes a minute or two, so that only `make test-long` names it.
"""

import asyncio
import time
from typing import Final

import pytest

from hostile.arena import Victim, note, victim
from hostile.attacker import WANTS_ALL, Attacker, attackers
from hostile.test_bombs import never_end
from hostile.test_floods import MESSAGES
from patience import turns
from seeded import SeededEntropy
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.pool import ENVELOPE_BYTES_MEAN_MIN
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.settings import POOL_BYTES_MAX
from sottovoce.node.settings import PEERS_MAX

PATIENCE_S: Final = 180.0
MEMORY_KB_MAX: Final = 288 * 1024
TTL_S: Final = 60
POW: Final = 0.0011
TRIES_MAX: Final = 10_000_000
BUNDLE_BYTES: Final = 100_000
HONEST_BYTES: Final = 2_000_000
GO_WRITE_TIMEOUT_S: Final = 20.0
# Data bytes of an envelope, and how many of them fill the pool.
POOLS: Final = {
    "smallest": (40, POOL_BYTES_MAX // ENVELOPE_BYTES_MEAN_MIN),
    "usual": (1000, POOL_BYTES_MAX // 1100),
    "largest": (1_040_000, POOL_BYTES_MAX // 1_050_000),
}


def packet(entropy: SeededEntropy, data_bytes: int, count: int) -> Packet:
    """Return a packet of valid envelopes."""
    expiry_unix_s = int(time.time()) + TTL_S
    unmined = (
        UnminedEnvelope(expiry_unix_s, TTL_S, Topic(b"heap"), entropy.take(data_bytes))
        for _ in range(count)
    )
    return Packet(MESSAGES, rlp.encode_list([mine(each, POW, TRIES_MAX).raw for each in unmined]))


async def fill_pool(target: Victim, giver: Attacker, data_bytes: int, count: int) -> None:
    """Give the victim a pool full of envelopes."""
    entropy = SeededEntropy(data_bytes)
    bundle = max(1, BUNDLE_BYTES // data_bytes)
    for _ in range(count // bundle):
        assert await giver.send(giver.frames(packet(entropy, data_bytes, bundle)))
        await turns(1)
    while (await target.counted())["received"] < count // bundle * bundle:
        await turns(1)


async def burst(target: Victim, giver: Attacker) -> float:
    """Send one large packet as a Go node does; returns how long it took, seconds."""
    before = (await target.counted())["received"]
    count = HONEST_BYTES // 1000
    wire = giver.frames(packet(SeededEntropy(1), 1000, count))
    started_s = time.perf_counter()
    assert await giver.send(wire)
    while (await target.counted())["received"] < before + count:
        await turns(1)
    return time.perf_counter() - started_s


@pytest.mark.slow
@pytest.mark.parametrize("kind", POOLS)
def test_peers_that_read_nothing_and_never_finish_cost_a_bounded_amount_together(kind: str) -> None:
    async def main() -> None:
        async with victim() as target:
            honest = Attacker(PEERS_MAX, target.enode)
            await honest.connect()
            await fill_pool(target, honest, *POOLS[kind])
            full_kb = (await target.counted())["peak_kb"]
            # Who joins now is owed the whole pool.
            async with attackers(PEERS_MAX - 1, target.enode, WANTS_ALL, reads=False) as hostile:
                await turns(100)
                sending = [asyncio.ensure_future(never_end(attacker)) for attacker in hostile]
                while (await target.counted())["sizes"]["room of large frames"] == 0:
                    await turns(1)
                took_s = await burst(target, honest)
                for task in sending:
                    task.cancel()
                await asyncio.gather(*sending, return_exceptions=True)
                counted = await target.counted()
            assert not honest.cut.is_set()
            await honest.close()
            note(
                f"{kind}: pool {full_kb >> 10} MiB, at most {counted['peak_kb'] >> 10} MiB,"
                f" the honest burst took {took_s:.1f} s, {counted['frames_overdue']} cut off"
            )
            assert counted["peak_kb"] < MEMORY_KB_MAX
            assert took_s < GO_WRITE_TIMEOUT_S
            assert counted["failed_inputs"] == 0

    asyncio.run(asyncio.wait_for(main(), PATIENCE_S))
