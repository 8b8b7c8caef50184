"""What opens a database: a password, and the key that SQLCipher 4 derives from it.

The key is derived here and not by SQLite, so that a second connection need not pay for it again.

Spec: www.zetetic.net/sqlcipher/design, "Key Derivation" (version 4).
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto.kdf import pbkdf2_sha512

SALT_BYTES: Final = 16  # the first bytes of the file, in place of SQLite's own magic
# SQLCipher 4's own number: a tenth of a second for us, and for whoever guesses a password.
KDF_ITERATIONS: Final = 256_000
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class DatabasePassword:
    """What locks a database, hidden from logs.

    Attributes:
        text: The password as it was typed; it is not normalised.

    Raises:
        LocalProtocolError: It is empty or has no UTF-8 form.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.text:
            raise LocalProtocolError("a database's password must not be empty")
        if not _has_utf8(self.text):
            raise LocalProtocolError("a password with half of a surrogate pair is none")


@dataclass(frozen=True, slots=True)
class DatabaseKey:
    """The key of one database.

    Attributes:
        key: What SQLCipher derives from the password.
        salt: The salt, 16 bytes; with the key it replaces the password.
    """

    key: SymmetricKey
    salt: bytes

    @property
    def pragma(self) -> str:
        """The value of SQLite's `PRAGMA key`: key and salt in hex, as SQLCipher writes them."""
        return f"x'{self.key.raw.hex()}{self.salt.hex()}'"


def derive_key(password: DatabasePassword, salt: bytes, *, iterations: int) -> DatabaseKey:
    """Derive the key of a database, as SQLCipher 4 does.

    Args:
        password: The password.
        salt: The file's first 16 bytes.
        iterations: Rounds of PBKDF2 with HMAC-SHA-512.
    """
    raw = pbkdf2_sha512(password.text.encode(), salt, iterations=iterations, size_bytes=_KEY_BYTES)
    return DatabaseKey(SymmetricKey(raw), salt)


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
