"""Which families a run takes, from which folder, and the cases of each.

It knows nothing of what a case checks. Whatever could make a run pass by testing less than was
asked (an unknown name, a missing file, a file without cases) is an error here.
"""

import importlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from vectors.case import Case
from vectors.registry import DATA, LATER, RUNNABLE

COMMITTED: Final = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Selection:
    """What one run takes.

    Attributes:
        directory: The folder with one `<family>.json` per family.
        families: The families to run, without repetition.
        missing: Families that could run but have no file in the folder.
    """

    directory: Path
    families: tuple[str, ...]
    missing: tuple[str, ...]

    def header(self) -> list[str]:
        """Say in the run's header what is taken and what is not."""
        lines = [f"vectors: {self.directory}: {', '.join(self.families)}"]
        if self.missing:
            lines.append(f"vectors without a file here, not run: {', '.join(self.missing)}")
        lines.append(f"vectors of later layers, not collected: {', '.join(sorted(LATER))}")
        return lines


@dataclass(frozen=True, slots=True)
class NumberedCase:
    """A case with its test id, `<family>/<section>/<index>-<name>`."""

    test_id: str
    case: Case


SELECTION: Final = pytest.StashKey[Selection]()


def select(directory: Path, requested: str | None) -> Selection:
    """Decide what runs.

    Args:
        directory: The folder; `COMMITTED` must hold every runnable family, another need not.
        requested: Family names with commas between them; None means all that are present.

    Raises:
        pytest.UsageError: The folder or a family is unknown, missing or not runnable yet.
    """
    if not directory.is_dir():
        raise pytest.UsageError(f"--vectors: {directory} is not a folder")
    present = {path.stem for path in directory.glob("*.json")}
    unknown = sorted(present - set(RUNNABLE) - set(LATER) - DATA)
    if unknown:
        raise pytest.UsageError(
            f"--vectors: {directory} holds files of unknown families: {', '.join(unknown)}; "
            "tests/vectors/registry.py lists every family"
        )
    if requested is not None:
        return Selection(directory, _requested(directory, present, requested), ())
    missing = tuple(family for family in RUNNABLE if family not in present)
    families = tuple(family for family in RUNNABLE if family in present)
    if missing and directory == COMMITTED:
        raise pytest.UsageError(f"tests/vectors/data lacks the files of: {', '.join(missing)}")
    if not families:
        raise pytest.UsageError(f"--vectors: {directory} holds no family that can run")
    return Selection(directory, families, missing)


def _requested(directory: Path, present: set[str], requested: str) -> tuple[str, ...]:
    families = tuple(dict.fromkeys(name.strip() for name in requested.split(",") if name.strip()))
    if not families:
        raise pytest.UsageError("--families names no family")
    for family in families:
        if family in LATER:
            raise pytest.UsageError(
                f"--families: {family} cannot run yet; it waits for a layer: {LATER[family]}"
            )
        if family in DATA:
            raise pytest.UsageError(f"--families: {family} is data and has no cases")
        if family not in RUNNABLE:
            raise pytest.UsageError(
                f"--families: {family} is unknown; these can run: {', '.join(RUNNABLE)}"
            )
        if family not in present:
            raise pytest.UsageError(f"--families: there is no {family}.json in {directory}")
    return families


def load(directory: Path, family: str) -> list[NumberedCase]:
    """Read one family's file and number its cases.

    Returns:
        The cases in the order of the file.

    Raises:
        pytest.Collector.CollectError: The file is no JSON object, or there is no case in it.
    """
    path = directory / f"{family}.json"
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise pytest.Collector.CollectError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise pytest.Collector.CollectError(f"{path}: expected a JSON object")
    runner = importlib.import_module(f"vectors.families.{family}")
    numbered = list(number(family, runner.cases(document)))
    if not numbered:
        raise pytest.Collector.CollectError(f"{path}: there is no case in it")
    return numbered


def number(family: str, cases: Iterable[Case]) -> Iterator[NumberedCase]:
    """Give each case its id; the index is counted per section."""
    counts: Counter[str] = Counter()
    for case in cases:
        place = f"{family}/{case.section}/{counts[case.section]}"
        counts[case.section] += 1
        yield NumberedCase(printable(f"{place}-{case.name}"), case)


def printable(text: str) -> str:
    """Write what a terminal or an environment variable cannot hold as an escape."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )
