"""The node key on disk, and the lock on the directory that holds it.

The file is 64 hex digits, as go-ethereum's ``nodekey``, readable by its owner alone.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import SottovoceError
from sottovoce.base.secret import PrivateKey
from sottovoce.codec.hex import decode_hex
from sottovoce.crypto import secp256k1

KEY_FILE_NAME: Final = "node.key"
LOCK_FILE_NAME: Final = "lock"
# A key is 64 digits; a device or a wrong file may be endless.
_CHARACTERS_MAX: Final = 1024
_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_DIRECTORY: Final = 0o700
_OTHERS: Final = 0o077
_OTHERS_WRITING: Final = 0o022
_ROOT: Final = 0


class DataDirectoryError(SottovoceError):
    """The data directory cannot be used; the text says why and what to do."""


class DirectoryInUseError(DataDirectoryError):
    """Another process holds the data directory."""


class DataDirectory:
    """A directory that one process holds at a time; closing it (or dying) lets go.

    Raises:
        DataDirectoryError: It cannot be made or written, or others can write into it.
        DirectoryInUseError: Another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
            check_writers(path)
            self._lock = os.open(path / LOCK_FILE_NAME, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as error:
            raise DataDirectoryError(
                f"cannot use the data directory {path}: {error.strerror}; "
                "name another one with --data-dir"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise DirectoryInUseError(
                f"the data directory {path} is in use by another node; "
                "stop that one, or name another directory with --data-dir"
            ) from None

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._lock)

    def node_key(self, entropy: Entropy) -> PrivateKey:
        """Read the node key, or make one at the first call.

        Raises:
            DataDirectoryError: The file cannot be read or written, holds no key, or is open to
                other users.
        """
        key = read_node_key(self.path)
        if key is None:
            key = secp256k1.generate_private_key(entropy)
            self._write_node_key(key)
        return key

    def adopt_node_key(self, key: PrivateKey) -> bool:
        """Take over the node key of another directory, unless there is one here.

        Returns:
            Whether it was taken over.

        Raises:
            DataDirectoryError: The file cannot be read or written, holds no key, or is open to
                other users.
        """
        if read_node_key(self.path) is not None:
            return False
        self._write_node_key(key)
        return True

    def _write_node_key(self, key: PrivateKey) -> None:
        """Write the node key into a new file.

        Raises:
            DataDirectoryError: It cannot be written.
        """
        file = self.path / KEY_FILE_NAME
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            with os.fdopen(handle, "w") as stream:
                stream.write(key.raw.hex() + "\n")
        except OSError as error:
            raise DataDirectoryError(f"cannot write {file}: {error.strerror}") from None


def read_node_key(directory: Path) -> PrivateKey | None:
    """Read the node key of a data directory, whoever holds it; None if there is none.

    Raises:
        DataDirectoryError: The file cannot be read, holds no key, or is open to other users.
    """
    file = directory / KEY_FILE_NAME
    try:
        return _read_key(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataDirectoryError(f"cannot read {file}: {error.strerror}") from None


def check_writers(directory: Path) -> None:
    """Check that nobody else can put files into a directory: a key, a list, a socket.

    Raises:
        DataDirectoryError: Somebody else can.
        OSError: It cannot be looked at.
    """
    status = directory.stat()
    if status.st_uid not in (os.getuid(), _ROOT):
        raise DataDirectoryError(
            f"{directory} belongs to another user, who could put false files there; "
            "name another directory with --data-dir"
        )
    if status.st_mode & _OTHERS_WRITING:
        raise DataDirectoryError(
            f"other users can write into {directory}; run: chmod go-w {directory}"
        )


def _read_key(file: Path) -> PrivateKey:
    with file.open() as stream:
        if os.fstat(stream.fileno()).st_mode & _OTHERS:
            raise DataDirectoryError(f"{file} can be read by other users; run: chmod 600 {file}")
        try:
            return secp256k1.private_key(decode_hex(stream.read(_CHARACTERS_MAX), "the node key"))
        except (SottovoceError, UnicodeDecodeError):
            raise DataDirectoryError(
                f"{file} does not hold a node key (64 hex digits); put the right file back, "
                "or remove it to get a new key and a new enode"
            ) from None
