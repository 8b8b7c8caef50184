"""A file system under SQLite's cipher that fails when it is told to."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import apsw
from typing_extensions import override

NAME: Final = "faulty"
# SQLite makes the ciphering file system on top of ours when it is asked for this name.
CIPHERED_NAME: Final = f"multipleciphers-{NAME}"


class Fault(Enum):
    """How a call fails."""

    FULL = "a write finds no room"
    TORN = "half is written, then the disk reports an error"
    SYNC = "what was written cannot be made to last"


@dataclass
class Plan:
    """The call that fails, counted from 1, and whether all later ones fail too until `heal`."""

    fault: Fault = Fault.FULL
    at: int = 0
    lasts: bool = False
    calls: int = 0
    fired: int = 0

    def begin(self, fault: Fault, at: int, *, lasts: bool) -> None:
        self.fault, self.at, self.lasts, self.calls, self.fired = fault, at, lasts, 0, 0

    def heal(self) -> None:
        self.at = 0

    def is_due(self, *, is_sync: bool) -> bool:
        if not self.at or is_sync is not (self.fault is Fault.SYNC):
            return False
        self.calls += 1
        due = self.calls == self.at or (self.lasts and self.calls > self.at)
        self.fired += due
        return due


PLAN: Final = Plan()
_disks: Final[list["FaultyDisk"]] = []


def plug_in() -> None:
    """Make SQLite know the disk, for good: the ciphering file system on top of it stays, too."""
    if not _disks:
        _disks.append(FaultyDisk())


class FaultyFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("unix", name, flags)

    @override
    def xWrite(self, data: object, offset: int) -> None:  # SQLite's name
        assert isinstance(data, bytes)
        if not PLAN.is_due(is_sync=False):
            super().xWrite(data, offset)
        elif PLAN.fault is Fault.FULL:
            raise apsw.FullError
        else:
            super().xWrite(data[: len(data) // 2], offset)
            raise apsw.IOError

    @override
    def xSync(self, flags: int) -> None:  # SQLite's name
        # Nothing is made to last here: what a crash loses is the business of other tests.
        if PLAN.is_due(is_sync=True):
            raise apsw.IOError


class FaultyDisk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(NAME, "unix")

    @override
    def xOpen(  # SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> FaultyFile:
        return FaultyFile(name, flags)
