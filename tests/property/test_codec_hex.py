"""Hex text under search."""

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError
from sottovoce.codec.hex import decode_hex


@given(st.binary(max_size=80), st.sampled_from(["", "0x", "0X"]), st.booleans())
def test_bytes_survive_the_round_trip(data: bytes, prefix: str, upper: bool) -> None:
    digits = data.hex().upper() if upper else data.hex()
    assert decode_hex(f" {prefix}{digits}\n", "data") == data


# Digits, letters on both sides of the last digit, spaces, and digits of another script.
@given(st.text(alphabet="0123456789abcdefABCDEFgGxX \n\t\u00a0\u0660\u00e9", max_size=30))
def test_any_text_has_the_one_meaning_or_is_refused(text: str) -> None:
    try:
        data = decode_hex(text, "data")
    except LocalProtocolError:
        return
    assert text.strip().lower().removeprefix("0x") == data.hex()
