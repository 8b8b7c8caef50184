import hashlib

import pytest

from sottovoce.crypto.kdf import (
    concat_kdf_32,
    hmac_sha512,
    pbkdf2_sha256,
    pbkdf2_sha512,
    scrypt,
)


@pytest.mark.parametrize(
    ("password", "salt", "iterations", "derived"),
    [
        # RFC 7914, section 11.
        (
            b"passwd",
            b"salt",
            1,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
        ),
        (
            b"Password",
            b"NaCl",
            80_000,
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
            "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        ),
    ],
)
def test_pbkdf2_gives_the_published_keys(
    password: bytes, salt: bytes, iterations: int, derived: str
) -> None:
    assert pbkdf2_sha256(password, salt, iterations=iterations, size_bytes=64).hex() == derived


def test_pbkdf2_takes_an_empty_salt() -> None:
    expected = hashlib.pbkdf2_hmac("sha256", b"password", b"", 7, 32)
    assert pbkdf2_sha256(b"password", b"", iterations=7, size_bytes=32) == expected


def test_concatenation_kdf_hashes_the_counter_first() -> None:
    expected = hashlib.sha256(bytes.fromhex("00000001") + b"\x07" * 32).digest()
    assert concat_kdf_32(b"\x07" * 32) == expected


def test_pbkdf2_sha512_agrees_with_the_standard_library() -> None:
    expected = hashlib.pbkdf2_hmac("sha512", b"password", b"salt", 7, 64)
    assert pbkdf2_sha512(b"password", b"salt", iterations=7, size_bytes=64) == expected


def test_scrypt_gives_the_published_key() -> None:
    # RFC 7914, section 12.
    derived = scrypt(b"password", b"NaCl", n=1024, r=8, p=16, size_bytes=64)
    assert derived.hex() == (
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    )


def test_hmac_sha512_gives_the_published_code() -> None:
    # RFC 4231, case 2.
    assert hmac_sha512(b"Jefe", b"what do ya want for nothing?").hex() == (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )
