"""Cursors: 36 bytes that compare as archives are ordered."""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.mail.cursor import CURSOR_BYTES, Cursor, decode_cursor

LOW, HIGH = EnvelopeHash(b"\x00" * 31 + b"\x01"), EnvelopeHash(b"\xff" * 32)


def test_cursor_is_the_second_and_the_hash() -> None:
    assert Cursor(0x5EC56B70, LOW).encode() == bytes.fromhex("5ec56b70") + LOW
    assert decode_cursor(Cursor(0xFFFFFFFF, HIGH).encode()) == Cursor(0xFFFFFFFF, HIGH)


@pytest.mark.parametrize("size", [0, 1, CURSOR_BYTES - 1, CURSOR_BYTES + 1, 40])
def test_other_lengths_are_no_cursor(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"not {size}"):
        decode_cursor(bytes(size))


def test_places_compare_by_time_and_then_by_hash_as_their_bytes_do() -> None:
    places = [Cursor(1, LOW), Cursor(1, HIGH), Cursor(2, LOW), Cursor(256, LOW)]
    assert sorted(places) == places
    assert sorted(place.encode() for place in places) == [place.encode() for place in places]
