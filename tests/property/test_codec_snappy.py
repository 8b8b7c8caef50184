"""Snappy under search: what a peer can put into a frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec.snappy import compress, decompress

LIMIT = 4096
DATA = st.binary(max_size=300) | st.binary(min_size=1, max_size=4).map(lambda unit: unit * 300)


@given(DATA)
def test_data_survive_the_round_trip(data: bytes) -> None:
    assert decompress(compress(data), LIMIT) == data


@given(DATA, st.data())
def test_truncated_block_is_refused(data: bytes, draw: st.DataObject) -> None:
    block = compress(data)
    end = draw.draw(st.integers(min_value=0, max_value=len(block) - 1))
    with pytest.raises(RemoteProtocolError):
        decompress(block[:end], LIMIT)


@given(st.binary(max_size=300))
def test_garbage_raises_the_remote_error_or_stays_in_bounds(block: bytes) -> None:
    try:
        inflated = decompress(block, LIMIT)
    except RemoteProtocolError:
        return
    assert len(inflated) <= LIMIT


@given(DATA, st.data(), st.integers(min_value=1, max_value=255))
def test_changed_byte_raises_the_remote_error_or_stays_in_bounds(
    data: bytes, draw: st.DataObject, change: int
) -> None:
    block = bytearray(compress(data))
    block[draw.draw(st.integers(min_value=0, max_value=len(block) - 1))] ^= change
    try:
        inflated = decompress(bytes(block), LIMIT)
    except RemoteProtocolError:
        return
    assert len(inflated) <= LIMIT
