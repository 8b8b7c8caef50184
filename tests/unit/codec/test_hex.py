import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.codec.hex import decode_hex


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", b""),
        ("0x", b""),
        ("00ff", b"\x00\xff"),
        ("0x00ff", b"\x00\xff"),
        ("0X00FF", b"\x00\xff"),
        ("  aAbB\n", b"\xaa\xbb"),
    ],
)
def test_hex_is_read_with_and_without_prefix(text: str, expected: bytes) -> None:
    assert decode_hex(text, "a key") == expected


@pytest.mark.parametrize(
    "text", ["0", "0x0", "0g", "00 ff", "0x 00", "00\tff", "\u0660\u0660", "0x0x00"]
)
def test_other_text_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        decode_hex(text, "a key")
    assert str(caught.value) == "a key is not hexadecimal text"
    assert caught.value.__cause__ is None
