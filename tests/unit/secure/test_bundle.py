"""Bundles: what is signed, who may sign, what is refused."""

import contextlib
from dataclasses import replace

import pytest

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.secure.bundle import Bundle, SignedPrekey, sign_bundle, signed_bytes, verify_bundle

IDENTITY = PrivateKey(b"\x21" * 32)
PREKEY = SignedPrekey(secp256k1.compress(secp256k1.GENERATOR), 7, 1)
BUNDLE = sign_bundle(IDENTITY, {"b": PREKEY, "a": PREKEY}, timestamp_ns=5)


def test_signed_bytes_are_id_key_and_version_by_id_and_then_the_timestamp() -> None:
    assert signed_bytes(BUNDLE) == b"a" + PREKEY.key + b"7" + b"b" + PREKEY.key + b"7" + b"5"


def test_timestamp_of_zero_is_not_signed() -> None:
    assert signed_bytes(replace(BUNDLE, timestamp_ns=0)).endswith(PREKEY.key + b"7")


def test_own_signature_verifies() -> None:
    assert verify_bundle(BUNDLE) == secp256k1.public_key(IDENTITY)


@pytest.mark.parametrize(
    "forged",
    [
        replace(BUNDLE, timestamp_ns=6),
        replace(BUNDLE, prekeys={"a": PREKEY}),
        replace(BUNDLE, prekeys={"c": PREKEY, "a": PREKEY}),
        replace(BUNDLE, prekeys={"b": replace(PREKEY, version=8), "a": PREKEY}),
        replace(BUNDLE, identity=PREKEY.key),
    ],
)
def test_changed_bundle_is_refused(forged: Bundle) -> None:
    with pytest.raises(InvalidKeyError):
        verify_bundle(forged)


@pytest.mark.parametrize(
    "signature",
    [b"", BUNDLE.signature[:64], BUNDLE.signature + b"\x00", BUNDLE.signature[:64] + b"\x02",
     BUNDLE.signature[:64] + b"\x1b", bytes(65)],
)  # fmt: skip
def test_signature_of_a_wrong_form_is_refused(signature: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        verify_bundle(replace(BUNDLE, signature=signature))


def test_signature_that_fits_with_a_recovery_id_above_one_is_refused() -> None:
    """Whoever chooses the signature first finds an identity that it fits to."""
    digest = keccak256(signed_bytes(BUNDLE))
    fitting = []
    for number in range(1, 30):
        signature = number.to_bytes(32, "big") + b"\x01" * 32 + b"\x02"
        with contextlib.suppress(InvalidKeyError):
            identity = secp256k1.compress(secp256k1.recover(digest, signature))
            fitting.append(replace(BUNDLE, identity=identity, signature=signature))
    assert fitting
    for forged in fitting:
        with pytest.raises(InvalidKeyError):
            verify_bundle(forged)


@pytest.mark.parametrize(
    "identity", [b"", bytes(33), b"\x05" + PREKEY.key[1:], secp256k1.GENERATOR.uncompressed]
)
def test_identity_that_is_no_compressed_point_is_refused(identity: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        verify_bundle(replace(BUNDLE, identity=identity))


def test_protocol_version_is_not_signed() -> None:
    loose = {name: replace(PREKEY, protocol_version=9) for name in BUNDLE.prekeys}
    assert verify_bundle(replace(BUNDLE, prekeys=loose)) == secp256k1.public_key(IDENTITY)


def test_text_form_names_nobody() -> None:
    assert repr(BUNDLE) == "Bundle(timestamp_ns=5)"
