"""Signatures that name their author: the key is not written anywhere, it is recovered.

A signature with a high s is refused, although the deployed clients take it: anybody can make one
out of a good one, and a group event would then exist twice (docs/spec-deviations.md,
"Signatures of authors").

Spec: status-go protocol/protobuf/pubkey.go; SEC 1, section 4.1.6 (recovery).
"""

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.low_s import check_low_s


def sign_as_author(key: PrivateKey, material: bytes) -> bytes:
    """Sign bytes; returns the 65 bytes r || s || v.

    Raises:
        InvalidKeyError: The private key is not below the order of the curve.
    """
    return secp256k1.sign(key, keccak256(material))


def recover_author(material: bytes, signature: bytes) -> PublicKey:
    """Return who signed these bytes.

    Args:
        material: What was signed.
        signature: 65 bytes r || s || v with v from 0 to 3 and a low s.

    Raises:
        InvalidKeyError: The signature has another length or form, or fits no key.
    """
    author = secp256k1.recover(keccak256(material), signature)
    check_low_s(signature)
    return author
