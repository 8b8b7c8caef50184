import logging
from pathlib import Path

import pytest

from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.adapters.spent_file import SPENT_FILE_NAME, read_spent, write_spent
from sottovoce.node.budget import Spent


def test_what_was_used_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_spent(tmp_path) is None
    for spent in (Spent(18_000, 5), Spent(18_001, 0)):
        write_spent(tmp_path, spent)
        assert read_spent(tmp_path) == spent
    assert (tmp_path / SPENT_FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"", b"nonsense", b"[]", b"null", b"{}", b'{"day": 1}', b'{"day": 1, "bytes": "2"}',
        b'{"day": -1, "bytes": 2}', b'{"day": 1, "bytes": 9223372036854775808}', b"[" * 200,
        b"\xff\xfe", b'{"day": 1, "bytes": 2}' + b" " * 1000,
    ],
)  # fmt: skip
def test_broken_file_counts_as_nothing_used_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    write_spent(tmp_path, Spent(1, 1))
    (tmp_path / SPENT_FILE_NAME).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_spent(tmp_path) is None
    assert "cannot be read" in caplog.text


def test_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError):
        write_spent(tmp_path / "nowhere", Spent(1, 1))
