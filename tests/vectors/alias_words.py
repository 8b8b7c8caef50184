"""The word lists of three-word names that `--alias-words` names, if it does."""

from pathlib import Path

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.alias import WordLists, decode_word_lists

_configured: WordLists | None = None


def configure(path: Path | None) -> None:
    """Read the file, or forget an earlier one.

    Raises:
        pytest.UsageError: The file cannot be read, or holds no word lists.
    """
    global _configured
    if path is None:
        _configured = None
        return
    try:
        _configured = decode_word_lists(path.read_bytes())
    except (OSError, LocalProtocolError) as error:
        raise pytest.UsageError(f"--alias-words: {path}: {error}") from error


def configured() -> WordLists | None:
    """Return the lists, or None if the option was not given."""
    return _configured
