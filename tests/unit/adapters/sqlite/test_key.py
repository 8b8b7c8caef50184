"""Passwords and keys."""

import pytest

from sottovoce.adapters.sqlite.key import DatabasePassword, derive_key
from sottovoce.base.errors import LocalProtocolError

SALT = bytes(range(16))


def test_key_is_what_sqlcipher_derives() -> None:
    # PBKDF2 with HMAC-SHA-512, computed with Python's hashlib.
    key = derive_key(DatabasePassword("pässword"), SALT, iterations=2)
    assert key.pragma == (
        "x'b51d6a283f942d40ad5b693f4b63b38c4034a31dce6d9a99c9a37395d27f3b4d000102030405060708090a0b0c0d0e0f'"
    )


@pytest.mark.parametrize("text", ["", "\ud800"])
def test_password_that_nobody_can_type_is_none(text: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        DatabasePassword(text)
    assert caught.value.__context__ is None


def test_neither_password_nor_key_is_shown() -> None:
    password = DatabasePassword("secret")
    key = derive_key(password, SALT, iterations=1)
    assert "secret" not in repr(password)
    assert key.key.raw.hex()[:8] not in repr(key)
