"""A small message that announces a large one must not make us reserve memory for it.

GHSA-4xc9-8hmq-j652: a request of a few bytes made nodes allocate until they were killed.
"""

import tracemalloc
from collections.abc import Callable

from sottovoce.devp2p.base_protocol import BaseCode
from sottovoce.devp2p.events import BytesReceived, StreamOpened
from sottovoce.devp2p.frames import FRAME_BYTES_MAX
from unit.devp2p.pair import HandmadePeer, at, ended, make_recipient

NOW = at(0.0)
# Far below any of the announced sizes, far above what a few small objects take.
BUDGET_BYTES = 64 * 1024


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_rlpx_header_of_the_largest_frame_reserves_nothing() -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    peer.writer.compressed = False
    header = peer.writer.write(16, bytes(FRAME_BYTES_MAX - 1))[:32]
    assert peak_of(lambda: peer.machine.handle(BytesReceived(header), NOW)) < BUDGET_BYTES


def test_rlpx_block_that_declares_the_largest_size_is_refused_without_inflating_it() -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    peer.writer.compressed = False
    wire = peer.writer.write(16, b"\x80\x80\x80\x08" + b"\x00")
    assert peak_of(lambda: peer.machine.handle(BytesReceived(wire), NOW)) < BUDGET_BYTES


def test_rlpx_hello_that_announces_a_large_frame_is_refused_at_once() -> None:
    peer = HandmadePeer(NOW).admitted(NOW)
    header = peer.writer.write(BaseCode.HELLO, bytes(100_000))[:32]
    assert ended(peer.machine.handle(BytesReceived(header), NOW)).reason is None


def test_rlpx_handshake_size_reserves_nothing() -> None:
    machine = make_recipient()
    machine.handle(StreamOpened(), NOW)
    start = b"\xff\xff" + bytes(400)
    assert peak_of(lambda: machine.handle(BytesReceived(start), NOW)) < BUDGET_BYTES


def test_rlpx_list_that_announces_more_than_it_holds_is_refused() -> None:
    peer = HandmadePeer(NOW).admitted(NOW)
    outputs = peer.send(NOW, (BaseCode.HELLO, b"\xff" + b"\xff" * 8))
    assert outputs == [ended(outputs)]
