"""Locking and opening key files: one private key, and for Status its extended key, per file.

Opening costs up to a second and 256 MiB on purpose (`keystore_kdf`); whoever must not wait calls
it on a thread, for the interpreter lock is released.

Spec: Web3 Secret Storage, version 3; status-go account/keystore_geth.go and its fork of
accounts/keystore (docs/spec-deviations.md, "Key files").
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import (
    DecryptionError,
    InvalidKeyError,
    LocalProtocolError,
    RemoteProtocolError,
)
from sottovoce.base.secret import KEY_BYTES, PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.aes import AesCtrStream, cbc_open
from sottovoce.crypto.constant_time import equal
from sottovoce.crypto.hashes import keccak256
from sottovoce.identity.address import Address, address_of
from sottovoce.identity.extended_key import ExtendedPrivateKey, parse_extended_key
from sottovoce.identity.keystore_format import (
    CTR_CIPHER,
    IV_BYTES,
    Keystore,
    LockedBytes,
    StatusMembers,
    decode_keystore,
    encode_keystore,
)
from sottovoce.identity.keystore_kdf import (
    SALT_BYTES,
    STANDARD,
    KeyDerivation,
    Pbkdf2Cost,
    ScryptCost,
)
from sottovoce.identity.utf8 import utf8

# What status-go answers when it is asked for the extended key of a key that has none.
NO_EXTENDED_KEY_TEXT: Final = "Zeroed extended key"

_CIPHER_KEY_BYTES: Final = 16
_UUID_BYTES: Final = 16
_UUID_VERSION: Final = 4
_NANOSECONDS_PER_S: Final = 1_000_000_000
_NANOSECOND_DIGITS: Final = 9
_UNIX_NS_END: Final = 253_402_300_800 * _NANOSECONDS_PER_S  # the year 10000, a digit longer


@dataclass(frozen=True, slots=True)
class KeystorePassword:
    """What locks a key file, hidden from logs.

    Attributes:
        text: The password as the file's program takes it; it is not normalised.

    Raises:
        LocalProtocolError: It has no UTF-8 form.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if utf8(self.text) is None:
            raise LocalProtocolError("a password with half of a surrogate pair is none")

    @property
    def raw(self) -> bytes:
        """The password's bytes."""
        return self.text.encode()

    def as_status_app_passes_it(self) -> "KeystorePassword":
        """Return what Status' app makes of a typed password: 0x and the hex of its hash."""
        return KeystorePassword("0x" + keccak256(self.raw).hex())


@dataclass(frozen=True, slots=True)
class UnlockedKey:
    """What was in a key file.

    Attributes:
        private: The key.
        address: Its address, computed from the key.
        extended: The extended key that Status keeps with it; None if there is none.
        sub_account_index: Status' count of derived children.
    """

    private: PrivateKey
    address: Address
    extended: ExtendedPrivateKey | None = None
    sub_account_index: int = 0

    def extended_text(self) -> str:
        """Return the secret text that status-go has for the extended key."""
        return NO_EXTENDED_KEY_TEXT if self.extended is None else self.extended.private_text()


def open_keystore(
    document: bytes, password: KeystorePassword, *, expected: Address | None = None
) -> UnlockedKey:
    """Open a key file of version 3 or 1.

    Args:
        document: The file's bytes.
        password: What locks it.
        expected: Whose key it must be, if that is known: a file may have been exchanged.

    Raises:
        DecryptionError: The password is wrong, or the file is damaged.
        InvalidKeyError: What it holds is no key, or the key of another address.
        RemoteProtocolError: The file is damaged, or of a kind that we do not know.
        ResourceLimitError: It is too large, or asks for too much memory or time.
    """
    keystore = decode_keystore(document)
    private = _private_key(_unlock(keystore.key, password, is_old=keystore.is_old))
    address = address_of(secp256k1.public_key(private))
    for wanted in (keystore.address, expected):
        if wanted is not None and wanted != address:
            raise InvalidKeyError("a key file holds the key of another address")
    if keystore.status is None:
        return UnlockedKey(private, address)
    locked = keystore.status.extended_key
    extended = None if locked is None else _extended_key(_unlock(locked, password))
    return UnlockedKey(private, address, extended, keystore.status.sub_account_index)


