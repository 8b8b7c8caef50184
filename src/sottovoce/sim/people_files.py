"""Stores of simulated devices in encrypted files, as real ones have them.

They cost ten times as much as those in memory, so that only a few seeds run on them.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final, Self

from sottovoce.adapters.sqlite.database import Database, DatabaseSettings
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore
from sottovoce.adapters.sqlite.snapshot import copy_database

# Nobody attacks these files, and the key is derived at each start.
_SETTINGS: Final = DatabaseSettings(kdf_iterations=1)
_PASSWORD: Final = DatabasePassword("simulated")


class FilePersonStore(SqlitePersonStore):
    """A `DeviceStore` in a file.

    Args:
        path: The file.
        fresh_path: Gives names for copies, beside it.
        create: Whether it is a new one.
    """

    def __init__(self, path: Path, fresh_path: Callable[[], Path], *, create: bool) -> None:
        super().__init__(Database.in_file(path, _PASSWORD, _SETTINGS, create=create))
        self._path: Final = path
        self._fresh_path: Final = fresh_path

    def reopened(self) -> Self:
        """Return the store as it is after its process ended here; this one is over.

        Raises:
            StorageError: The file cannot be read.
        """
        self.close()
        return type(self)(self._path, self._fresh_path, create=False)

    def copied(self) -> Self:
        """Return a store of its own that has what was committed here, as a backup has.

        Raises:
            StorageError: The file cannot be read, or there is no room for the copy.
        """
        copy = self._fresh_path()
        copy_database(self._path, copy, _PASSWORD, _SETTINGS)
        return type(self)(copy, self._fresh_path, create=False)


def stores_in(folder: Path) -> Callable[[], FilePersonStore]:
    """Return what makes empty stores in a folder."""
    numbers = count()

    def fresh_path() -> Path:
        return folder / f"{next(numbers)}.db"

    return lambda: FilePersonStore(fresh_path(), fresh_path, create=True)
