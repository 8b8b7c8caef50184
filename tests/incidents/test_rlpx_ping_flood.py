"""A flood of pings made nodes start one task per ping until their memory was gone.

GHSA-ppjg-v974-84cm, CVE-2023-40591. Here a ping costs one pong of the same size in the output, and
the machine itself keeps nothing.
"""

import tracemalloc

from sottovoce.devp2p.base_protocol import BaseCode
from sottovoce.devp2p.events import BytesReceived, ConnectionEnded, DisconnectReason
from sottovoce.devp2p.settings import CHATTER_MAX
from unit.devp2p.pair import HandmadePeer, at, sent

NOW = at(0.0)
PINGS = 200
READS = 4


def test_rlpx_ping_flood_is_answered_with_no_more_bytes_than_it_has() -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    flood = peer.writer.write_all([(BaseCode.PING, b"\xc0")] * PINGS)
    outputs = peer.machine.handle(BytesReceived(flood), NOW)
    assert len(outputs) == 1
    assert len(sent(outputs)) <= len(flood)
    assert peer.read(outputs) == [(BaseCode.PONG, b"\xc0")] * PINGS


def test_rlpx_ping_flood_leaves_nothing_in_memory() -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    floods = [peer.writer.write_all([(BaseCode.PING, b"\xc0")] * PINGS) for _ in range(READS)]
    peer.machine.handle(BytesReceived(floods.pop()), NOW)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for flood in floods:
            peer.machine.handle(BytesReceived(flood), NOW)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < PINGS * 64


def test_rlpx_ping_flood_ends_the_connection() -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    flood = peer.writer.write_all([(BaseCode.PING, b"\xc0")] * (int(CHATTER_MAX) + 1))
    outputs = peer.machine.handle(BytesReceived(flood), NOW)
    ended = outputs[-1]
    assert isinstance(ended, ConnectionEnded)
    assert ended.reason is DisconnectReason.PROTOCOL_BREACH


def test_ping_every_second_is_answered_for_ever() -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    for second in range(3000):
        ping = peer.writer.write_all([(BaseCode.PING, b"\xc0")])
        outputs = peer.machine.handle(BytesReceived(ping), at(float(second)))
        assert not any(isinstance(output, ConnectionEnded) for output in outputs)
