from pathlib import Path

import pytest

from sottovoce.adapters.secret_file import (
    SECRET_BYTES_MAX,
    read_password_file,
    read_secret_file,
)
from sottovoce.base.errors import LocalProtocolError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.touch(0o600)
    return file


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_password_is_all_of_the_line(file: Path, end: bytes) -> None:
    file.write_bytes(b" correct horse " + end)
    assert read_password_file(file) == " correct horse "


def test_secret_may_have_several_lines_and_a_password_one(file: Path) -> None:
    file.write_text("legal\nwinner\n")
    assert read_secret_file(file) == "legal\nwinner"
    with pytest.raises(LocalProtocolError, match="more than one line; leave only the password"):
        read_password_file(file)


def test_file_that_is_open_to_others_is_refused_unless_its_directory_is_guarded(
    file: Path,
) -> None:
    file.write_text("correct horse")
    file.chmod(0o640)
    with pytest.raises(LocalProtocolError, match=f"run: chmod 600 {file}"):
        read_password_file(file)
    assert read_password_file(file, is_guarded=False) == "correct horse"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no password"),
        (b"secret \xff", "not UTF-8"),
        (b"x" * (SECRET_BYTES_MAX + 1), "more than 4096 bytes"),
    ],
    ids=["empty", "binary", "long"],
)
def test_file_without_a_password_is_refused_and_not_repeated(
    file: Path, content: bytes, reason: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(LocalProtocolError, match=reason) as caught:
        read_password_file(file)
    assert caught.value.__context__ is None


def test_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LocalProtocolError, match=r"cannot read .*: No such file"):
        read_secret_file(tmp_path / "nothing")
