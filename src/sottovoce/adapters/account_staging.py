"""An account's folder that is made apart and then moved to its place, whole or not at all.

What is made apart stands in a folder of its own among those of the accounts, on the same disk, so
that moving it is one step. A folder whose place it takes is set aside and never destroyed.
"""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.adapters.private_file import make_private_directory, sync_directory
from sottovoce.identity.account_list import AccountEntry

_PREFIX: Final = ".restoring-"


@contextmanager
def staging(place: AccountDirectory) -> Iterator[AccountDirectory]:
    """Give a directory apart; what is not moved from it is gone afterwards.

    Only who holds the data directory may call it, for what a crash left is cleared away.

    Raises:
        DataDirectoryError: It cannot be made.
    """
    make_private_directory(place.folders)
    for left in place.folders.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        folder = TemporaryDirectory(prefix=_PREFIX, dir=place.folders, ignore_cleanup_errors=True)
    except OSError as error:
        raise DataDirectoryError(f"cannot write {place.folders}: {error.strerror}") from None
    with folder as path:
        yield AccountDirectory(Path(path))


def put_in_place(
    place: AccountDirectory, entry: AccountEntry, staged: AccountDirectory
) -> Path | None:
    """Move a finished folder to its place, within `AccountDirectory.changing`.

    Returns:
        Where the folder is now that was there; None if there was none.

    Raises:
        DataDirectoryError: It cannot be moved; everything is where it was.
    """
    folder = place.folder(entry)
    aside = _free_name(folder) if folder.exists() else None
    try:
        if aside is not None:
            folder.rename(aside)
        _rename(staged.folder(entry), folder, aside)
        sync_directory(place.folders)
    except OSError as error:
        reason = error.strerror
    else:
        return aside
    raise DataDirectoryError(f"cannot write {folder}: {reason}")


def take_back(
    place: AccountDirectory, entry: AccountEntry, staged: AccountDirectory, aside: Path | None
) -> None:
    """Undo `put_in_place`; errors of the disk pass through as `OSError`.

    Args:
        place: Where the folder is.
        entry: Whose it is.
        staged: Where it came from.
        aside: What `put_in_place` returned.
    """
    folder = place.folder(entry)
    folder.rename(staged.folder(entry))
    _bring_back(aside, folder)


def _rename(finished: Path, folder: Path, aside: Path | None) -> None:
    """Rename a finished folder.

    Raises:
        OSError: The disk does not let us; what was set aside is back where it was.
    """
    try:
        finished.rename(folder)
    except OSError:
        _bring_back(aside, folder)
        raise


def _bring_back(aside: Path | None, folder: Path) -> None:
    if aside is not None:
        aside.rename(folder)


def _free_name(folder: Path) -> Path:
    names = (f"{folder.name}.replaced-{number}" for number in itertools.count(1))
    return next(folder.with_name(name) for name in names if not folder.with_name(name).exists())
