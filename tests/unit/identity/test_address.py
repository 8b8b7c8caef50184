import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto.secp256k1 import GENERATOR
from sottovoce.identity.address import Address, address_of, parse_address

# The examples of EIP-55.
EXAMPLES = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_address_is_written_with_its_checksum(text: str) -> None:
    assert str(parse_address(text)) == text
    assert parse_address(text.lower()) == parse_address(text) == parse_address(text[2:])


def test_address_of_a_key_is_the_end_of_its_hash() -> None:
    assert str(address_of(GENERATOR)) == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"


def test_wrong_case_breaks_the_checksum() -> None:
    with pytest.raises(RemoteProtocolError, match="checksum"):
        parse_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")


@pytest.mark.parametrize(
    "text", ["", "0x", "0X" + "00" * 20, "00" * 19, "00" * 21, "0x" + "0g" * 20]
)
def test_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="40 hexadecimal digits"):
        parse_address(text)


@pytest.mark.parametrize("size_bytes", [0, 19, 21, 32])
def test_address_of_another_length_is_refused(size_bytes: int) -> None:
    with pytest.raises(RemoteProtocolError, match="20 bytes"):
        Address(bytes(size_bytes))


def test_repr_shows_no_whole_address() -> None:
    assert repr(address_of(GENERATOR)) == "Address(7e5f4552…)"
