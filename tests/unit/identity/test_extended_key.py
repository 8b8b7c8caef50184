import pytest

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.hashes import sha256
from sottovoce.identity.derivation import parse_path
from sottovoce.identity.digits import BASE58
from sottovoce.identity.extended_key import (
    DEPTH_MAX,
    HARDENED,
    ExtendedPrivateKey,
    master_key,
    parse_extended_key,
)
from sottovoce.identity.mnemonic import Seed

# BIP-32, test vectors 1 and 3 (the latter needs children with leading zeros to be padded).
SEED_1 = Seed(bytes.fromhex("000102030405060708090a0b0c0d0e0f"))
SEED_3 = Seed(
    bytes.fromhex(
        "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4ac"
        "ba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be"
    )
)
KEYS = [
    (
        SEED_1,
        "m",
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
    ),
    (
        SEED_1,
        "m/0'/1/2'/2/1000000000",
        "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76",
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
    ),
    (
        SEED_3,
        "m/0'",
        "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L",
        "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y",
    ),
]


@pytest.mark.parametrize(("seed", "path", "private", "public"), KEYS)
def test_key_is_that_of_the_standard(seed: Seed, path: str, private: str, public: str) -> None:
    key = master_key(seed).descendant(parse_path(path).indices)
    assert key.private_text() == private
    assert key.public_text() == public
    assert parse_extended_key(private) == key


def test_hardened_child_differs_from_the_other() -> None:
    master = master_key(SEED_1)
    assert master.child(0).private != master.child(HARDENED).private


@pytest.mark.parametrize("index", [-1, 1 << 32])
def test_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(LocalProtocolError, match="out of range"):
        master_key(SEED_1).child(index)


def test_tree_has_an_end() -> None:
    deepest = ExtendedPrivateKey(PrivateKey(b"\x01" * 32), bytes(32), depth=DEPTH_MAX)
    with pytest.raises(LocalProtocolError, match="out of range"):
        deepest.child(0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"chain_code": bytes(31)},
        {"chain_code": bytes(32), "parent_fingerprint": bytes(5)},
        {"chain_code": bytes(32), "depth": 256},
        {"chain_code": bytes(32), "index": 1 << 32},
    ],
)
def test_impossible_key_is_refused(wrong: dict[str, bytes]) -> None:
    with pytest.raises(LocalProtocolError):
        ExtendedPrivateKey(PrivateKey(b"\x01" * 32), **wrong)  # type: ignore[arg-type]


def serialized(hexadecimal: str) -> str:
    raw = bytes.fromhex(hexadecimal)
    return BASE58.encode(raw + sha256(sha256(raw))[:4])


# BIP-32, test vector 5: every one of them must be refused; made again here from their bytes.
PLACE = "00" + "00" * 4 + "00" * 4
CODE = "11" * 32
VALID_KEY = "00" + "22" * 32


def test_text_made_by_hand_is_read() -> None:
    text = serialized("0488ade4" + PLACE + CODE + VALID_KEY)
    assert parse_extended_key(text).chain_code == bytes.fromhex(CODE)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("0488b21e" + PLACE + CODE + "02" + "22" * 32, "not a private one"),
        ("04358394" + PLACE + CODE + VALID_KEY, "not a private one"),
        ("0488ade4" + PLACE + CODE + "04" + "22" * 32, "not a private one"),
        ("0488ade4" + PLACE + CODE + "00" * 33, "zero"),
        ("0488ade4" + PLACE + CODE + "00" + "ff" * 32, "order"),
        ("0488ade4" + "00" + "01" * 4 + "00" * 4 + CODE + VALID_KEY, "without a parent"),
        ("0488ade4" + "00" + "00" * 4 + "00000001" + CODE + VALID_KEY, "without a parent"),
    ],
)
def test_text_with_a_wrong_part_is_refused(content: str, what: str) -> None:
    with pytest.raises(RemoteProtocolError, match=what):
        parse_extended_key(serialized(content))


def test_changed_letter_breaks_the_checksum() -> None:
    text = KEYS[0][2]
    with pytest.raises(RemoteProtocolError, match="checksum"):
        parse_extended_key(text[:-1] + "j")


@pytest.mark.parametrize("text", ["", "xprv", KEYS[0][2] + "i", KEYS[0][2][:-1], "0" * 111])
def test_text_of_another_form_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse_extended_key(text)
    assert not text or text not in str(caught.value)


def test_extended_key_hides_what_it_holds() -> None:
    key = master_key(SEED_1)
    text = repr(key)
    assert key.private.raw.hex() not in text
    assert "chain_code" not in text
    assert "xprv" not in text


def test_master_key_out_of_range_is_an_error_of_keys() -> None:
    with pytest.raises(InvalidKeyError):
        parse_extended_key(serialized("0488ade4" + PLACE + CODE + "00" + "ff" * 32))
