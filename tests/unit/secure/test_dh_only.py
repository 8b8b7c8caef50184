"""Messages without a session: who opens them, and what is refused."""

import pytest

from sottovoce.base.errors import DecryptionError, InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.dh_only import OVERHEAD_BYTES, open_dh_only, seal_dh_only
from vectors.scripted_entropy import SeededEntropy

BOB, EVE = PrivateKey(b"\x01" * 32), PrivateKey(b"\x02" * 32)
HEADER, SEALED = seal_dh_only(secp256k1.public_key(BOB), b"hello", entropy=SeededEntropy())


def test_recipient_opens() -> None:
    assert open_dh_only(BOB, HEADER, SEALED) == b"hello"
    assert len(SEALED) == len(b"hello") + OVERHEAD_BYTES


def test_empty_content_is_content() -> None:
    header, sealed = seal_dh_only(secp256k1.public_key(BOB), b"", entropy=SeededEntropy())
    assert len(sealed) == 28
    assert open_dh_only(BOB, header, sealed) == b""


def test_nobody_else_opens() -> None:
    with pytest.raises(DecryptionError):
        open_dh_only(EVE, HEADER, SEALED)


@pytest.mark.parametrize("size", [0, 11, 12, 27])
def test_too_short_content_is_refused(size: int) -> None:
    with pytest.raises(DecryptionError):
        open_dh_only(BOB, HEADER, bytes(size))


@pytest.mark.parametrize("header", [b"", bytes(33), HEADER[:-1], HEADER + b"\x00"])
def test_ephemeral_key_that_is_no_point_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        open_dh_only(BOB, header, SEALED)


def test_recipient_off_the_curve_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        seal_dh_only(PublicKey(b"\x01" * 64), b"", entropy=SeededEntropy())
