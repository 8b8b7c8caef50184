"""The curve: keys, shared secrets, signatures. libsecp256k1 does all the arithmetic.

Keys enter here: `private_key` and the two parsers decide what is a key and what is not, so that a
point off the curve never reaches any arithmetic. The library is driven through coincurve's own
binding: coincurve's public classes compute two public keys for each private key they wrap, and
their multiplication takes a time that depends on the secret, which `secp256k1_ecdh` does not.

Spec: SEC 1 (points, ECDH), RFC 6979 (deterministic nonces); signatures are r || s || v with low s.
"""

from functools import lru_cache
from typing import Any, Final, TypeAlias

from coincurve._libsecp256k1 import ffi, lib
from coincurve.context import GLOBAL_CONTEXT

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import KEY_BYTES, PrivateKey

SIGNATURE_BYTES: Final = 65
COMPACT_SIGNATURE_BYTES: Final = 64
UNCOMPRESSED_BYTES: Final = 65
UNCOMPRESSED_PREFIX: Final = 0x04
COMPRESSED_BYTES: Final = 33

# The point G of SEC 2, a valid public key that belongs to nobody (its private key is 1).
GENERATOR: Final = PublicKey(
    bytes.fromhex(
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
    )
)

_RECOVERY_ID_MAX: Final = 3
_DIGEST_BYTES: Final = 32
_COORDINATE_BYTES: Final = 32
_CONTEXT: Final = GLOBAL_CONTEXT.ctx

# A node has one key of its own and a person a few hundred at most. With more of them in use, some
# public keys are computed again each time, 20 us each.
_KEPT_KEYS_MAX: Final = 256

# What the binding hands out has no types; it never leaves this module.
_Handle: TypeAlias = Any


@ffi.callback("int(unsigned char *, const unsigned char *, const unsigned char *, void *)")  # type: ignore[untyped-decorator]
def _copy_x(output: _Handle, x: _Handle, _y: _Handle, _data: _Handle) -> int:
    ffi.memmove(output, x, _COORDINATE_BYTES)
    return 1


def private_key(raw: bytes) -> PrivateKey:
    """Make a private key of 32 big-endian bytes.

    Raises:
        InvalidKeyError: Another length, zero, or not below the order of the curve.
    """
    key = PrivateKey(raw)
    if not lib.secp256k1_ec_seckey_verify(_CONTEXT, raw):
        raise InvalidKeyError("a private key is not below the order of the curve")
    return key


def generate_private_key(entropy: Entropy) -> PrivateKey:
    """Draw a private key."""
    while True:
        raw = entropy.take(KEY_BYTES)
        if lib.secp256k1_ec_seckey_verify(_CONTEXT, raw):
            return PrivateKey(raw)


def public_key(private: PrivateKey) -> PublicKey:
    """Return the public key that belongs to a private key.

    Raises:
        InvalidKeyError: The private key is not below the order of the curve.
    """
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ec_pubkey_create(_CONTEXT, point, private.raw):
        raise InvalidKeyError("a private key is not below the order of the curve")
    return PublicKey(_serialize(point, UNCOMPRESSED_BYTES, lib.SECP256K1_EC_UNCOMPRESSED)[1:])


def add_to_private_key(private: PrivateKey, number: bytes) -> PrivateKey:
    """Return the private key plus a number of 32 big-endian bytes, modulo the curve's order.

    Raises:
        InvalidKeyError: The number has another length or is not below the order, or the sum is 0.
    """
    if len(number) != KEY_BYTES:
        raise InvalidKeyError(f"what is added to a key has {KEY_BYTES} bytes, not {len(number)}")
    output = ffi.new(f"unsigned char[{KEY_BYTES}]", private.raw)
    if not lib.secp256k1_ec_seckey_tweak_add(_CONTEXT, output, number):
        raise InvalidKeyError("the sum of a private key and this number is no private key")
    return PrivateKey(_bytes(output))


@lru_cache(maxsize=_KEPT_KEYS_MAX)
def kept_public_key(private: PrivateKey) -> PublicKey:
    """Return the public key of a private key that is used again and again, computed once.

    It is for keys that are kept anyway: a node's own, and those that open messages. A key that
    must be forgotten after its use goes to `public_key`, which remembers nothing.

    Raises:
        InvalidKeyError: The private key is not below the order of the curve.
    """
    return public_key(private)


def parse_public_key(raw: bytes) -> PublicKey:
    """Read 65 bytes 04 || x || y or 64 bytes x || y.

    Raises:
        InvalidKeyError: Another form or length, or the point is not on the curve.
    """
    if len(raw) == UNCOMPRESSED_BYTES and raw[0] == UNCOMPRESSED_PREFIX:
        raw = raw[1:]
    key = PublicKey(raw)
    _point(key)
    return key


