"""What every test run shares: the options of the vectors, and how long property tests search."""

import gc
import os
import shutil
import signal
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from sottovoce.crypto import kdf

# Runners of families assert like tests do; pytest explains their failures only if told beforehand.
pytest.register_assert_rewrite("vectors.families")

# Channels, phrases and people of tests have the same names again and again, and each key of one
# takes tens of milliseconds. Derived once here, before other modules take the functions by name.
KEYS_KEPT_MAX: Final = 4096
for derivation in ("pbkdf2_sha256", "pbkdf2_sha512"):
    setattr(kdf, derivation, lru_cache(KEYS_KEPT_MAX)(getattr(kdf, derivation)))

from vectors import alias_words  # noqa: E402
from vectors.selection import COMMITTED, SELECTION, select  # noqa: E402

# The fast suite draws the same examples in every run, as many as three minutes allow; `.ci/run`
# draws 300 of each property before a change lands, and `make test-long` 2,000.
EXAMPLES_VARIABLE: Final = "SOTTOVOCE_EXAMPLES"
SERVICES: Final = Path(__file__).resolve().parent / "services"

settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True)
settings.register_profile(
    "long", max_examples=int(os.environ.get(EXAMPLES_VARIABLE, "2000")), deadline=None
)
settings.load_profile("long" if EXAMPLES_VARIABLE in os.environ else "fast")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--vectors`, `--families` and `--alias-words`."""
    group = parser.getgroup("vectors", "vectors made by other implementations")
    group.addoption(
        "--vectors",
        metavar="DIR",
        help="flat folder of <family>.json files, relative to where pytest was started "
        "(default: tests/vectors/data)",
    )
    group.addoption(
        "--families",
        metavar="A,B",
        help="families to run (default: all that can run and are present)",
    )
    group.addoption(
        "--alias-words",
        metavar="FILE",
        help="word lists of three-word names, as JSON, to compare names too; relative to where "
        "pytest was started (default: only the lists' places are compared)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a wrong selection of vectors before anything is collected, and let tests be alone."""
    # Programs that tests start would hold the data of whoever runs them, and each other's.
    home = tempfile.mkdtemp(prefix="sottovoce-tests-")
    os.environ["XDG_DATA_HOME"] = home
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    # A shell starts what it runs in the background with interrupts ignored, and the programs that
    # tests start and interrupt would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    named: str | None = config.getoption("--vectors")
    directory = COMMITTED if named is None else Path(config.invocation_params.dir, named)
    config.stash[SELECTION] = select(directory, config.getoption("--families"))
    words: str | None = config.getoption("--alias-words")
    alias_words.configure(None if words is None else Path(config.invocation_params.dir, words))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs other programs, unless it is named, as by `make test-services`."""
    if collection_path != SERVICES:
        return None
    named = (Path(config.invocation_params.dir, each.partition("::")[0]) for each in config.args)
    return None if any(path.resolve().is_relative_to(SERVICES) for path in named) else True


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was collected: thousands of tests stay."""
    gc.collect()
    gc.freeze()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name the families that run and those that do not."""
    return config.stash[SELECTION].header()
