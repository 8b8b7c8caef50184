"""The derivation: which input lands on which side."""

import pytest

from sottovoce.crypto.hashes import keccak256
from sottovoce.devp2p.events import Role
from sottovoce.devp2p.secrets import FrameSecrets, derive, shared_secret, xor

SHARED = b"s" * 32
INITIATOR_NONCE = b"\x01" * 32
RECIPIENT_NONCE = b"\x02" * 32


def secrets_of(role: Role) -> FrameSecrets:
    return derive(
        role,
        ephemeral_shared=SHARED,
        initiator_nonce=INITIATOR_NONCE,
        recipient_nonce=RECIPIENT_NONCE,
        auth_packet=b"auth",
        ack_packet=b"ack",
    )


def test_recipient_nonce_comes_first_in_the_shared_secret() -> None:
    assert shared_secret(
        ephemeral_shared=SHARED,
        initiator_nonce=INITIATOR_NONCE,
        recipient_nonce=RECIPIENT_NONCE,
    ) == keccak256(SHARED + keccak256(RECIPIENT_NONCE + INITIATOR_NONCE))


def test_egress_of_the_initiator_starts_with_the_other_nonce_and_the_auth_packet() -> None:
    secrets = secrets_of(Role.INITIATOR)
    start = bytes(byte ^ 0x02 for byte in secrets.mac_secret) + b"auth"
    assert secrets.egress_mac.digest() == keccak256(start)


def test_egress_of_one_side_is_ingress_of_the_other() -> None:
    initiator, recipient = secrets_of(Role.INITIATOR), secrets_of(Role.RECIPIENT)
    assert initiator.egress_mac.digest() == recipient.ingress_mac.digest()
    assert initiator.ingress_mac.digest() == recipient.egress_mac.digest()
    assert initiator.egress_mac.digest() != initiator.ingress_mac.digest()


def test_no_secret_shows_in_the_text_form() -> None:
    assert repr(secrets_of(Role.INITIATOR)) == "FrameSecrets()"


def test_xor_keeps_leading_zeros() -> None:
    assert xor(b"\x01\x02\xf0", b"\x01\x03\x0f") == b"\x00\x01\xff"
    assert xor(b"", b"") == b""


def test_xor_of_different_lengths_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        xor(b"\x01", b"\x01\x02")
