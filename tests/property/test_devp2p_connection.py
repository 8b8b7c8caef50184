"""A connection under hostile bytes at every stage: it ends, it never raises."""

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.packets import Packet
from sottovoce.devp2p.base_protocol import BaseCode
from sottovoce.devp2p.connection import ConnectionState
from sottovoce.devp2p.events import (
    BytesReceived,
    ConnectionEnded,
    PacketsSubmitted,
    StreamOpened,
)
from unit.devp2p.pair import HandmadePeer, Pair, at, make_initiator, packets, ready_pair

NOW = at(0.0)
CODES = st.one_of(st.integers(0, 300), st.integers(0, 2**64 - 1))
FRAMES = st.lists(st.tuples(CODES, st.binary(max_size=50)), max_size=5)


@given(FRAMES)
def test_any_frames_after_hello_are_delivered_ignored_or_end_it(
    frames: list[tuple[int, bytes]],
) -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    outputs = peer.send(NOW, *frames)
    ends = [index for index, output in enumerate(outputs) if isinstance(output, ConnectionEnded)]
    assert ends in ([], [len(outputs) - 1])
    assert bool(ends) == (peer.machine.state is ConnectionState.ENDED)


@given(FRAMES.filter(bool))
def test_any_frames_in_place_of_hello_end_it(frames: list[tuple[int, bytes]]) -> None:
    peer = HandmadePeer(NOW).admitted(NOW)
    outputs = peer.send(NOW, *frames)
    assert isinstance(outputs[-1], ConnectionEnded)


@given(st.lists(st.binary(max_size=100), max_size=4))
def test_garbage_after_hello_never_raises(chunks: list[bytes]) -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    for chunk in chunks:
        assert packets(peer.machine.handle(BytesReceived(chunk), NOW)) == []


@given(st.lists(st.binary(max_size=400), max_size=4))
def test_garbage_in_place_of_the_ack_never_raises(chunks: list[bytes]) -> None:
    machine = make_initiator()
    machine.handle(StreamOpened(), NOW)
    for chunk in chunks:
        for output in machine.handle(BytesReceived(chunk), NOW):
            assert isinstance(output, ConnectionEnded)


@given(payload=st.binary(max_size=60))
def test_any_disconnect_ends_it_as_the_peer_s_doing(payload: bytes) -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    end = peer.send(NOW, (BaseCode.DISCONNECT, payload))[-1]
    assert isinstance(end, ConnectionEnded)
    assert end.by_remote


@given(chunk_bytes=st.integers(1, 800))
def test_hellos_are_exchanged_however_the_bytes_are_cut(chunk_bytes: int) -> None:
    pair = Pair(chunk_bytes=chunk_bytes)
    pair.open(NOW)
    assert pair.initiator.machine.state is ConnectionState.READY
    assert pair.recipient.machine.state is ConnectionState.READY


@given(
    submitted=st.lists(
        st.tuples(
            st.sampled_from(["shh", "waku"]),
            st.lists(st.builds(Packet, st.integers(0, 127), st.binary(max_size=100)), max_size=3),
        ),
        max_size=3,
    ),
    chunk_bytes=st.integers(30, 600),
)
def test_submitted_packets_arrive_in_order(
    submitted: list[tuple[str, list[Packet]]], chunk_bytes: int
) -> None:
    pair = ready_pair(NOW, chunk_bytes=chunk_bytes)
    for protocol, batch in submitted:
        pair.initiator.handle(PacketsSubmitted(protocol, tuple(batch)), NOW)
    pair.carry(NOW)
    wanted = [(protocol, packet) for protocol, batch in submitted for packet in batch]
    assert packets(pair.recipient.told) == wanted
