"""Both sides of the agreement reach one secret, and nobody else does."""

import pytest

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.x3dh import agree_as_initiator, agree_as_responder

ALICE, EPHEMERAL, BOB, PREKEY, EVE = (PrivateKey(bytes([n]) * 32) for n in range(1, 6))


def public(private: PrivateKey) -> PublicKey:
    return secp256k1.public_key(private)


ACTIVE = agree_as_initiator(
    identity=ALICE, ephemeral=EPHEMERAL, their_identity=public(BOB), their_prekey=public(PREKEY)
)


def test_both_sides_agree() -> None:
    passive = agree_as_responder(
        identity=BOB, prekey=PREKEY, their_identity=public(ALICE), their_ephemeral=public(EPHEMERAL)
    )
    assert passive == ACTIVE


@pytest.mark.parametrize(
    ("identity", "prekey", "sender"),
    [(BOB, PREKEY, EVE), (EVE, PREKEY, ALICE), (BOB, EVE, ALICE)],
    ids=["another sender", "another recipient", "another prekey"],
)
def test_anybody_else_reaches_another_secret(
    identity: PrivateKey, prekey: PrivateKey, sender: PrivateKey
) -> None:
    other = agree_as_responder(
        identity=identity,
        prekey=prekey,
        their_identity=public(sender),
        their_ephemeral=public(EPHEMERAL),
    )
    assert other != ACTIVE


def test_point_off_the_curve_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        agree_as_initiator(
            identity=ALICE,
            ephemeral=EPHEMERAL,
            their_identity=public(BOB),
            their_prekey=PublicKey(b"\x01" * 64),
        )


def test_text_form_hides_the_secret() -> None:
    assert repr(ACTIVE) == "SymmetricKey()"
