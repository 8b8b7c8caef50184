"""Where files live unless an option says otherwise.

Spec: XDG Base Directory Specification, "XDG_DATA_HOME".
"""

import os
from pathlib import Path

from sottovoce.cli.output import CommandError, ExitCode


def data_place(data_dir: Path | None) -> Path:
    """Return the data directory that an option names, or the default one.

    Raises:
        CommandError: None is named, and this user has no home.
    """
    return data_dir or default_data_dir()


def default_data_dir() -> Path:
    """Return the directory of the node key, the accounts and the saved peers.

    Raises:
        CommandError: This user has no home.
    """
    # The specification says to ignore a relative path.
    home = os.environ.get("XDG_DATA_HOME", "")
    try:
        base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    except RuntimeError:
        raise CommandError(
            "this user has no home directory; name a place with --data-dir", ExitCode.USAGE
        ) from None
    return base / "sottovoce"
