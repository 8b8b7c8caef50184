"""Message ids: over raw bytes, with the uncompressed key in front."""

from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.message_id import message_id, message_id_text
from unit.payloads.people import ANNA


def test_id_is_over_the_key_and_the_bytes() -> None:
    key = public_key(ANNA)
    assert message_id(key, b"raw") == keccak256(b"\x04" + key.raw + b"raw")


def test_without_an_author_the_id_is_over_the_bytes_alone() -> None:
    assert message_id(None, b"raw") == keccak256(b"raw")


def test_text_has_sixty_four_lower_case_digits() -> None:
    text = message_id_text(message_id(None, b""))
    assert text == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
