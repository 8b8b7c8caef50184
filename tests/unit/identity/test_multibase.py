import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.identity.multibase import BASES, TEXT_CHARS_MAX, decode, encode

# The specification's own examples.
EXAMPLES = {
    "0": "001111001011001010111001100100000011011010110000101101110011010010010000000100001",
    "7": "7362625631006654133464440102",
    "9": "9573277761329450583662625",
    "f": "f796573206d616e692021",
    "F": "F796573206D616E692021",
    "v": "vf5in683dc5n6i811",
    "V": "VF5IN683DC5N6I811",
    "t": "tf5in683dc5n6i811",
    "T": "TF5IN683DC5N6I811",
    "b": "bpfsxgidnmfxgsibb",
    "B": "BPFSXGIDNMFXGSIBB",
    "c": "cpfsxgidnmfxgsibb",
    "C": "CPFSXGIDNMFXGSIBB",
    "h": "hxf1zgedpcfzg1ebb",
    "k": "k2lcpzo5yikidynfl",
    "K": "K2LCPZO5YIKIDYNFL",
    "z": "z7paNL19xttacUY",
    "Z": "Z7Pznk19XTTzBtx",
    "m": "meWVzIG1hbmkgIQ",
    "M": "MeWVzIG1hbmkgIQ==",
    "u": "ueWVzIG1hbmkgIQ",
    "U": "UeWVzIG1hbmkgIQ==",
}


@pytest.mark.parametrize("prefix", EXAMPLES)
def test_example_of_the_specification(prefix: str) -> None:
    assert encode(prefix, b"yes mani !") == EXAMPLES[prefix]
    assert decode(EXAMPLES[prefix]) == b"yes mani !"


def test_every_base_has_an_example() -> None:
    assert EXAMPLES.keys() == BASES.keys()


@pytest.mark.parametrize("prefix", BASES)
@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\0\x01", b"\xff" * 36])
def test_leading_zero_bytes_survive(prefix: str, raw: bytes) -> None:
    assert decode(encode(prefix, raw)) == raw


@pytest.mark.parametrize("prefix", ["", "p", "1", "\0", "0x", "ä", "zz"])
def test_unknown_base_is_not_written(prefix: str) -> None:
    with pytest.raises(LocalProtocolError, match="prefix"):
        encode(prefix, b"x")


@pytest.mark.parametrize("text", ["", "pabc", "1abc", "\0abc", "-", " zabc"])
def test_unknown_base_is_not_read(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="names no base"):
        decode(text)


def test_novel_is_not_read() -> None:
    with pytest.raises(RemoteProtocolError, match="2048"):
        decode("z" * (TEXT_CHARS_MAX + 1))
