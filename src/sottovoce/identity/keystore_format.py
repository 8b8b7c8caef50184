"""Key files as JSON: go-ethereum's members, and the two that Status adds.

It owns the shape and its bounds. Nothing is opened here.

Spec: Web3 Secret Storage, versions 3 and 1; go-ethereum accounts/keystore (status-go's fork, with
`extendedkey` and `subaccountindex`).
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, assert_never

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError, ResourceLimitError
from sottovoce.crypto.aes import BLOCK_BYTES
from sottovoce.identity.address import Address, parse_address
from sottovoce.identity.json_object import decode_object
from sottovoce.identity.keystore_kdf import KeyDerivation, Pbkdf2Cost, ScryptCost

# A file of Status has 1,400 bytes; this leaves room for members of other programs.
KEYSTORE_BYTES_MAX: Final = 64 * 1024

VERSION: Final = 3
OLD_VERSION: Final = "1"  # a text, where later versions are numbers

CTR_CIPHER: Final = "aes-128-ctr"
CBC_CIPHER: Final = "aes-128-cbc"  # in files of version 1

IV_BYTES: Final = BLOCK_BYTES
MAC_BYTES: Final = 32
INDEX_MAX: Final = (1 << 32) - 1  # what the number behind `subaccountindex` can hold

_SCRYPT: Final = "scrypt"
_PBKDF2: Final = "pbkdf2"
_PRF: Final = "hmac-sha256"

_Members: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LockedBytes:
    """A secret under a password.

    Attributes:
        cipher: The name of the cipher.
        ciphertext: As long as the secret, in CTR mode.
        iv: 16 bytes.
        derivation: The way from the password to the key.
        mac: 32 bytes over the ciphertext.
    """

    cipher: str
    ciphertext: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    derivation: KeyDerivation
    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatusMembers:
    """What Status adds to a key file.

    Attributes:
        extended_key: The extended private key's text, locked on its own; None if there is none.
        sub_account_index: How many children were derived.

    Raises:
        LocalProtocolError: The count is no number of 32 bits; no program could read the file.
    """

    extended_key: LockedBytes | None = None
    sub_account_index: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.sub_account_index <= INDEX_MAX:
            raise LocalProtocolError(f"a count of derived keys is 0 to {INDEX_MAX}")


@dataclass(frozen=True, slots=True)
class Keystore:
    """A key file, still locked.

    Attributes:
        address: Whose key it says it holds; some programs leave it out.
        key: The private key, locked.
        identifier: A random UUID text.
        status: What Status adds; None in files of go-ethereum.
        is_old: Whether it is of version 1, which is read and never written.
    """

    address: Address | None
    key: LockedBytes
    identifier: str
    status: StatusMembers | None = None
    is_old: bool = False


def decode_keystore(document: bytes) -> Keystore:
    """Read a key file.

    Raises:
        RemoteProtocolError: It is damaged, or of a kind that we do not know.
        ResourceLimitError: It is too large, or asks for too much memory or time.
    """
    if len(document) > KEYSTORE_BYTES_MAX:
        raise ResourceLimitError(f"a key file has at most {KEYSTORE_BYTES_MAX} bytes")
    # Old programs write "Crypto"; go-ethereum reads names of members in any case.
    members = {name.lower(): value for name, value in decode_object(document).items()}
    version = members.get("version")
    is_old = version == OLD_VERSION
    if not is_old and (version != VERSION or isinstance(version, bool)):
        raise RemoteProtocolError("a key file is of an unknown version")
    address = members.get("address")
    return Keystore(
        address=None if not address else parse_address(_text(members, "address")),
        key=_locked(_object(members, "crypto"), CBC_CIPHER if is_old else CTR_CIPHER),
        identifier=_text(members, "id") if "id" in members else "",
        status=None if is_old else _status(members),
        is_old=is_old,
    )


def encode_keystore(keystore: Keystore) -> bytes:
    """Write a key file of version 3, its members in the order of go-ethereum.

    Raises:
        LocalProtocolError: It is of version 1; seal the key anew instead.
    """
    if keystore.is_old:
        raise LocalProtocolError("a key file of version 1 is read and never written")
    members: _Members = {} if keystore.address is None else {"address": keystore.address.raw.hex()}
    members["crypto"] = _members(keystore.key)
    members["id"] = keystore.identifier
    members["version"] = VERSION
    if keystore.status is not None:
        members["extendedkey"] = _members(keystore.status.extended_key)
        members["subaccountindex"] = keystore.status.sub_account_index
    return json.dumps(members, separators=(",", ":")).encode()


def _status(members: _Members) -> StatusMembers | None:
    if "extendedkey" not in members and "subaccountindex" not in members:
        return None
    extended = _object(members, "extendedkey") if "extendedkey" in members else {}
    return StatusMembers(
        # A key without a tree has an object of empty texts.
        extended_key=_locked(extended, CTR_CIPHER) if extended.get("ciphertext") else None,
        sub_account_index=_number(members, "subaccountindex", INDEX_MAX)
        if "subaccountindex" in members
        else 0,
    )


def _locked(members: _Members, cipher: str) -> LockedBytes:
    if _text(members, "cipher") != cipher:
        raise RemoteProtocolError("a key file has an unknown cipher")
    return LockedBytes(
        cipher=cipher,
        ciphertext=_bytes(members, "ciphertext"),
        iv=_bytes(_object(members, "cipherparams"), "iv", IV_BYTES),
        derivation=_derivation(_text(members, "kdf"), _object(members, "kdfparams")),
        mac=_bytes(members, "mac", MAC_BYTES),
    )


def _derivation(name: str, members: _Members) -> KeyDerivation:
    salt, size_bytes = _bytes(members, "salt"), _number(members, "dklen")
    try:
        return KeyDerivation(_cost(name, members), salt, size_bytes)
    except LocalProtocolError as error:
        broken = str(error)
    # What would be a mistake of ours in a value that we made is the file's in one that came.
    raise RemoteProtocolError(
        f"a key file has {broken}; save it anew with the program that wrote it"
    )


def _cost(name: str, members: _Members) -> ScryptCost | Pbkdf2Cost:
    if name == _SCRYPT:
        n, r, p = (_number(members, parameter) for parameter in "nrp")
        return ScryptCost(n=n, r=r, p=p)
    if name == _PBKDF2 and _text(members, "prf") == _PRF:
        return Pbkdf2Cost(_number(members, "c"))
    raise RemoteProtocolError("a key file has an unknown way to derive its key")


def _members(locked: LockedBytes | None) -> _Members:
    if locked is None:
        empty = {"cipher": "", "ciphertext": "", "cipherparams": {"iv": ""}}
        return {**empty, "kdf": "", "kdfparams": None, "mac": ""}
    derivation = locked.derivation
    salt, size_bytes = derivation.salt.hex(), derivation.size_bytes
    parameters: _Members
    match derivation.cost:
        case ScryptCost(n, r, p):
            name = _SCRYPT
            parameters = {"dklen": size_bytes, "n": n, "p": p, "r": r, "salt": salt}
        case Pbkdf2Cost(rounds):
            name = _PBKDF2
            parameters = {"c": rounds, "dklen": size_bytes, "prf": _PRF, "salt": salt}
        case _:
            assert_never(derivation.cost)
    return {
        "cipher": locked.cipher,
        "ciphertext": locked.ciphertext.hex(),
        "cipherparams": {"iv": locked.iv.hex()},
        "kdf": name,
        "kdfparams": parameters,
        "mac": locked.mac.hex(),
    }


# ---- members, each with its type


def _object(members: _Members, name: str) -> _Members:
    value = members.get(name)
    if not isinstance(value, dict):
        raise RemoteProtocolError(f"a key file lacks the object {name}")
    return value


def _text(members: _Members, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise RemoteProtocolError(f"a key file lacks the text {name}")
    return value


def _bytes(members: _Members, name: str, size_bytes: int | None = None) -> bytes:
    digits = _text(members, name)
    try:
        # Blanks between digits are no part of the format, though `fromhex` would skip them.
        raw = bytes.fromhex(digits) if digits.isalnum() else None
    except ValueError:
        raw = None
    if raw is None or (size_bytes is not None and len(raw) != size_bytes):
        raise RemoteProtocolError(f"a key file has a {name} of a wrong form or length")
    return raw


def _number(members: _Members, name: str, number_max: int | None = None) -> int:
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RemoteProtocolError(f"a key file lacks the number {name}")
    if number_max is not None and value > number_max:
        raise RemoteProtocolError(f"a key file has a {name} that is out of range")
    return value
