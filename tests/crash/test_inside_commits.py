"""A process ends inside a commit, on real files: some of the commit's writes are made, others not.

The file and its log are taken as the disk has them then, which is all that the next life gets. The
fast suite ends a few processes so, `SOTTOVOCE_POINTS=all` one at each write of each commit of two
scenarios.
"""

import itertools
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import pytest
from typing_extensions import override

from contract.conftest import PASSWORD, QUICK
from crash.scenarios import SCENARIOS, Scenario
from crash.stage import CrashPlan
from crash.test_every_point import IS_EXHAUSTIVE
from sottovoce.adapters.sqlite.database import Database
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore
from sottovoce.base.errors import StorageError
from sottovoce.sim.people_device import CrashPoint, SimulatedDevice
from unit.adapters.sqlite.faulty_disk import CIPHERED_NAME, PLAN, Fault, plug_in

ON_FAULTY_DISK: Final = replace(QUICK, vfs=CIPHERED_NAME)
NAME: Final = "person.db"
LOG: Final = f"{NAME}-wal"
_copies: Final = itertools.count()

# In the fast suite every so many commits one is torn.
COMMITS_BETWEEN: Final = 9
# A commit has two writes and up to some thirty: a head and the content of each page.
WRITES: Final = 8
WRITES_MAX: Final = 100


class FileStore(SqlitePersonStore):
    """A store in files, the next commit of which can be torn.

    Attributes:
        torn_at: At which write of the next commit the process ends; 0 for none.
        was_torn: Whether it ended there, or the commit had fewer writes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / NAME
        super().__init__(Database.in_file(path, PASSWORD, ON_FAULTY_DISK, create=not path.exists()))
        self.torn_at = 0
        self.was_torn = False

    @override
    def commit(self) -> None:
        if not self.torn_at:
            super().commit()
            return
        PLAN.begin(Fault.TORN, self.torn_at, lasts=True)
        with suppress(StorageError):  # The process that would hear of it is gone.
            super().commit()
        self.was_torn = PLAN.fired > 0
        PLAN.heal()

    def copied(self) -> Self:
        """Return a store on a copy of the files as they are."""
        folder = self._folder.parent / f"copy {next(_copies)}"
        folder.mkdir()
        shutil.copyfile(self._folder / NAME, folder / NAME)
        with suppress(FileNotFoundError):
            shutil.copyfile(self._folder / LOG, folder / LOG)
        return type(self)(folder)

    def reopened(self) -> Self:
        """Return a store on what the disk has; this one is over."""
        copy = self.copied()
        self.close()
        shutil.rmtree(self._folder)
        return copy


class TornPlan(CrashPlan):
    """A process ends inside one commit.

    Args:
        commit: The number of the commit, over all devices; 0 for none.
        write: The write that is made by half.

    Attributes:
        commit_count: How many commits there were.
        was_torn: Whether the process ended so; the commit may have had fewer writes.
    """

    def __init__(self, commit: int = 0, write: int = 1) -> None:
        super().__init__()
        self.commit_count = 0
        self.was_torn = False
        self._commit = commit
        self._write = write

    @override
    def __repr__(self) -> str:
        return f"TornPlan({self._commit}, {self._write})"

    @override
    def is_due(self, device: SimulatedDevice, point: CrashPoint) -> bool:
        store = device.store
        assert isinstance(store, FileStore)
        if point is CrashPoint.BEFORE_COMMIT and not self.is_over:
            self.commit_count += 1
            store.torn_at = self._write if self.commit_count == self._commit else 0
        elif store.torn_at:
            self.was_torn = store.was_torn
            return True
        return False


class Files:
    """Performs scenarios on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def perform(self, scenario: Scenario, plan: TornPlan) -> TornPlan:
        """Perform a scenario, and throw its files away."""
        folders = (self._folder / str(number) for number in itertools.count())

        def make_store() -> FileStore:
            folder = next(folders)
            folder.mkdir()
            return FileStore(folder)

        self._folder.mkdir()
        scenario.perform(plan, make_store)
        shutil.rmtree(self._folder)
        return plan


@pytest.fixture
def files(tmp_path: Path) -> Files:
    plug_in()
    return Files(tmp_path / "people")


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS[1:3], ids=lambda scenario: scenario.name)
def test_process_that_ends_inside_a_commit_loses_and_doubles_nothing(
    scenario: Scenario, files: Files
) -> None:
    commit_count = files.perform(scenario, TornPlan()).commit_count
    torn_count = 0
    for commit in range(1, commit_count + 1, 1 if IS_EXHAUSTIVE else COMMITS_BETWEEN):
        for write in range(1, WRITES_MAX) if IS_EXHAUSTIVE else (1 + commit % WRITES,):
            if not files.perform(scenario, TornPlan(commit, write)).was_torn:
                break
            torn_count += 1
    assert torn_count >= (commit_count if IS_EXHAUSTIVE else 2)
