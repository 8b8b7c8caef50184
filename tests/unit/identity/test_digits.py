import base64

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.identity.digits import BASE58, BASE58_FLICKR, BitGroups, LargeNumber

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@pytest.mark.parametrize("raw", [b"", b"x", b"xy", b"xyz", b"wxyz", b"vwxyz", b"\0\xff"])
def test_padded_groups_are_those_of_the_standard_library(raw: bytes) -> None:
    for groups, encoded in (
        (BitGroups(BASE64, padded=True), base64.b64encode(raw)),
        (BitGroups(BASE32, padded=True), base64.b32encode(raw)),
        (BitGroups("0123456789ABCDEF"), base64.b16encode(raw)),
    ):
        text = encoded.decode()
        assert groups.encode(raw) == text
        assert groups.decode(text) == raw
    bare = BitGroups(BASE64)
    assert bare.decode(bare.encode(raw)) == raw
    assert "=" not in bare.encode(raw)


def test_base_2_and_base_8_fill_the_end_with_zeros() -> None:
    assert BitGroups("01").encode(b"\x05") == "00000101"
    assert BitGroups("01234567").encode(b"\xff") == "776"


@pytest.mark.parametrize(
    "text", ["A", "AAAAA", "A===", "AA", "AA=", "AAA", "AAAA=", "AA===", "===="]
)
def test_wrong_length_or_padding_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="length"):
        BitGroups(BASE64, padded=True).decode(text)


@pytest.mark.parametrize("text", ["A", "AAAAA", "AA=="])
def test_wrong_length_without_padding_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        BitGroups(BASE64).decode(text)


@pytest.mark.parametrize("text", ["AA A", "AAA\n", "AA-A", "äAAA", "A=AA"])
def test_letter_outside_the_alphabet_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="letter"):
        BitGroups(BASE64, padded=True).decode(text)


def test_bits_that_only_fill_the_last_letter_may_be_anything() -> None:
    assert BitGroups(BASE64).decode("AB") == BitGroups(BASE64).decode("AA") == b"\0"


def test_alphabet_of_one_case_is_read_in_either() -> None:
    assert BitGroups(BASE32).decode("mzxw6") == b"foo"
    assert LargeNumber("0123456789abcdef").decode("AbC") == b"\x0a\xbc"
    assert BASE58.decode("A") != BASE58.decode("a")


def test_base_58_keeps_leading_zero_bytes() -> None:
    # Examples of the Internet-Draft on Base58.
    assert BASE58.encode(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert BASE58.encode(bytes.fromhex("0000287fb4cd")) == "11233QC4"
    assert BASE58.decode("11233QC4") == bytes.fromhex("0000287fb4cd")
    assert BASE58.encode(b"") == ""
    assert BASE58.decode("") == b""
    assert BASE58.decode("111") == bytes(3)


def test_flickr_exchanges_capitals_and_small_letters() -> None:
    assert BASE58_FLICKR.encode(b"Hello World!") == "2nePN7syqqRkyrH2t"


@pytest.mark.parametrize("letter", ["0", "O", "I", "l", " ", "ß"])
def test_letter_that_looks_like_another_is_none_of_base_58(letter: str) -> None:
    for alphabet in (BASE58, BASE58_FLICKR):
        with pytest.raises(RemoteProtocolError, match="letter"):
            alphabet.decode("2" + letter)
