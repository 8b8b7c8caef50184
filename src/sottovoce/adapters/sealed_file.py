"""A file of any length under a password: written and read in one pass, in little memory.

It owns the header and the chunks, and knows nothing of what stands in them. Whatever is changed,
moved, cut off or added anywhere in the file is noticed before what follows it is given out; that
nothing is missing is known when `SealedReader.finish` was called.

Spec: docs/reference/backup.md, "The sealed file"; RFC 7914 (scrypt), NIST SP 800-38D (GCM),
Hoang, Reyhanitabar, Rogaway, Vizár, "Online authenticated-encryption and its nonce-reuse
misuse-resistance" (STREAM: chunks with numbers and a mark on the last one).
"""

from dataclasses import dataclass, field
from typing import BinaryIO, Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError, SottovoceError, StoreFileError
from sottovoce.crypto.aes import GCM_NONCE_BYTES, GCM_TAG_BYTES, gcm_open_once, gcm_seal_once
from sottovoce.crypto.constant_time import equal
from sottovoce.crypto.hashes import sha256
from sottovoce.crypto.kdf import hmac_sha512
from sottovoce.identity.keystore import KeystorePassword
from sottovoce.identity.keystore_kdf import SALT_BYTES, KeyDerivation, ScryptCost

MAGIC: Final = b"sottovoce backup"  # so that whoever finds the file can read what it is
VERSION: Final = 1
# What is held in memory, twice; the tags of smaller ones would be a noticeable part of the file.
CHUNK_BYTES: Final = 64 * 1024

_KEY_BYTES: Final = 32
_CHECKSUM_BYTES: Final = 8  # against damage; against forgers stands the check of the key
_VERSION_AT: Final = len(MAGIC)
_COST_AT: Final = _VERSION_AT + 1
_SALT_AT: Final = _COST_AT + 5
_CHECK_AT: Final = _SALT_AT + SALT_BYTES
_CHECKSUM_AT: Final = _CHECK_AT + _KEY_BYTES
HEADER_BYTES: Final = _CHECKSUM_AT + _CHECKSUM_BYTES

_SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + GCM_TAG_BYTES
# Says what the key is for, so that it is no key of anything else under the same password.
_LABEL: Final = b"sottovoce backup 1"
_OTHER_COPY: Final = "nothing was changed; use another copy of it"


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """What stands in the clear.

    Attributes:
        start: Magic, version, cost and salt as they stand in the file.
        derivation: How the key follows from the password.
        check: What only the right password leads to, 32 bytes.
    """

    start: bytes = field(repr=False)
    derivation: KeyDerivation = field(repr=False)
    check: bytes = field(repr=False)


