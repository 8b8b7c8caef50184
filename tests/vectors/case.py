"""One case of a vector family: where it stands in the file, its name, and how to check it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A case; `check` raises (an AssertionError, or what the code under test raises) on failure.

    A family module offers ``cases(document) -> Iterator[Case]``; the harness numbers the cases of
    a section in the order in which they come.
    """

    section: str
    name: str
    check: Callable[[], None]
