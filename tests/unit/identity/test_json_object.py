import sys

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.identity.json_object import DEPTH_MAX, decode_object


def test_object_is_read() -> None:
    assert decode_object(b' {"a": [1, {"b": "]}"}], "\xc3\xa4": null} ') == {
        "a": [1, {"b": "]}"}],
        "ä": None,
    }


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_depth_has_an_end() -> None:
    decode_object(nested(DEPTH_MAX))
    with pytest.raises(RemoteProtocolError, match="deep"):
        decode_object(nested(DEPTH_MAX + 1))


def test_brackets_in_texts_do_not_count() -> None:
    assert decode_object(b'{"a":"[[[[[[[[[[[[[[[[[[[[[[\\"[[[["}') == {"a": "[" * 22 + '"[[[['}


def test_raised_recursion_limit_crashes_nothing() -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    try:
        for letters in (b"[", b'{"a":', b'["\\"",['):
            with pytest.raises(RemoteProtocolError, match="deep"):
                decode_object(letters * 200_000)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"}",
        b"[]",
        b"null",
        b"3",
        b'"x"',
        b"\xff\xfe",
        b"9" * 5000,
        b'{"a":1}x',
        b"{'a':1}",
    ],
)
def test_what_is_no_object_is_refused(document: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="JSON"):
        decode_object(document)


def test_unclosed_string_costs_no_more_than_its_length() -> None:
    # The square of a megabyte would take an hour.
    with pytest.raises(RemoteProtocolError, match="no JSON"):
        decode_object(b'\\"' * 524_288)


def test_string_that_ends_with_a_backslash_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="no JSON"):
        decode_object(b'{"a": "b\\')
