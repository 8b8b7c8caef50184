import tracemalloc

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.codec.rlp import DEPTH_MAX, RlpItem, decode, encode

# The examples of Ethereum's description of RLP, and the edges between the short and long forms.
PAIRS: list[tuple[rlp.Encodable, RlpItem, bytes]] = [
    (b"dog", b"dog", b"\x83dog"),
    ([b"cat", b"dog"], [b"cat", b"dog"], b"\xc8\x83cat\x83dog"),
    (b"", b"", b"\x80"),
    ([], [], b"\xc0"),
    (0, b"", b"\x80"),
    (b"\x00", b"\x00", b"\x00"),
    (b"\x0f", b"\x0f", b"\x0f"),
    (b"\x7f", b"\x7f", b"\x7f"),
    (b"\x80", b"\x80", b"\x81\x80"),
    (15, b"\x0f", b"\x0f"),
    (127, b"\x7f", b"\x7f"),
    (128, b"\x80", b"\x81\x80"),
    (1024, b"\x04\x00", b"\x82\x04\x00"),
    ([[], [[]], [[], [[]]]], [[], [[]], [[], [[]]]], bytes.fromhex("c7c0c1c0c3c0c1c0")),
    (b"a" * 55, b"a" * 55, b"\xb7" + b"a" * 55),
    (b"a" * 56, b"a" * 56, b"\xb8\x38" + b"a" * 56),
    (b"a" * 256, b"a" * 256, b"\xb9\x01\x00" + b"a" * 256),
    ([b"a"] * 55, [b"a"] * 55, b"\xf7" + b"a" * 55),
    ([b"a"] * 56, [b"a"] * 56, b"\xf8\x38" + b"a" * 56),
]


@pytest.mark.parametrize(("value", "item", "encoded"), PAIRS)
def test_published_examples_go_both_ways(
    value: rlp.Encodable, item: RlpItem, encoded: bytes
) -> None:
    assert encode(value) == encoded
    assert decode(encoded) == item


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param("", id="nothing"),
        pytest.param("8100", id="single-byte-in-long-form"),
        pytest.param("817f", id="largest-single-byte-in-long-form"),
        pytest.param("b800", id="long-form-of-the-empty-string"),
        pytest.param("b837" + "61" * 55, id="long-form-of-a-short-string"),
        pytest.param("f837" + "61" * 55, id="long-form-of-a-short-list"),
        pytest.param("b90038" + "61" * 56, id="leading-zero-in-a-string-length"),
        pytest.param("f90038" + "61" * 56, id="leading-zero-in-a-list-length"),
        pytest.param("b8", id="string-length-missing"),
        pytest.param("f8", id="list-length-missing"),
        pytest.param("b901", id="length-cut-off"),
        pytest.param("82aa", id="string-cut-off"),
        pytest.param("c2aa", id="list-cut-off"),
        pytest.param("c2820102", id="item-reaches-over-its-list"),
        pytest.param("c28201", id="item-reaches-over-the-end"),
        pytest.param("c18100", id="non-canonical-item-in-a-list"),
        pytest.param("8080", id="a-second-item"),
        pytest.param("c000", id="bytes-after-a-list"),
        pytest.param("bfffffffffffffffff", id="string-of-16-exabytes"),
        pytest.param("ffffffffffffffffff", id="list-of-16-exabytes"),
    ],
)
def test_other_spelling_is_refused(encoded: str) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(bytes.fromhex(encoded))


def nested(depth: int) -> bytes:
    encoded = b"\xc0"
    for _ in range(depth - 1):
        encoded = rlp.encode_list([encoded])
    return encoded


def test_deepest_allowed_nesting_is_read() -> None:
    item = decode(nested(DEPTH_MAX))
    for _ in range(DEPTH_MAX - 1):
        assert isinstance(item, list)
        assert len(item) == 1
        item = item[0]
    assert item == []


def test_one_list_deeper_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="nest deeper"):
        decode(nested(DEPTH_MAX + 1))


