"""One backup as a file: made in a folder of its own and then put in place, read and checked whole.

It owns what happens on the disk. How the file is sealed `sealed_file` knows, and what stands in
front of the database `backup_manifest`.

Spec: docs/reference/backup.md.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import BinaryIO, Final, Self

from sottovoce.adapters.backup_manifest import (
    MANIFEST_BYTES_MAX,
    BackupManifest,
    decode_manifest,
    encode_manifest,
)
from sottovoce.adapters.private_file import sync_directory
from sottovoce.adapters.sealed_file import (
    CHUNK_BYTES,
    SealedReader,
    SealedWriter,
    read_header,
)
from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError, SottovoceError, StorageError, StoreFileError
from sottovoce.identity.keystore import KeystorePassword
from sottovoce.identity.keystore_kdf import ScryptCost

_LENGTH_BYTES: Final = 4
_OWNER_ONLY: Final = 0o600
# Of the name that a folder beside it shows; with its own letters it must still be a name.
_PREFIX_CHARS_MAX: Final = 32


class BackupFile:
    """A backup that is read, from its start to its end.

    Args:
        path: The file.

    Raises:
        StoreFileError: It cannot be read, or is no backup that this program opens.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._reader: SealedReader | None = None
        self._database_bytes = 0
        with ExitStack() as undo, self._reading():
            self._stream: BinaryIO = undo.enter_context(path.open("rb"))
            self._header = read_header(self._stream, str(path))
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stream.close()

    @property
    def size_bytes(self) -> int:
        """How long the file is."""
        return os.fstat(self._stream.fileno()).st_size

    def unlock(self, password: KeystorePassword) -> BackupManifest:
        """Open the file and read what stands in front of the database; this takes a second.

        Raises:
            DecryptionError: The password is wrong.
            StoreFileError: The file is damaged.
            ResourceLimitError: The machine has too little memory left for the key.
        """
        with self._reading():
            reader = SealedReader(self._stream, str(self.path), self._header, password)
            size_bytes = int.from_bytes(reader.read_exactly(_LENGTH_BYTES), "big")
            if size_bytes > MANIFEST_BYTES_MAX:
                raise StoreFileError(self._not_understood())
            document = reader.read_exactly(size_bytes)
        try:
            manifest = decode_manifest(document)
        except SottovoceError:
            pass
        else:
            self._reader, self._database_bytes = reader, manifest.database_bytes
            return manifest
        raise StoreFileError(self._not_understood())

    def save_database(self, file: Path) -> None:
        """Read the database, and check that the backup ends there; to be called once.

        Args:
            file: Where it goes, in a folder that nobody else uses; nothing is made if the backup
                holds no database.

        Raises:
            StoreFileError: The backup is damaged; what was made so far is of no use.
            StorageError: There is no room for the copy.
        """
        reader = self._reader
        assert reader is not None, "a backup is unlocked before it is read"
        if self._database_bytes:
            with _writing(file) as stream:
                left = self._database_bytes
                while left:
                    with self._reading():
                        part = reader.read(min(left, CHUNK_BYTES))
                    stream.write(part)
                    left -= len(part)
        reader.finish()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what the disk says into an error about this file.

        Raises:
            StoreFileError: It cannot be read.
        """
        try:
            yield
        except OSError as error:
            reason = error.strerror
        else:
            return
        raise StoreFileError(f"cannot read the backup {self.path}: {reason}")

    def _not_understood(self) -> str:
        return (
            f"the backup {self.path} opens, and what is in it cannot be understood; open it with "
            "the sottovoce that made it"
        )


def write_backup(
    file: Path,
    manifest: BackupManifest,
    database: Path | None,
    password: KeystorePassword,
    cost: ScryptCost,
    entropy: Entropy,
) -> None:
    """Write a backup to a new file, which lasts then.

    Args:
        file: The file to make, in a folder that nobody else uses.
        manifest: What stands in front; its count of bytes is that of the database.
        database: A file that nobody writes; None for no database.
        password: What locks the backup.
        cost: How dear a guess at it is.
        entropy: Gives a salt.

    Raises:
        LocalProtocolError: The manifest is too large.
        ResourceLimitError: The machine has too little memory left to derive the key.
        StorageError: It cannot be written.
    """
    document = encode_manifest(manifest)
    with _writing(file) as stream:
        writer = SealedWriter(stream, password, cost, entropy)
        writer.write(len(document).to_bytes(_LENGTH_BYTES, "big") + document)
        if database is not None:
            with database.open("rb") as source:
                while part := source.read(CHUNK_BYTES):
                    writer.write(part)
        writer.finish()


def put_backup_in_place(made: Path, file: Path, *, overwrite: bool) -> None:
    """Give a finished backup its name; a crash leaves what was there, or the new one.

    Raises:
        LocalProtocolError: There is a file of this name, which may not be overwritten.
        StorageError: The folder cannot be written.
    """
    try:
        if not overwrite:
            _link_or_refuse(made, file)
        made.replace(file)
        sync_directory(file.parent)
    except OSError as error:
        reason = error.strerror
    else:
        return
    raise StorageError(f"cannot write {file}: {reason}")


def refuse_to_overwrite(file: Path) -> None:
    """Say before anything long is done that a name is taken.

    Raises:
        LocalProtocolError: It is.
    """
    if file.exists() or file.is_symlink():
        raise LocalProtocolError(
            f"{file} is there already; name another file, or overwrite it with --force"
        )


@contextmanager
def folder_beside(file: Path) -> Iterator[Path]:
    """Give a private folder on the disk of a file that is to be made; it is gone afterwards.

    Raises:
        StorageError: It cannot be made.
    """
    try:
        folder = TemporaryDirectory(
            prefix=f".{file.name[:_PREFIX_CHARS_MAX]}.", dir=file.parent, ignore_cleanup_errors=True
        )
    except OSError as error:
        reason = error.strerror
    else:
        with folder as path:
            yield Path(path)
        return
    raise StorageError(f"cannot write into {file.parent}: {reason}")


def _link_or_refuse(made: Path, file: Path) -> None:
    """Take a name that nobody has.

    Raises:
        LocalProtocolError: Somebody has it.
    """
    try:
        os.link(made, file)
    except OSError:
        # It is there, or the file system, like that of many memory sticks, has no links.
        refuse_to_overwrite(file)


@contextmanager
def _writing(file: Path) -> Iterator[BinaryIO]:
    """Give a new file for its owner alone, and make it last.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        reason = error.strerror
    else:
        return
    raise StorageError(f"cannot write into {file.parent}: {reason}; nothing was changed")
