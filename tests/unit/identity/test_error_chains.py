"""No error of this layer carries a secret, wherever in its chain one looks."""

import json
from collections.abc import Callable

import pytest

from error_chain import carried, chain
from seeded import SeededEntropy
from sottovoce.base.errors import SottovoceError
from sottovoce.crypto.aes import AesCtrStream
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.kdf import scrypt
from sottovoce.identity.identicon import identicon_of_text
from sottovoce.identity.json_object import decode_object
from sottovoce.identity.keystore import KeystorePassword, open_keystore, seal_keystore
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.identity.mnemonic import parse_phrase, seed_of_text
from sottovoce.identity.qr_code import qr_code
from unit.identity.people import anna

# Made and not written, so that a traceback's line of source does not count as a leak.
CANARY = "yranac"[::-1]
BROKEN = CANARY + "\ud800"
PASSWORD = KeystorePassword("hello")


def file_with_extended_key(secret: bytes) -> bytes:
    """Lock bytes where an extended key belongs."""
    document = seal_keystore(
        anna().chat().private,
        PASSWORD,
        entropy=SeededEntropy(),
        cost=ScryptCost(n=2, r=1, p=1),
        status=True,
    )
    members = json.loads(document)
    derived = scrypt(PASSWORD.raw, bytes(32), n=2, r=1, p=1, size_bytes=32)
    ciphertext = AesCtrStream(derived[:16], bytes(16)).apply(secret)
    members["extendedkey"] = {
        "cipher": "aes-128-ctr",
        "ciphertext": ciphertext.hex(),
        "cipherparams": {"iv": "00" * 16},
        "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 2, "r": 1, "p": 1, "salt": "00" * 32},
        "mac": keccak256(derived[16:] + ciphertext).hex(),
    }
    return json.dumps(members).encode()


def old_file(ciphertext: bytes, salt: bytes = bytes(32), **changed: int) -> bytes:
    """Make a file of version 1 whose MAC is right, whatever is locked in it."""
    derived = scrypt(PASSWORD.raw, salt, n=2, r=1, p=1, size_bytes=32)
    members = {
        "crypto": {
            "cipher": "aes-128-cbc",
            "ciphertext": ciphertext.hex(),
            "cipherparams": {"iv": "00" * 16},
            "kdf": "scrypt",
            "kdfparams": {"dklen": 32, "n": 2, "r": 1, "p": 1, "salt": salt.hex(), **changed},
            "mac": keccak256(derived[16:] + ciphertext).hex(),
        },
        "id": "",
        "version": "1",
    }
    return json.dumps(members).encode()


@pytest.mark.parametrize(
    "fails",
    [
        lambda: KeystorePassword(BROKEN),
        lambda: seed_of_text(BROKEN),
        lambda: seed_of_text("", BROKEN),
        lambda: parse_phrase(f"{CANARY} " * 12),
        lambda: parse_phrase(BROKEN),
        lambda: identicon_of_text(BROKEN),
        lambda: qr_code(BROKEN),
        lambda: decode_object(f'{{"{CANARY}": '.encode()),
        lambda: decode_object(b"\xff" + CANARY.encode()),
        lambda: open_keystore(file_with_extended_key(CANARY.encode() + b"\xff"), PASSWORD),
        lambda: open_keystore(file_with_extended_key(CANARY.encode().ljust(111, b"0")), PASSWORD),
        lambda: open_keystore(file_with_extended_key(b""), KeystorePassword(CANARY)),
        lambda: open_keystore(old_file(bytes(32)), PASSWORD),
        lambda: open_keystore(old_file(bytes(33)), PASSWORD),
        lambda: open_keystore(old_file(bytes(32), n=3), PASSWORD),
    ],
    ids=[
        "password", "text of a seed", "passphrase", "unknown words", "broken phrase", "picture",
        "code", "cut JSON", "JSON that is no text", "locked bytes", "locked text", "wrong password",
        "padding of version 1", "length of version 1", "impossible parameters",
    ],
)  # fmt: skip
def test_error_carries_no_secret(fails: Callable[[], object]) -> None:
    with pytest.raises(SottovoceError) as caught:
        fails()
    assert CANARY not in carried(caught.value)
    assert list(chain(caught.value)) == [caught.value]


def test_what_looks_for_secrets_finds_them() -> None:
    def hides() -> None:
        try:
            BROKEN.encode()
        except UnicodeEncodeError:
            raise SottovoceError("nothing to see") from None

    with pytest.raises(SottovoceError) as caught:
        hides()
    assert CANARY in carried(caught.value)
