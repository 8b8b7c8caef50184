"""Frames under any cutting, truncation, changed bytes and garbage."""

import contextlib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.devp2p.events import Role
from sottovoce.devp2p.frames import FrameReader, FrameWriter
from sottovoce.devp2p.secrets import FrameSecrets, derive

PACKETS = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(max_size=200)), max_size=6)


def secrets_of(role: Role) -> FrameSecrets:
    return derive(
        role,
        ephemeral_shared=b"s" * 32,
        initiator_nonce=b"\x01" * 32,
        recipient_nonce=b"\x02" * 32,
        auth_packet=b"auth",
        ack_packet=b"ack",
    )


def ends(compressed: bool) -> tuple[FrameWriter, FrameReader]:
    writer = FrameWriter(secrets_of(Role.INITIATOR))
    reader = FrameReader(secrets_of(Role.RECIPIENT))
    writer.compressed = reader.compressed = compressed
    return writer, reader


def read_all(reader: FrameReader, chunks: list[bytes]) -> Iterator[tuple[int, bytes]]:
    queue = ByteQueue()
    for chunk in chunks:
        queue.append(chunk)
        while (frame := reader.read(queue)) is not None:
            yield frame


@given(packets=PACKETS, compressed=st.booleans(), size=st.integers(1, 100))
def test_packets_round_trip_however_they_are_cut(
    packets: list[tuple[int, bytes]], compressed: bool, size: int
) -> None:
    writer, reader = ends(compressed)
    wire = writer.write_all(packets)
    chunks = [wire[start : start + size] for start in range(0, len(wire), size)]
    assert list(read_all(reader, chunks)) == packets


@given(packets=PACKETS.filter(bool), position=st.integers(0, 10_000), change=st.integers(1, 255))
def test_changed_byte_is_noticed_and_earlier_packets_are_kept(
    packets: list[tuple[int, bytes]], position: int, change: int
) -> None:
    writer, reader = ends(True)
    wire = bytearray(writer.write_all(packets))
    wire[position % len(wire)] ^= change
    got = []
    try:
        for frame in read_all(reader, [bytes(wire)]):
            got.append(frame)  # noqa: PERF402 - what came before the error counts
    except RemoteProtocolError:
        assert got == packets[: len(got)]
        assert len(got) < len(packets)
    else:
        raise AssertionError("a changed byte went unnoticed")


@given(packets=PACKETS.filter(bool), length=st.integers(0, 10_000))
def test_truncated_frames_give_the_whole_ones_and_wait(
    packets: list[tuple[int, bytes]], length: int
) -> None:
    writer, reader = ends(True)
    wire = writer.write_all(packets)
    got = list(read_all(reader, [wire[: length % len(wire)]]))
    assert got == packets[: len(got)]
    assert len(got) < len(packets)


@given(st.lists(st.binary(max_size=100), max_size=5), st.booleans())
def test_garbage_raises_only_the_remote_error(chunks: list[bytes], compressed: bool) -> None:
    _, reader = ends(compressed)
    with contextlib.suppress(RemoteProtocolError):
        assert list(read_all(reader, chunks)) == []


@given(payload=st.binary(max_size=300))
def test_authenticated_garbage_in_place_of_a_block_raises_only_the_remote_error(
    payload: bytes,
) -> None:
    writer, reader = ends(False)
    reader.compressed = True
    with contextlib.suppress(RemoteProtocolError):
        list(read_all(reader, [writer.write(16, payload)]))
