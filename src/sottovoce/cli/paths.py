"""Where files live unless an option says otherwise.

Spec: XDG Base Directory Specification, "XDG_DATA_HOME".
"""

import os
from pathlib import Path


def default_data_dir() -> Path:
    """Return the directory of the node key and the saved peers."""
    # The specification says to ignore a relative path.
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "sottovoce"
