"""Key derivation: the concatenation KDF of ECIES, PBKDF2, scrypt, and HMAC-SHA512 for key trees.

Spec: NIST SP 800-56A section 5.8.1 (one block); RFC 8018 section 5.2; RFC 7914; RFC 2104.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sottovoce.crypto.hashes import sha256


def concat_kdf_32(shared_secret: bytes) -> bytes:
    """Derive 32 bytes: SHA-256 of the counter 1 (four bytes) and the shared secret."""
    return sha256(b"\x00\x00\x00\x01" + shared_secret)


def pbkdf2_sha256(password: bytes, salt: bytes, *, iterations: int, size_bytes: int) -> bytes:
    """Derive `size_bytes` bytes from a password; the interpreter lock is released meanwhile."""
    kdf = PBKDF2HMAC(algorithm=SHA256(), length=size_bytes, salt=salt, iterations=iterations)
    return kdf.derive(password)


def pbkdf2_sha512(password: bytes, salt: bytes, *, iterations: int, size_bytes: int) -> bytes:
    """Derive `size_bytes` bytes from a password; the interpreter lock is released meanwhile."""
    kdf = PBKDF2HMAC(algorithm=SHA512(), length=size_bytes, salt=salt, iterations=iterations)
    return kdf.derive(password)


def scrypt(password: bytes, salt: bytes, *, n: int, r: int, p: int, size_bytes: int) -> bytes:
    """Derive `size_bytes` bytes from a password; the interpreter lock is released meanwhile.

    It takes 128 * n * r bytes of memory. Whoever gets the parameters from elsewhere bounds them
    first.

    Args:
        password: Any bytes.
        salt: Any bytes.
        n: The cost, a power of two above 1.
        r: The size of a block.
        p: How often all is done.
        size_bytes: How much to derive.
    """
    return Scrypt(salt=salt, length=size_bytes, n=n, r=r, p=p).derive(password)


def hmac_sha512(key: bytes, data: bytes) -> bytes:
    """Return the 64 bytes of HMAC-SHA512."""
    return hmac.digest(key, data, hashlib.sha512)
