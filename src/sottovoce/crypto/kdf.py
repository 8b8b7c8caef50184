"""Key derivation: the concatenation KDF of ECIES, and PBKDF2.

Spec: NIST SP 800-56A section 5.8.1 (one block); RFC 8018 section 5.2.
"""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from sottovoce.crypto.hashes import sha256


def concat_kdf_32(shared_secret: bytes) -> bytes:
    """Derive 32 bytes: SHA-256 of the counter 1 (four bytes) and the shared secret."""
    return sha256(b"\x00\x00\x00\x01" + shared_secret)


def pbkdf2_sha256(password: bytes, salt: bytes, *, iterations: int, size_bytes: int) -> bytes:
    """Derive `size_bytes` bytes from a password; the interpreter lock is released meanwhile."""
    kdf = PBKDF2HMAC(algorithm=SHA256(), length=size_bytes, salt=salt, iterations=iterations)
    return kdf.derive(password)
