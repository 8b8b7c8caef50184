"""Frames: sizes, limits, compression, and everything that must be refused."""

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp, snappy
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto.aes import BLOCK_BYTES, AesBlock, AesCtrStream
from sottovoce.crypto.hashes import keccak256, keccak256_state
from sottovoce.devp2p.events import Role
from sottovoce.devp2p.frames import (
    FRAME_BYTES_MAX,
    LARGE_FRAME_BYTES,
    MAC_BYTES,
    FrameReader,
    FrameWriter,
    RollingMac,
)
from sottovoce.devp2p.secrets import FrameSecrets, derive, xor


def secrets_of(role: Role) -> FrameSecrets:
    return derive(
        role,
        ephemeral_shared=b"s" * 32,
        initiator_nonce=b"\x01" * 32,
        recipient_nonce=b"\x02" * 32,
        auth_packet=b"auth",
        ack_packet=b"ack",
    )


def ends(*, compressed: bool = False) -> tuple[FrameWriter, FrameReader]:
    writer = FrameWriter(secrets_of(Role.INITIATOR))
    reader = FrameReader(secrets_of(Role.RECIPIENT))
    writer.compressed = reader.compressed = compressed
    return writer, reader


def read(reader: FrameReader, wire: bytes) -> tuple[int, bytes] | None:
    queue = ByteQueue()
    queue.append(wire)
    return reader.read(queue)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("code", [0, 1, 16, 127, 128, 255, 256, 0x1234, 2**64 - 1])
@pytest.mark.parametrize("size_bytes", [0, 1, 14, 15, 16, 17, 5000])
def test_packet_round_trips(code: int, size_bytes: int, compressed: bool) -> None:
    writer, reader = ends(compressed=compressed)
    payload = bytes(index % 251 for index in range(size_bytes))
    assert read(reader, writer.write(code, payload)) == (code, payload)


def test_body_that_fills_its_blocks_has_no_padding() -> None:
    writer, _ = ends()
    assert len(writer.write(17, bytes(15))) == 16 + 16 + 16 + 16
    assert len(writer.write(17, bytes(16))) == 16 + 16 + 32 + 16


def test_several_packets_in_one_piece_equal_the_same_packets_one_by_one() -> None:
    together, _ = ends(compressed=True)
    apart, _ = ends(compressed=True)
    packets = [(16, b"one"), (17, b""), (300, bytes(100))]
    joined = b"".join(apart.write(code, payload) for code, payload in packets)
    assert together.write_all(packets) == joined


def test_frames_are_read_one_byte_at_a_time() -> None:
    writer, reader = ends(compressed=True)
    packets = [(16, b"one"), (17, b"\xc0"), (128, bytes(100))]
    queue = ByteQueue()
    got = []
    for byte in writer.write_all(packets):
        queue.append(bytes((byte,)))
        frame = reader.read(queue)
        if frame is not None:
            got.append(frame)
    assert got == packets


def test_empty_payload_is_not_the_empty_list() -> None:
    writer, reader = ends(compressed=True)
    assert read(reader, writer.write(2, b"")) == (2, b"")
    assert read(reader, writer.write(2, b"\xc0")) == (2, b"\xc0")


def test_largest_frame_round_trips() -> None:
    writer, reader = ends()
    payload = bytes(FRAME_BYTES_MAX - 1)
    assert read(reader, writer.write(16, payload)) == (16, payload)


@pytest.mark.parametrize("compressed", [False, True])
def test_payload_over_the_limit_is_refused_before_anything_is_written(compressed: bool) -> None:
    writer, reader = ends(compressed=compressed)
    with pytest.raises(LocalProtocolError, match="16777215"):
        writer.write_all([(16, b"fits"), (16, bytes(FRAME_BYTES_MAX + 1))])
    assert read(reader, writer.write(16, b"next")) == (16, b"next")


def test_code_counts_for_the_length_of_a_frame() -> None:
    writer, _ = ends()
    with pytest.raises(LocalProtocolError, match="16777216"):
        writer.write(16, bytes(FRAME_BYTES_MAX))


@pytest.mark.parametrize("position", [0, 15, 16, 31, 32, 47, 48, 63])
def test_any_changed_byte_is_refused(position: int) -> None:
    writer, reader = ends()
    wire = bytearray(writer.write(16, b"payload"))
    wire[position] ^= 1
    with pytest.raises(RemoteProtocolError, match="MAC"):
        read(reader, bytes(wire))


def test_frame_sent_twice_is_refused() -> None:
    writer, reader = ends()
    wire = writer.write(16, b"payload")
    assert read(reader, wire) is not None
    with pytest.raises(RemoteProtocolError, match="MAC"):
        read(reader, wire)


def test_frame_that_was_left_out_is_noticed() -> None:
    writer, reader = ends()
    writer.write(16, b"lost")
    with pytest.raises(RemoteProtocolError, match="MAC"):
        read(reader, writer.write(16, b"next"))


def test_announced_length_over_the_reader_s_limit_is_refused_at_the_header() -> None:
    writer, reader = ends()
    reader.length_max = 2049
    with pytest.raises(RemoteProtocolError, match="announces 2050 bytes"):
        read(reader, writer.write(16, bytes(2049))[:32])


def test_block_that_declares_too_much_is_refused_before_inflating() -> None:
    writer, reader = ends()
    reader.compressed = True
    with pytest.raises(RemoteProtocolError, match="declares 16777216 bytes"):
        read(reader, writer.write(16, b"\x80\x80\x80\x08" + b"\x00"))


