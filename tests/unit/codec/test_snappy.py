import tracemalloc

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec.snappy import compress, decompress

LIMIT = 0xFFFFFF


def test_empty_input_becomes_one_zero_byte() -> None:
    assert compress(b"") == b"\x00"
    assert decompress(b"\x00", LIMIT) == b""


def test_literal_block_of_the_format_description_is_read() -> None:
    # Length 3, then a literal of three bytes (tag (3 - 1) << 2).
    assert decompress(b"\x03\x08abc", LIMIT) == b"abc"


def test_copy_of_the_format_description_is_read() -> None:
    # Length 9, a literal of three bytes, then a copy of six bytes from three back, overlapping.
    assert decompress(b"\x09\x08abc\x09\x03", LIMIT) == b"abcabcabc"


def test_block_at_the_limit_passes_and_one_above_does_not() -> None:
    block = compress(bytes(1000))
    assert decompress(block, 1000) == bytes(1000)
    with pytest.raises(RemoteProtocolError, match="declares 1000 bytes, the limit is 999"):
        decompress(block, 999)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80", id="length-cut-off"),
        pytest.param(b"\xff\xff\xff\xff\xff\x01\x00", id="length-of-six-bytes"),
        pytest.param(b"\xff\xff\xff\xff\x7f\x00", id="length-over-32-bits"),
        pytest.param(b"\x03\x08ab", id="literal-cut-off"),
        pytest.param(b"\x05\x08abc", id="shorter-than-declared"),
        pytest.param(b"\x02\x08abc", id="longer-than-declared"),
        pytest.param(b"\x06\x08abc\x09\x04", id="copy-from-before-the-start"),
        pytest.param(b"\x06\x08abc\x09\x00", id="copy-from-nowhere"),
        pytest.param(b"\x00\x00a", id="bytes-after-the-end"),
    ],
)
def test_corrupt_block_is_refused(block: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decompress(block, LIMIT)


def test_bomb_is_refused_before_anything_is_inflated() -> None:
    bomb = compress(bytes(LIMIT + 1))
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError, match="declares 16777216 bytes"):
            decompress(bomb, LIMIT)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 100_000


def test_declared_length_beyond_memory_is_refused_by_the_limit() -> None:
    with pytest.raises(RemoteProtocolError, match="declares 4294967295 bytes"):
        decompress(b"\xff\xff\xff\xff\x0f\x00", LIMIT)


@pytest.mark.parametrize("size_bytes", [127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_declared_length_of_one_to_four_bytes_is_read(size_bytes: int) -> None:
    assert decompress(compress(bytes(size_bytes)), size_bytes) == bytes(size_bytes)
