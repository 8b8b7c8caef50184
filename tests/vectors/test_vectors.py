"""Every case of every selected family: `pytest tests/vectors [--vectors DIR] [--families a,b]`."""

import pytest

from vectors.selection import SELECTION, NumberedCase, load


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Read the selected files, and only those, when this module is collected."""
    selection = metafunc.config.stash[SELECTION]
    cases = [case for family in selection.families for case in load(selection.directory, family)]
    metafunc.parametrize("numbered", cases)


def test_vector(numbered: NumberedCase) -> None:
    """The code under test agrees with every field of the case."""
    numbered.case.check()
