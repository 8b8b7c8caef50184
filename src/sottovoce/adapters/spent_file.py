"""What was used of a day's budget, in the data directory, so that a restart does not forget it.

It is of no value to anybody and lost without harm: what cannot be read counts as nothing.
"""

import json
import logging
from pathlib import Path
from typing import Final

from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.adapters.private_file import read_private_file, write_private_file
from sottovoce.node.budget import Spent

SPENT_FILE_NAME: Final = "budget.json"
_BYTES_MAX: Final = 256  # two numbers with their names
_INTEGER_END: Final = 1 << 63

_log = logging.getLogger(__name__)


def read_spent(directory: Path) -> Spent | None:
    """Read what was used; None if nothing is known of it, which is logged if a file is broken."""
    file = directory / SPENT_FILE_NAME
    try:
        content = read_private_file(file, bytes_max=_BYTES_MAX)
        return None if content is None else _parse(content)
    except (DataDirectoryError, ValueError, RecursionError):
        _log.warning("%s cannot be read: the day's budget counts from here on", file)
        return None


def write_spent(directory: Path, spent: Spent) -> None:
    """Keep what was used.

    Raises:
        DataDirectoryError: It cannot be written.
    """
    content = json.dumps({"day": spent.day, "bytes": spent.bytes}) + "\n"
    write_private_file(directory / SPENT_FILE_NAME, content.encode())


def _parse(content: bytes) -> Spent:
    """Read the file.

    Raises:
        ValueError: It is not what is written here.
    """
    raw = json.loads(content)
    numbers = [raw.get(name) for name in Spent._fields] if isinstance(raw, dict) else []
    match numbers:
        case [int(day), int(used_bytes)] if _is_count(day) and _is_count(used_bytes):
            return Spent(day, used_bytes)
        case _:
            raise ValueError("no day and no bytes")


def _is_count(number: int) -> bool:
    return 0 <= number < _INTEGER_END