def seal_keystore(
    private: PrivateKey,
    password: KeystorePassword,
    *,
    entropy: Entropy,
    cost: ScryptCost | Pbkdf2Cost = STANDARD,
    status: bool = False,
    extended: ExtendedPrivateKey | None = None,
    sub_account_index: int = 0,
) -> bytes:
    """Write a key file of version 3.

    Args:
        private: The key.
        password: What locks it.
        entropy: Gives the file's id (16 bytes), and for each secret salt (32) and IV (16).
        cost: How dear a guess is.
        status: Whether Status' members are written; go-ethereum reads both kinds.
        extended: The extended key that Status keeps with the key, under a salt of its own.
        sub_account_index: Status' count of derived children.

    Raises:
        LocalProtocolError: An extended key is given for a file without Status' members, or the
            count is no number of 32 bits.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    if not status and (extended is not None or sub_account_index):
        raise LocalProtocolError("only Status' key files have a place for an extended key")
    members = StatusMembers(sub_account_index=sub_account_index) if status else None
    identifier = str(UUID(bytes=entropy.take(_UUID_BYTES), version=_UUID_VERSION))
    key = _lock(private.raw, password, cost, entropy)
    if members is not None and extended is not None:
        text = extended.private_text().encode()
        members = replace(members, extended_key=_lock(text, password, cost, entropy))
    address = address_of(secp256k1.public_key(private))
    return encode_keystore(Keystore(address, key, identifier, members))


def keystore_file_name(address: Address, *, unix_ns: int) -> str:
    """Return the name that go-ethereum gives a key file.

    Args:
        address: Whose key it holds.
        unix_ns: When it was made, in nanoseconds since 1970.

    Raises:
        LocalProtocolError: The time is before 1970 or after the year 9999.
    """
    if not 0 <= unix_ns < _UNIX_NS_END:
        raise LocalProtocolError("a key file is made between 1970 and the year 9999")
    seconds, nanoseconds = divmod(unix_ns, _NANOSECONDS_PER_S)
    day = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H-%M-%S")
    return f"UTC--{day}.{nanoseconds:0{_NANOSECOND_DIGITS}}Z--{address.raw.hex()}"


def _lock(
    secret: bytes, password: KeystorePassword, cost: ScryptCost | Pbkdf2Cost, entropy: Entropy
) -> LockedBytes:
    derivation = KeyDerivation(cost, entropy.take(SALT_BYTES))
    iv = entropy.take(IV_BYTES)
    derived = derivation.derive(password.raw)
    ciphertext = AesCtrStream(derived[:_CIPHER_KEY_BYTES], iv).apply(secret)
    return LockedBytes(CTR_CIPHER, ciphertext, iv, derivation, _mac(derived, ciphertext))


def _unlock(locked: LockedBytes, password: KeystorePassword, *, is_old: bool = False) -> bytes:
    derived = locked.derivation.derive(password.raw)
    if not equal(locked.mac, _mac(derived, locked.ciphertext)):
        raise DecryptionError("the password is wrong, or the key file is damaged")
    key = derived[:_CIPHER_KEY_BYTES]
    if is_old:
        return _open_old(keccak256(key)[:_CIPHER_KEY_BYTES], locked)
    return AesCtrStream(key, locked.iv).apply(locked.ciphertext)


def _open_old(key: bytes, locked: LockedBytes) -> bytes:
    try:
        opened = cbc_open(key, locked.iv, locked.ciphertext)
    except DecryptionError:
        opened = None
    # Raised only here: the library's error, and what led to it, would hold what was locked.
    if opened is None:
        raise DecryptionError("the key in a key file of version 1 is damaged")
    return opened


def _mac(derived: bytes, ciphertext: bytes) -> bytes:
    return keccak256(derived[_CIPHER_KEY_BYTES:] + ciphertext)


def _private_key(raw: bytes) -> PrivateKey:
    # Some old programs wrote a key without its leading zero bytes.
    return secp256k1.private_key(raw.rjust(KEY_BYTES, b"\0"))


def _extended_key(raw: bytes) -> ExtendedPrivateKey:
    # Decoding is not tried: Python's error would hold what was locked.
    if not raw.isascii():
        raise RemoteProtocolError("a key file holds no extended key where it says so")
    return parse_extended_key(raw.decode("ascii"))
