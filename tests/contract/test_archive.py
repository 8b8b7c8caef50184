"""Archives in memory and in files keep the contract of all archives."""

from pathlib import Path

import pytest

from contract.archive_contract import ArchiveContract, ArchivePlace, LastingArchiveContract
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.adapters.sqlite.archive import SqliteArchive


class Nowhere:
    def open(self) -> MemoryArchive:
        return MemoryArchive()

    def fresh(self) -> MemoryArchive:
        return MemoryArchive()


class Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0

    def open(self) -> SqliteArchive:
        return SqliteArchive(self._path / "archive.db")

    def fresh(self) -> SqliteArchive:
        self._count += 1
        return SqliteArchive(self._path / f"archive-{self._count}.db")


class TestMemoryArchive(ArchiveContract):
    @pytest.fixture
    def archives(self) -> ArchivePlace:
        return Nowhere()


class TestSqliteArchive(LastingArchiveContract):
    @pytest.fixture
    def archives(self, tmp_path: Path) -> ArchivePlace:
        return Folder(tmp_path)
