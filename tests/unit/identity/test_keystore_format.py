import copy
import json
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError, ResourceLimitError
from sottovoce.identity.keystore_format import (
    KEYSTORE_BYTES_MAX,
    decode_keystore,
    encode_keystore,
)
from sottovoce.identity.keystore_kdf import Pbkdf2Cost, ScryptCost

LOCKED: dict[str, Any] = {
    "cipher": "aes-128-ctr",
    "ciphertext": "aa" * 32,
    "cipherparams": {"iv": "bb" * 16},
    "kdf": "scrypt",
    "kdfparams": {"dklen": 32, "n": 4096, "p": 6, "r": 8, "salt": "cc" * 32},
    "mac": "dd" * 32,
}
EMPTY = {
    "cipher": "",
    "ciphertext": "",
    "cipherparams": {"iv": ""},
    "kdf": "",
    "kdfparams": None,
    "mac": "",
}
GETH: dict[str, Any] = {
    "address": "0123456789012345678901234567890123456789",
    "crypto": LOCKED,
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
STATUS = {**GETH, "extendedkey": LOCKED, "subaccountindex": 4_294_967_295}
PBKDF2 = {"c": 262144, "dklen": 32, "prf": "hmac-sha256", "salt": "cc" * 32}
KINDS = {
    "geth": GETH,
    "without address": {name: value for name, value in GETH.items() if name != "address"},
    "status": STATUS,
    "status without tree": {**GETH, "extendedkey": EMPTY, "subaccountindex": 0},
    "pbkdf2": {**GETH, "crypto": {**LOCKED, "kdf": "pbkdf2", "kdfparams": PBKDF2}},
}


def written(members: object) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


@pytest.mark.parametrize("members", KINDS.values(), ids=KINDS)
def test_file_is_written_as_it_was_read(members: dict[str, Any]) -> None:
    assert encode_keystore(decode_keystore(written(members))) == written(members)


def test_parameters_are_read() -> None:
    scrypt = decode_keystore(written(GETH)).key.derivation
    assert scrypt.cost == ScryptCost(n=4096, r=8, p=6)
    pbkdf2 = decode_keystore(written(KINDS["pbkdf2"])).key.derivation
    assert pbkdf2.cost == Pbkdf2Cost(262144)


def test_status_members_are_kept_and_geth_files_have_none() -> None:
    assert decode_keystore(written(GETH)).status is None
    status = decode_keystore(written(STATUS)).status
    assert status is not None
    assert status.sub_account_index == 4_294_967_295
    assert status.extended_key is not None
    empty = decode_keystore(written(KINDS["status without tree"])).status
    assert empty is not None
    assert empty.extended_key is None


def test_either_of_the_status_members_may_be_missing() -> None:
    only_index = decode_keystore(written({**GETH, "subaccountindex": 2})).status
    assert only_index is not None
    assert (only_index.extended_key, only_index.sub_account_index) == (None, 2)
    only_key = decode_keystore(written({**GETH, "extendedkey": EMPTY})).status
    assert only_key is not None
    assert (only_key.extended_key, only_key.sub_account_index) == (None, 0)


def test_members_of_old_programs_have_capitals() -> None:
    members = {name.capitalize(): value for name, value in GETH.items()}
    assert decode_keystore(written(members)) == decode_keystore(written(GETH))


def test_version_1_is_read_and_never_written() -> None:
    old = {**GETH, "version": "1", "crypto": {**LOCKED, "cipher": "aes-128-cbc"}}
    keystore = decode_keystore(written(old))
    assert keystore.is_old
    with pytest.raises(LocalProtocolError, match="never written"):
        encode_keystore(keystore)


def changed(path: str, value: object) -> bytes:
    members: dict[str, Any] = copy.deepcopy(STATUS)
    *above, last = path.split(".")
    place = members
    for name in above:
        place = place[name]
    place[last] = value
    return written(members)


@pytest.mark.parametrize("top", ["crypto", "extendedkey"])
@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("cipher", ["aes-256-ctr", "aes-128-cbc", "", None, 1]),
        ("ciphertext", ["a", "xx", "aa bb", "0xaa", None, 7, ["aa"]]),
        ("cipherparams", [None, {}, [], "iv", {"iv": "bb" * 15}, {"iv": "bb" * 17}, {"iv": 1}]),
        ("kdf", ["bcrypt", "", None, 3]),
        ("kdfparams", [None, {}, [], "x"]),
        ("kdfparams.salt", [None, "", "c", "zz", 5]),
        ("kdfparams.dklen", [None, 0, 16, 31, -32, 32.0, "32", True]),
        ("kdfparams.n", [None, 0, 1, 4095, -4096, 4096.5, "4096", True, {}]),
        ("kdfparams.r", [None, 0, -8, "8", False]),
        ("kdfparams.p", [None, 0, -1, "1", True]),
        ("mac", [None, "", "dd" * 31, "dd" * 33, "x" * 64]),
    ],
)
def test_damaged_secret_is_refused(top: str, path: str, values: list[object]) -> None:
    for value in values:
        if (top, path, value) == ("extendedkey", "ciphertext", None):
            continue  # It says there is no extended key.
        with pytest.raises(RemoteProtocolError):
            decode_keystore(changed(f"{top}.{path}", value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("address", "0123"),
        ("address", 5),
        ("address", ["x"]),
        ("crypto", None),
        ("crypto", []),
        ("crypto", "x"),
        ("id", 5),
        ("version", 2),
        ("version", 4),
        ("version", "3"),
        ("version", True),
        ("version", None),
        ("extendedkey", None),
        ("extendedkey", "xprv"),
        ("subaccountindex", -1),
        ("subaccountindex", 1 << 32),
        ("subaccountindex", "0"),
    ],
)
def test_damaged_file_is_refused(path: str, value: object) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_keystore(changed(path, value))


