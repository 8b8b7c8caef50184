import stat
from pathlib import Path

import pytest

from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.adapters.private_file import (
    make_private_directory,
    read_private_file,
    write_private_file,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_is_for_its_owner_alone_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text("old")
    file.chmod(0o644)
    write_private_file(file, b"new")
    assert (file.read_bytes(), mode(file)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_draft_that_a_crash_left_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "list.new").write_text("half")
    write_private_file(tmp_path / "list", b"whole")
    assert [each.name for each in tmp_path.iterdir()] == ["list"]


def test_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    make_private_directory(tmp_path / "accounts")
    make_private_directory(tmp_path / "accounts")
    assert mode(tmp_path / "accounts") == 0o700


def test_missing_file_is_nothing(tmp_path: Path) -> None:
    assert read_private_file(tmp_path / "list", bytes_max=3) is None


def test_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.touch(0o640)
    file.chmod(0o640)
    with pytest.raises(DataDirectoryError, match=f"run: chmod 600 {file}"):
        read_private_file(file, bytes_max=3)


def test_file_above_its_bound_is_refused(tmp_path: Path) -> None:
    write_private_file(tmp_path / "list", b"1234")
    assert read_private_file(tmp_path / "list", bytes_max=4) == b"1234"
    with pytest.raises(DataDirectoryError, match="more than the 3 bytes"):
        read_private_file(tmp_path / "list", bytes_max=3)


def test_what_cannot_be_read_or_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below_a_file = tmp_path / "file" / "list"
    with pytest.raises(DataDirectoryError, match=r"cannot write .*Not a directory"):
        write_private_file(below_a_file, b"")
    with pytest.raises(DataDirectoryError, match=r"cannot read .*Not a directory"):
        read_private_file(below_a_file, bytes_max=3)
    with pytest.raises(DataDirectoryError, match="cannot make"):
        make_private_directory(below_a_file)


def test_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    with pytest.raises(DataDirectoryError, match=f"run: chmod go-w {tmp_path}"):
        make_private_directory(tmp_path)
