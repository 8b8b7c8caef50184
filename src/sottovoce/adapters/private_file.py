"""Files for their owner alone: written whole or not at all, read up to a bound."""

import os
from pathlib import Path
from typing import Final

from sottovoce.adapters.node_key_file import DataDirectoryError, check_writers

_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_DIRECTORY: Final = 0o700
_OTHERS: Final = 0o077


def make_private_directory(path: Path) -> None:
    """Make a directory for its owner alone, with those above it, if it is not there.

    Raises:
        DataDirectoryError: It cannot be made, or others can write into it.
    """
    try:
        path.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
        check_writers(path)
    except OSError as error:
        raise DataDirectoryError(f"cannot make {path}: {error.strerror}") from None


def write_private_file(file: Path, content: bytes) -> None:
    """Replace a file as a whole; a crash leaves the old one or the new one.

    Raises:
        DataDirectoryError: It cannot be written.
    """
    draft = file.with_name(file.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        sync_directory(file.parent)
    except OSError as error:
        raise DataDirectoryError(f"cannot write {file}: {error.strerror}") from None


def read_private_file(file: Path, *, bytes_max: int) -> bytes | None:
    """Read a file; None if it is not there.

    Raises:
        DataDirectoryError: It cannot be read, is longer than `bytes_max`, or is open to others.
    """
    try:
        with file.open("rb") as stream:
            if os.fstat(stream.fileno()).st_mode & _OTHERS:
                raise DataDirectoryError(
                    f"{file} can be read by other users; run: chmod 600 {file}"
                )
            content = stream.read(bytes_max + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataDirectoryError(f"cannot read {file}: {error.strerror}") from None
    if len(content) > bytes_max:
        raise DataDirectoryError(f"{file} has more than the {bytes_max} bytes that it can have")
    return content


def sync_directory(path: Path) -> None:
    """Make new names in a directory last; errors of the disk pass through as `OSError`."""
    # A new name lasts only when the directory that holds it is on the disk, too.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