@pytest.mark.parametrize("block", [b"", b"\xff\xff\xff\xff\xff\x7f", b"\x05\x00", b"\x01\xfe"])
def test_corrupt_block_is_refused(block: bytes) -> None:
    writer, reader = ends()
    reader.compressed = True
    with pytest.raises(RemoteProtocolError):
        read(reader, writer.write(16, block))


class RawFrames(FrameWriter):
    """Writes bodies that no packet makes."""

    def write_body(self, body: bytes) -> bytes:
        head = len(body).to_bytes(3, "big") + bytes(13)
        sealed = self._stream.apply(head + body + bytes(-len(body) % 16))
        header, rest = sealed[:16], sealed[16:]
        return header + self.mac.header(header) + rest + self.mac.body(rest)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xc0",
        b"\x81",
        b"\x82\x00\x10",
        b"\x81\x05",
        b"\x89" + b"\x01" * 9,
        rlp.encode([16]),
    ],
    ids=["empty", "zero", "list", "cut", "leading-zero", "long-form", "too-wide", "nested"],
)
def test_body_without_a_canonical_code_is_refused(body: bytes) -> None:
    _, reader = ends()
    with pytest.raises(RemoteProtocolError):
        read(reader, RawFrames(secrets_of(Role.INITIATOR)).write_body(body))


def test_bytes_after_the_length_in_a_header_are_ignored() -> None:
    _, reader = ends()
    wire = RawFrames(secrets_of(Role.INITIATOR)).write_body(b"\x10payload")
    assert read(reader, wire) == (16, b"payload")


def test_compression_is_what_the_codec_makes() -> None:
    writer, reader = ends()
    writer.compressed = True
    frame = read(reader, writer.write(16, b"a" * 1000))
    assert frame == (16, snappy.compress(b"a" * 1000))


def test_macs_follow_the_specification_word_for_word() -> None:
    block, fed = AesBlock(b"k" * 32), b"start"
    mac = RollingMac(b"k" * 32, keccak256_state(fed))
    for header, body in ((b"a" * 16, b"b" * 32), (b"c" * 16, b"d" * 160), (b"e" * 16, b"f" * 16)):
        fed += xor(block.encrypt(keccak256(fed)[:16]), header)
        assert mac.header(header) == keccak256(fed)[:16]
        fed += body
        seed = keccak256(fed)[:16]
        fed += xor(block.encrypt(seed), seed)
        assert mac.body(body) == keccak256(fed)[:16]
        assert mac.digest() == keccak256(fed)


# ---- large frames

LARGE = bytes(index % 251 for index in range(LARGE_FRAME_BYTES))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("chunk_bytes", [1000, 65536, LARGE_FRAME_BYTES + 60])
def test_large_frame_is_read_in_parts_and_what_follows_it_too(
    chunk_bytes: int, compressed: bool
) -> None:
    writer, reader = ends(compressed=compressed)
    # It does not compress below the size from which a frame is large.
    noise = AesCtrStream(bytes(32), bytes(BLOCK_BYTES)).apply(LARGE)
    packets = [(16, b"before"), (300, noise), (17, b"after")]
    wire = writer.write_all(packets)
    queue = ByteQueue()
    got = []
    for start in range(0, len(wire), chunk_bytes):
        queue.append(wire[start : start + chunk_bytes])
        while (frame := reader.read(queue)) is not None:
            got.append(frame)
    assert got == packets
    assert reader.unfinished is None


def test_unfinished_large_frame_is_kept_once_and_nothing_is_reserved_for_it() -> None:
    writer, reader = ends()
    wire = writer.write(16, LARGE)
    queue = ByteQueue()
    queue.append(wire[:32])
    assert reader.read(queue) is None
    begun = reader.unfinished
    assert begun is not None
    assert (begun.size_bytes, len(begun.body)) == (len(wire) - 32 - MAC_BYTES, 0)
    queue.append(wire[32:-1])
    assert reader.read(queue) is None
    assert reader.unfinished is begun
    assert len(begun.body) == begun.size_bytes
    assert len(queue) == MAC_BYTES - 1


def test_frame_that_is_not_large_is_never_called_unfinished() -> None:
    writer, reader = ends()
    wire = writer.write(16, LARGE[BLOCK_BYTES:])
    queue = ByteQueue()
    queue.append(wire[:-1])
    assert reader.read(queue) is None
    assert reader.unfinished is None
    queue.append(wire[-1:])
    assert reader.read(queue) == (16, LARGE[BLOCK_BYTES:])


@pytest.mark.parametrize("position", [40, LARGE_FRAME_BYTES, -1])
def test_any_changed_byte_of_a_large_frame_is_refused(position: int) -> None:
    writer, reader = ends()
    wire = bytearray(writer.write(16, LARGE))
    wire[position] ^= 1
    queue = ByteQueue()
    queue.append(bytes(wire[:100_000]))
    assert reader.read(queue) is None
    queue.append(bytes(wire[100_000:]))
    with pytest.raises(RemoteProtocolError, match="MAC of a frame's body"):
        reader.read(queue)


@pytest.mark.parametrize(
    "code", [b"\x88" + b"\x01" * 8, b"\x89" + b"\x01" * 9, b"\xb8\x38" + b"\x01" * 56]
)
def test_code_of_a_large_frame_is_read_like_that_of_a_small_one(code: bytes) -> None:
    results = []
    for body in (code + b"payload", code + LARGE):
        _, reader = ends()
        queue = ByteQueue()
        wire = RawFrames(secrets_of(Role.INITIATOR)).write_body(body)
        queue.append(wire[:-1])
        assert reader.read(queue) is None
        queue.append(wire[-1:])
        try:
            packet = reader.read(queue)
            assert packet is not None
            results.append(str(packet[0]))
        except RemoteProtocolError as error:
            results.append(str(error))
    assert results[0] == results[1]
