"""How pytest names the cases of vectors, and the option that only they have."""

from pathlib import Path

import pytest

from vectors import alias_words
from vectors.selection import NumberedCase


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--alias-words`."""
    parser.getgroup("vectors").addoption(
        "--alias-words",
        metavar="FILE",
        help="word lists of three-word names, as JSON, to compare names too; relative to where "
        "pytest was started (default: only the lists' places are compared)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the lists before anything is collected."""
    named: str | None = config.getoption("--alias-words", default=None)
    alias_words.configure(None if named is None else Path(config.invocation_params.dir, named))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Use a case's own id as it is; ids that are handed to `parametrize` would become ASCII."""
    del config, argname
    return val.test_id if isinstance(val, NumberedCase) else None
