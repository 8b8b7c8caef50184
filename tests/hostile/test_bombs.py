"""Packets that are larger inside than outside, deeper than they look, or never end."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from hostile.arena import honest_pair, note, victim
from hostile.attacker import Attacker, attackers
from patience import run, turns
from sottovoce.base.packets import Packet
from sottovoce.codec import rlp, snappy
from sottovoce.devp2p.frames import FRAME_BYTES_MAX, LENGTH_BYTES, FrameWriter
from sottovoce.gossip.settings import PACKET_BYTES_MAX
from sottovoce.node.settings import FRAME_ROOM_BYTES_MAX

MESSAGES: Final = 1
PEERS: Final = 10
# What ten refused bombs may cost at most at their worst moment: what their bytes take, and far less
# than the sixteen megabytes that one pretends to be.
GROWTH_KB_MAX: Final = 6 * 1024
DEPTH: Final = 100_000
LIST: Final = 0xC0
# Each of these peers sends all of the largest frame but its last bytes: 4.9 MB. Those with room
# cost that; what was read of the others before they had to wait is half a megabyte for each.
PARTIAL_PEERS: Final = 20
PARTIAL_KB_MAX: Final = FRAME_ROOM_BYTES_MAX // 1024 + PARTIAL_PEERS * 768


def declared(attacker: Attacker) -> bytes:
    """A block of a kilobyte that declares sixteen megabytes."""
    return attacker.uncompressed(MESSAGES, b"\x80\x80\x80\x08" + bytes(1000))


def inflating(attacker: Attacker) -> bytes:
    """A block of two hundred kilobytes that truly inflates to one byte too many."""
    return attacker.uncompressed(MESSAGES, snappy.compress(bytes(PACKET_BYTES_MAX + 1)))


def nested(attacker: Attacker) -> bytes:
    """Lists in lists, a hundred thousand deep."""
    return attacker.frames(Packet(MESSAGES, NESTED))


def long_frame(attacker: Attacker) -> bytes:
    """The header of a frame of sixteen megabytes, and nothing else."""
    return header_of(attacker.frame_writer, FRAME_BYTES_MAX)


def header_of(writer: FrameWriter, size_bytes: int) -> bytes:
    plain = size_bytes.to_bytes(LENGTH_BYTES, "big") + b"\xc2\x80\x80" + bytes(10)
    sealed = writer._stream.apply(plain)
    return sealed + writer.mac.header(sealed)


def lists_in_lists(depth: int) -> bytes:
    headers = [b"\xc0"]
    size_bytes = 1
    for _ in range(depth):
        headers.append(rlp._header(size_bytes, LIST))
        size_bytes += len(headers[-1])
    return b"".join(reversed(headers))


NESTED: Final = lists_in_lists(DEPTH)

BOMBS: Final[dict[str, Callable[[Attacker], bytes]]] = {
    "declared size": declared,
    "inflated size": inflating,
    "nested lists": nested,
    "frame header": long_frame,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOMBS)
def test_bomb_costs_its_sender_the_connection_and_us_next_to_nothing(kind: str) -> None:
    async def main() -> None:
        async with victim() as target, honest_pair(target) as pair:
            before = await target.counted()
            async with attackers(PEERS, target.enode) as hostile:
                for attacker in hostile:
                    await attacker.send(BOMBS[kind](attacker))
                    await attacker.cut.wait()
            counted = await target.counted()
            growth_kb = counted["peak_kb"] - before["peak_kb"]
            note(f"{kind}: {growth_kb} kB more")
            assert growth_kb < GROWTH_KB_MAX
            refused = counted["ended"].get("broken", 0)
            assert refused + counted["failures"].get("BROKEN_PACKET", 0) == PEERS
            assert counted["peers"] == 2
            await pair.still_talks(counted)

    run(main())


# What a packet of the largest size may take when Snappy finds nothing to save.
LARGEST: Final = snappy.compressed_bytes_max(PACKET_BYTES_MAX)
AT_ONCE: Final = FRAME_ROOM_BYTES_MAX // LARGEST


@pytest.mark.slow
def test_frames_that_never_end_have_one_room_for_all_peers_together() -> None:
    async def main() -> None:
        async with victim() as target, honest_pair(target) as pair:
            before = await target.counted()
            async with attackers(PARTIAL_PEERS, target.enode) as hostile:
                sending = [asyncio.ensure_future(never_end(attacker)) for attacker in hostile]
                wanted_bytes = before["received_bytes"] + AT_ONCE * LARGEST
                while (counted := await target.counted())["received_bytes"] < wanted_bytes:
                    await turns(1)
                await pair.still_talks(counted)
                growth_kb = (await target.counted())["peak_kb"] - before["peak_kb"]
                note(f"{PARTIAL_PEERS} frames without an end: {growth_kb} kB more")
                assert growth_kb < PARTIAL_KB_MAX
                assert counted["sizes"]["room of large frames"] <= FRAME_ROOM_BYTES_MAX
                for task in sending:
                    task.cancel()
                await asyncio.gather(*sending, return_exceptions=True)

    run(main())


async def never_end(attacker: Attacker) -> None:
    """Send all of the largest frame but its last bytes."""
    await attacker.send(header_of(attacker.frame_writer, LARGEST) + bytes(LARGEST - 1))