def decompress(raw: bytes) -> PublicKey:
    """Read the 33 bytes 02 || x or 03 || x.

    Raises:
        InvalidKeyError: Another form or length, or no point of the curve has this x.
    """
    point = ffi.new("secp256k1_pubkey *")
    if (
        len(raw) != COMPRESSED_BYTES
        or raw[0] not in (0x02, 0x03)
        or not lib.secp256k1_ec_pubkey_parse(_CONTEXT, point, raw, len(raw))
    ):
        raise InvalidKeyError("a compressed public key is not a point of the curve")
    return PublicKey(_serialize(point, UNCOMPRESSED_BYTES, lib.SECP256K1_EC_UNCOMPRESSED)[1:])


def compress(key: PublicKey) -> bytes:
    """Return the 33 bytes 02 || x or 03 || x."""
    return _serialize(_point(key), COMPRESSED_BYTES, lib.SECP256K1_EC_COMPRESSED)


def shared_x(private: PrivateKey, public: PublicKey) -> bytes:
    """Return the x coordinate of the Diffie-Hellman point, 32 bytes, left-padded with zeros.

    Raises:
        InvalidKeyError: The public key is not on the curve.
    """
    output = ffi.new(f"unsigned char[{_COORDINATE_BYTES}]")
    done = lib.secp256k1_ecdh(_CONTEXT, output, _point(public), private.raw, _copy_x, ffi.NULL)
    if not done:
        raise InvalidKeyError("a private key is not below the order of the curve")
    return _bytes(output)


def sign(private: PrivateKey, digest: bytes) -> bytes:
    """Sign a digest of 32 bytes; returns the 65 bytes r || s || v with v from 0 to 3.

    Raises:
        InvalidKeyError: The private key is not below the order of the curve.
    """
    assert len(digest) == _DIGEST_BYTES
    signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    signed = lib.secp256k1_ecdsa_sign_recoverable(
        _CONTEXT, signature, digest, private.raw, ffi.NULL, ffi.NULL
    )
    if not signed:
        raise InvalidKeyError("a private key is not below the order of the curve")
    output = ffi.new(f"unsigned char[{COMPACT_SIGNATURE_BYTES}]")
    recovery_id = ffi.new("int *")
    lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(
        _CONTEXT, output, recovery_id, signature
    )
    return _bytes(output) + bytes((recovery_id[0],))


def recover(digest: bytes, signature: bytes) -> PublicKey:
    """Return the public key whose private half made this signature of 65 bytes.

    Raises:
        InvalidKeyError: The signature has another length, a recovery id above 3, or fits no key.
    """
    assert len(digest) == _DIGEST_BYTES
    if len(signature) != SIGNATURE_BYTES or signature[-1] > _RECOVERY_ID_MAX:
        raise InvalidKeyError("a signature has a wrong length or recovery id")
    parsed = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ecdsa_recoverable_signature_parse_compact(
        _CONTEXT, parsed, signature[:-1], signature[-1]
    ) or not lib.secp256k1_ecdsa_recover(_CONTEXT, point, parsed, digest):
        raise InvalidKeyError("a signature fits no key")
    return PublicKey(_serialize(point, UNCOMPRESSED_BYTES, lib.SECP256K1_EC_UNCOMPRESSED)[1:])


def verify(key: PublicKey, digest: bytes, signature: bytes) -> None:
    """Check a signature of 64 bytes r || s with low s.

    Raises:
        InvalidKeyError: The signature has another length, a high s, or does not fit.
    """
    assert len(digest) == _DIGEST_BYTES
    parsed = ffi.new("secp256k1_ecdsa_signature *")
    if (
        len(signature) != COMPACT_SIGNATURE_BYTES
        or not lib.secp256k1_ecdsa_signature_parse_compact(_CONTEXT, parsed, signature)
        or not lib.secp256k1_ecdsa_verify(_CONTEXT, parsed, digest, _point(key))
    ):
        raise InvalidKeyError("a signature does not fit")


def _point(key: PublicKey) -> _Handle:
    point = ffi.new("secp256k1_pubkey *")
    raw = key.uncompressed
    if not lib.secp256k1_ec_pubkey_parse(_CONTEXT, point, raw, len(raw)):
        raise InvalidKeyError("a public key is not a point of the curve")
    return point


def _serialize(point: _Handle, size_bytes: int, form: int) -> bytes:
    output = ffi.new(f"unsigned char[{size_bytes}]")
    length = ffi.new("size_t *", size_bytes)
    lib.secp256k1_ec_pubkey_serialize(_CONTEXT, output, length, point, form)
    return _bytes(output)


def _bytes(array: _Handle) -> bytes:
    # One copy; `bytes(array)` would make an integer of each element first.
    copied: bytes = ffi.buffer(array)[:]
    return copied
