"""Who has the negotiated secret, and who says so."""

from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.agreed_secret import is_agreed, negotiated_secret, negotiates
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.installations import Peer

ALICE, BOB = PrivateKey(b"\x01" * 32), PrivateKey(b"\x02" * 32)
SECRET = SymmetricKey(b"\x03" * 32)


def bundle(**versions: int) -> Bundle:
    return Bundle(b"", {name: SignedPrekey(b"", 1, n) for name, n in versions.items()}, 0, b"")


def test_both_sides_compute_the_same_secret() -> None:
    ours = negotiated_secret(ALICE, secp256k1.public_key(BOB), Peer())
    assert ours == negotiated_secret(BOB, secp256k1.public_key(ALICE), Peer())


def test_stored_secret_is_not_computed_again() -> None:
    assert negotiated_secret(ALICE, secp256k1.public_key(BOB), Peer(secret=SECRET)) == SECRET


def test_agreed_means_every_installation_and_at_least_one() -> None:
    peer = Peer(agreed=("a", "b"))
    assert is_agreed(peer, ["a", "b"])
    assert not is_agreed(peer, ["a", "c"])
    assert not is_agreed(peer, [])


def test_first_bundle_with_prekeys_says_whether_the_sender_negotiates() -> None:
    assert negotiates([bundle(), bundle(phone=1)], "phone")
    assert not negotiates([bundle(other=1), bundle(phone=1)], "phone")
    assert not negotiates([bundle(phone=0)], "phone")
    assert not negotiates([bundle(**{"": 1})], "")
    assert not negotiates([], "phone")