@pytest.mark.parametrize("name", ["crypto", "version"])
def test_missing_member_is_refused(name: str) -> None:
    members = {other: value for other, value in GETH.items() if other != name}
    with pytest.raises(RemoteProtocolError):
        decode_keystore(written(members))


@pytest.mark.parametrize("top", ["crypto", "extendedkey"])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kdfparams.n", 2**19),
        ("kdfparams.n", 2**62),
        ("kdfparams.r", 2**40),
        ("kdfparams.p", 2**40),
        ("kdfparams.dklen", 2**40),
        ("kdfparams.salt", "cc" * 1025),
    ],
)
def test_hostile_parameters_are_refused_when_they_are_read(
    top: str, path: str, value: object
) -> None:
    with pytest.raises(ResourceLimitError):
        decode_keystore(changed(f"{top}.{path}", value))


@pytest.mark.parametrize(
    ("name", "value"), [("prf", "hmac-sha512"), ("prf", None), ("c", 0), ("c", "1"), ("salt", 1)]
)
def test_damaged_parameters_of_pbkdf2_are_refused(name: str, value: object) -> None:
    locked = {**LOCKED, "kdf": "pbkdf2", "kdfparams": {**PBKDF2, name: value}}
    with pytest.raises(RemoteProtocolError):
        decode_keystore(written({**GETH, "crypto": locked}))


def test_hostile_rounds_of_pbkdf2_are_refused_when_they_are_read() -> None:
    locked = {**LOCKED, "kdf": "pbkdf2", "kdfparams": {**PBKDF2, "c": 2**40}}
    with pytest.raises(ResourceLimitError):
        decode_keystore(written({**GETH, "crypto": locked}))


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b'{"a":' * 12_000])
def test_what_is_no_json_object_is_refused(document: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="JSON"):
        decode_keystore(document)


def test_file_that_is_too_large_is_not_even_parsed() -> None:
    with pytest.raises(ResourceLimitError):
        decode_keystore(b"{" + b" " * KEYSTORE_BYTES_MAX)


def test_repr_shows_no_locked_bytes() -> None:
    text = repr(decode_keystore(written(STATUS)))
    assert not [letters for letters in ("aa", "bb", "dd") if f"\\x{letters}" in text]