def test_depth_bomb_is_refused_without_exhausting_the_stack() -> None:
    bomb = nested(20_000)
    with pytest.raises(RemoteProtocolError, match="nest deeper"):
        decode(bomb)
    with pytest.raises(RemoteProtocolError, match="nest deeper"):
        rlp.decode_prefix(bomb)


@pytest.mark.parametrize("encoded", ["bb7fffffff", "fb7fffffff00", "ba7fffff" + "00" * 100])
def test_huge_announced_length_reserves_nothing(encoded: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            decode(bytes.fromhex(encoded))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 50_000


def test_negative_integer_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        encode(-1)


def test_prefix_is_read_and_the_rest_is_left() -> None:
    assert rlp.decode_prefix(b"\xc2\x01\x02rest") == ([b"\x01", b"\x02"], 3)


def test_items_of_a_list_are_found_with_their_headers() -> None:
    encoded = encode([b"a", b"dog", [b"x"]])
    assert [encoded[start:end] for start, end in rlp.split_list(encoded)] == [
        b"a",
        b"\x83dog",
        b"\xc1x",
    ]


@pytest.mark.parametrize("encoded", ["80", "c000", "c2", "c28100", "c1c1"])
def test_what_is_not_one_list_is_not_split(encoded: str) -> None:
    with pytest.raises(RemoteProtocolError):
        rlp.split_list(bytes.fromhex(encoded))


def test_list_is_taken_for_a_list_only() -> None:
    assert rlp.as_list([b"a"], "a list") == [b"a"]
    with pytest.raises(RemoteProtocolError, match="a list: expected a list"):
        rlp.as_list(b"a", "a list")


def test_bytes_are_taken_for_bytes_of_the_right_length_only() -> None:
    assert rlp.as_bytes(b"abc", "a name") == b"abc"
    assert rlp.as_bytes(b"abc", "a name", 3) == b"abc"
    with pytest.raises(RemoteProtocolError, match="expected a string"):
        rlp.as_bytes([], "a name")
    with pytest.raises(RemoteProtocolError, match="expected 4 bytes, got 3"):
        rlp.as_bytes(b"abc", "a name", 4)


@pytest.mark.parametrize(
    ("raw", "value"), [(b"", 0), (b"\x01", 1), (b"\x01\x00", 256), (b"\xff" * 8, 2**64 - 1)]
)
def test_integer_is_read_from_its_shortest_form(raw: bytes, value: int) -> None:
    assert rlp.as_uint(raw, "a number") == value


@pytest.mark.parametrize("raw", [b"\x00", b"\x00\x01", b"\x01" + bytes(8)])
def test_integer_with_leading_zeros_or_too_wide_is_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="a number"):
        rlp.as_uint(raw, "a number")


def test_width_of_an_integer_is_the_callers() -> None:
    assert rlp.as_uint(b"\xff" * 4, "a number", 32) == 2**32 - 1
    with pytest.raises(RemoteProtocolError, match="wider than 32 bits"):
        rlp.as_uint(b"\x01" + bytes(4), "a number", 32)


def test_list_is_no_integer() -> None:
    with pytest.raises(RemoteProtocolError):
        rlp.as_uint([], "a number")


def test_list_in_the_place_of_a_string_is_refused_by_its_header() -> None:
    assert rlp.decode_string(b"\x83abcrest", "a name") == b"abc"
    with pytest.raises(RemoteProtocolError, match="a name: expected a string"):
        rlp.decode_string(b"\xc2\xff\xff", "a name")
    with pytest.raises(RemoteProtocolError, match="expected 4 bytes, got 3"):
        rlp.decode_string(b"\x83abc", "a name", 4)


def test_items_are_read_one_behind_the_other() -> None:
    data = b"\xc6\x83abc\xc1\x05"
    at, end = rlp.read_list(data, 0, len(data), "a list")
    string, at = rlp.read_string(data, at, end, "a name")
    assert (string, rlp.read_list(data, at, end, "a list")) == (b"abc", (6, 7))
    with pytest.raises(RemoteProtocolError, match="a list: expected a list"):
        rlp.read_list(data, 1, end, "a list")
    with pytest.raises(RemoteProtocolError, match="missing"):
        rlp.read_string(data, end, end, "a name")
