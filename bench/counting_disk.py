"""A file system under SQLite that counts how often a file is made to last."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Final

import apsw
from typing_extensions import override

_NAME: Final = "counting"
# SQLite makes the ciphering file system on top of ours when it is asked for this name.
CIPHERED_NAME: Final = f"multipleciphers-{_NAME}"


@dataclass(slots=True)
class Counts:
    """What was counted since the process began.

    Attributes:
        syncs: How often a file was made to last.
        syncs_s: How many seconds that took.
    """

    syncs: int = 0
    syncs_s: float = 0.0


COUNTS: Final = Counts()


class _CountingFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("unix", name, flags)

    @override
    def xSync(self, flags: int) -> None:  # SQLite's name
        started_s = time.perf_counter()
        super().xSync(flags)
        COUNTS.syncs += 1
        COUNTS.syncs_s += time.perf_counter() - started_s


class _CountingDisk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(_NAME, "unix")

    @override
    def xOpen(  # SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _CountingFile(name, flags)


@cache
def counting_disk() -> apsw.VFS:
    """Let databases be opened on it from now on.

    It is never taken away again: what SQLite still holds of a file would have nowhere to go.
    """
    return _CountingDisk()