class SealedWriter:
    """Writes a sealed file; nothing opens it before `finish`.

    Args:
        stream: Where it goes; errors of writing pass through as `OSError`.
        password: What locks it.
        cost: How dear a guess at the password is; deriving the key takes as long.
        entropy: Gives a salt, 32 bytes.

    Raises:
        ResourceLimitError: The machine has too little memory left to derive a key.
    """

    def __init__(
        self, stream: BinaryIO, password: KeystorePassword, cost: ScryptCost, entropy: Entropy
    ) -> None:
        salt = entropy.take(SALT_BYTES)
        start = b"".join(
            (
                MAGIC,
                VERSION.to_bytes(1, "big"),
                (cost.n.bit_length() - 1).to_bytes(1, "big"),
                cost.r.to_bytes(2, "big"),
                cost.p.to_bytes(2, "big"),
                salt,
            )
        )
        self._key, check = _keys(KeyDerivation(cost, salt), password, start)
        self._stream = stream
        self._buffer = bytearray()
        self._number = 0
        stream.write(start + check + _checksum(start + check))

    def write(self, data: bytes) -> None:
        """Add any number of bytes."""
        self._buffer += data
        # A full chunk waits for the next byte: it may be the last one, which is marked.
        while len(self._buffer) > CHUNK_BYTES:
            self._seal(CHUNK_BYTES, is_last=False)

    def finish(self) -> None:
        """Write what is left, and the mark that nothing follows."""
        self._seal(len(self._buffer), is_last=True)

    def _seal(self, size_bytes: int, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._stream.write(gcm_seal_once(self._key, nonce, bytes(self._buffer[:size_bytes])))
        del self._buffer[:size_bytes]
        self._number += 1


class SealedReader:
    """Reads a sealed file from its start to its end.

    Args:
        stream: The file, behind its header; errors of reading pass through as `OSError`.
        name: How errors call the file.
        header: Its header.
        password: What locks it.

    Raises:
        DecryptionError: The password is wrong.
        ResourceLimitError: The machine has too little memory left to derive the key.
    """

    def __init__(
        self, stream: BinaryIO, name: str, header: SealedHeader, password: KeystorePassword
    ) -> None:
        self._key, check = _keys(header.derivation, password, header.start)
        if not equal(check, header.check):
            raise DecryptionError("the password does not open this file")
        self._stream = stream
        self._name = name
        self._number = 0
        self._opened = b""
        self._ahead = stream.read(_SEALED_CHUNK_BYTES)

    def read(self, count_max: int) -> bytes:
        """Return the next bytes: at least one and at most so many.

        Raises:
            StoreFileError: The file is damaged or at its end.
        """
        if not self._opened:
            self._opened = self._next_chunk()
        given, self._opened = self._opened[:count_max], self._opened[count_max:]
        return given

    def read_exactly(self, count: int) -> bytes:
        """Return the next bytes, exactly so many; the caller has bounded them.

        Raises:
            StoreFileError: The file is damaged or at its end.
        """
        parts = bytearray()
        while len(parts) < count:
            parts += self.read(count - len(parts))
        return bytes(parts)

    def finish(self) -> None:
        """Check that everything was read and nothing is missing.

        Raises:
            StoreFileError: The file goes on.
        """
        if self._opened or self._ahead:
            raise StoreFileError(
                f"the backup {self._name} holds more than it should; {_OTHER_COPY}"
            )

    def _next_chunk(self) -> bytes:
        """Open the next chunk, which holds at least one byte.

        Raises:
            StoreFileError: It is damaged, or there is none.
        """
        sealed, self._ahead = self._ahead, self._stream.read(_SEALED_CHUNK_BYTES)
        nonce = _nonce(self._number, is_last=not self._ahead)
        opened = _opened(self._key, nonce, sealed)
        if not opened:
            raise StoreFileError(self._fault(sealed))
        self._number += 1
        return opened

    def _fault(self, sealed: bytes) -> str:
        """Say what is wrong with a chunk."""
        is_whole = not self._ahead and (
            not sealed or _opened(self._key, _nonce(self._number, is_last=False), sealed)
        )
        if is_whole:
            return f"the backup {self._name} is cut off; {_OTHER_COPY}"
        place = HEADER_BYTES + self._number * _SEALED_CHUNK_BYTES
        return (
            f"the backup {self._name} is damaged or cut off in the {_SEALED_CHUNK_BYTES} bytes "
            f"from {place} on; {_OTHER_COPY}"
        )


def read_header(stream: BinaryIO, name: str) -> SealedHeader:
    """Read the header of a file that may be anybody's, before a password is asked for.

    Args:
        stream: The file, at its start; errors of reading pass through as `OSError`.
        name: How errors call it.

    Raises:
        StoreFileError: It is none of ours, damaged, of a newer version, or would take more memory
            or time to open than is allowed.
    """
    header = stream.read(HEADER_BYTES)
    if not header.startswith(MAGIC):
        raise StoreFileError(
            f"{name} is no backup of sottovoce's, or its first bytes are damaged; name another file"
        )
    if len(header) < HEADER_BYTES:
        raise StoreFileError(f"the backup {name} is cut off; {_OTHER_COPY}")
    if header[_CHECKSUM_AT:] != _checksum(header[:_CHECKSUM_AT]):
        raise StoreFileError(
            f"the backup {name} is damaged in its first {HEADER_BYTES} bytes; {_OTHER_COPY}"
        )
    if header[_VERSION_AT] != VERSION:
        raise StoreFileError(
            f"the backup {name} has version {header[_VERSION_AT]}, and this program knows version "
            f"{VERSION}; install the newer sottovoce that wrote it"
        )
    cost, salt = header[_COST_AT:_SALT_AT], header[_SALT_AT:_CHECK_AT]
    try:
        scrypt = ScryptCost(
            1 << cost[0], int.from_bytes(cost[1:3], "big"), int.from_bytes(cost[3:], "big")
        )
    except SottovoceError as error:
        reason = str(error)
    else:
        derivation = KeyDerivation(scrypt, salt)
        return SealedHeader(header[:_CHECK_AT], derivation, header[_CHECK_AT:_CHECKSUM_AT])
    raise StoreFileError(f"the backup {name} is not opened: {reason}, and no backup of ours does")


def _keys(
    derivation: KeyDerivation, password: KeystorePassword, start: bytes
) -> tuple[bytes, bytes]:
    """Return the key of the chunks and the check of the password, both bound to the header."""
    both = hmac_sha512(derivation.derive(password.raw), _LABEL + start)
    return both[:_KEY_BYTES], both[_KEY_BYTES:]


def _checksum(data: bytes) -> bytes:
    return sha256(data)[:_CHECKSUM_BYTES]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(GCM_NONCE_BYTES - 1, "big") + bytes((is_last,))


def _opened(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Return what is in a chunk; nothing if it does not open, for none is empty."""
    try:
        return gcm_open_once(key, nonce, sealed)
    except DecryptionError:
        return b""
