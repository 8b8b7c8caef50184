import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_defunct

from sottovoce.base.errors import InvalidKeyError
from sottovoce.crypto import secp256k1
from sottovoce.identity.address import address_of
from sottovoce.identity.personal_message import (
    personal_digest,
    recover_personal,
    sign_personal,
)

PRIVATE = secp256k1.private_key(b"\x05" * 32)
ADDRESS = address_of(secp256k1.public_key(PRIVATE))


@pytest.mark.parametrize("message", [b"", b"hello", bytes(range(256)) * 5])
def test_signature_is_that_of_another_implementation(message: bytes) -> None:
    theirs = EthAccount.sign_message(encode_defunct(message), PRIVATE.raw)
    assert personal_digest(message) == bytes(theirs.message_hash)
    assert sign_personal(PRIVATE, message) == bytes(theirs.signature)


def test_signer_is_recovered_from_either_habit_of_v() -> None:
    signature = sign_personal(PRIVATE, b"hello")
    assert signature[-1] in (27, 28)
    assert recover_personal(b"hello", signature) == ADDRESS
    plain = signature[:-1] + bytes((signature[-1] - 27,))
    assert recover_personal(b"hello", plain) == ADDRESS


def test_other_message_has_another_signer() -> None:
    signature = sign_personal(PRIVATE, b"hello")
    assert recover_personal(b"hallo", signature) != ADDRESS


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 65, bytes(66)])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        recover_personal(b"hello", signature)


@pytest.mark.parametrize("v", [4, 26, 31, 255])
def test_wrong_recovery_id_is_refused(v: int) -> None:
    signature = sign_personal(PRIVATE, b"hello")
    with pytest.raises(InvalidKeyError, match="recovery id"):
        recover_personal(b"hello", signature[:-1] + bytes((v,)))
