"""Kill -9 of a process that stores: only what was never confirmed may be missing.

The fast suite kills twice; `SOTTOVOCE_KILLS=100` kills a hundred, and ``-s`` shows how fast each
archive opened again.
"""

import os
from pathlib import Path
from statistics import median
from typing import Final

import apsw
import pytest

from crash.archive_kills import killed_while_storing
from hostile.arena import note

KILLS: Final = int(os.environ.get("SOTTOVOCE_KILLS", "2"))


@pytest.mark.slow
def test_what_was_confirmed_survives_kills_and_opens_at_once(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    opened_s = killed_while_storing("sqlite", str(path), KILLS, seed=7)
    note(
        f"archive: {KILLS} kills, open again after {median(opened_s) * 1e3:.1f} ms in the median "
        f"and {max(opened_s) * 1e3:.1f} ms at the most"
    )
    with apsw.Connection(str(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
