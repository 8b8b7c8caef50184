"""RLP under search: round trip, an independent oracle, and everything a peer can send instead."""

import pytest
import rlp as oracle
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec import rlp

ITEMS = st.recursive(
    st.binary(max_size=70), lambda inner: st.lists(inner, max_size=6), max_leaves=25
)


def depth(item: rlp.RlpItem) -> int:
    if isinstance(item, bytes):
        return 0
    return 1 + max((depth(part) for part in item), default=0)


SHALLOW = ITEMS.filter(lambda item: depth(item) <= rlp.DEPTH_MAX)


def verdict(data: bytes) -> "rlp.RlpItem | None":
    """Decode, or return None for the one error that a decoder may raise."""
    try:
        return rlp.decode(data)
    except RemoteProtocolError:
        return None


def verdict_of_the_oracle(data: bytes) -> "rlp.RlpItem | None":
    try:
        item: rlp.RlpItem = oracle.decode(data, strict=True)
    except (oracle.DecodingError, IndexError):
        return None
    return item


@given(SHALLOW)
def test_item_survives_the_round_trip(item: rlp.RlpItem) -> None:
    assert rlp.decode(rlp.encode(item)) == item


@given(SHALLOW)
def test_encoding_is_that_of_the_oracle(item: rlp.RlpItem) -> None:
    assert rlp.encode(item) == oracle.encode(item)


@given(st.integers(min_value=0, max_value=2**300))
def test_integer_survives_the_round_trip(value: int) -> None:
    encoded = rlp.encode_uint(value)
    assert encoded == oracle.encode(value)
    assert rlp.as_uint(rlp.decode(encoded), "a number", 304) == value


@given(SHALLOW, st.data())
def test_truncated_item_is_refused(item: rlp.RlpItem, data: st.DataObject) -> None:
    encoded = rlp.encode(item)
    end = data.draw(st.integers(min_value=0, max_value=len(encoded) - 1))
    with pytest.raises(RemoteProtocolError):
        rlp.decode(encoded[:end])


@given(SHALLOW, st.binary(min_size=1, max_size=5))
def test_bytes_after_the_end_are_refused_or_left(item: rlp.RlpItem, rest: bytes) -> None:
    encoded = rlp.encode(item)
    with pytest.raises(RemoteProtocolError):
        rlp.decode(encoded + rest)
    assert rlp.decode_prefix(encoded + rest) == (item, len(encoded))


@given(st.binary(max_size=200))
def test_garbage_has_one_spelling_or_none(data: bytes) -> None:
    item = verdict(data)
    if item is not None:
        assert rlp.encode(item) == data


@given(st.binary(max_size=60))
def test_garbage_gets_the_verdict_of_the_oracle(data: bytes) -> None:
    assert verdict(data) == verdict_of_the_oracle(data)


@given(SHALLOW, st.data(), st.integers(min_value=1, max_value=255))
def test_changed_byte_gives_another_item_or_the_remote_error(
    item: rlp.RlpItem, data: st.DataObject, change: int
) -> None:
    encoded = bytearray(rlp.encode(item))
    place = data.draw(st.integers(min_value=0, max_value=len(encoded) - 1))
    encoded[place] ^= change
    changed = verdict(bytes(encoded))
    assert changed != item
    if changed is not None:
        assert rlp.encode(changed) == bytes(encoded)


@given(st.lists(ITEMS, max_size=8))
def test_split_finds_the_encodings_of_the_items(items: list[rlp.RlpItem]) -> None:
    encoded = rlp.encode(items)
    parts = [encoded[start:end] for start, end in rlp.split_list(encoded)]
    assert parts == [rlp.encode(item) for item in items]


@given(st.binary(max_size=200))
def test_split_of_garbage_raises_the_remote_error_or_covers_it(data: bytes) -> None:
    try:
        spans = rlp.split_list(data)
    except RemoteProtocolError:
        return
    assert rlp.encode_list([data[start:end] for start, end in spans]) == data
