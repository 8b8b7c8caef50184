import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seeded import SeededEntropy
from sottovoce.adapters import node_key_file
from sottovoce.adapters.node_key_file import (
    KEY_FILE_NAME,
    LOCK_FILE_NAME,
    DataDirectory,
    DataDirectoryError,
    read_node_key,
)
from sottovoce.crypto import secp256k1

OTHER_PROCESS = """
import sys
from pathlib import Path
from sottovoce.adapters.node_key_file import DataDirectory, DataDirectoryError

try:
    DataDirectory(Path(sys.argv[1]))
except DataDirectoryError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


@pytest.fixture
def directory(place: Path) -> Iterator[DataDirectory]:
    directory = DataDirectory(place)
    yield directory
    directory.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directory_is_made_for_its_owner_alone(directory: DataDirectory, place: Path) -> None:
    assert directory.path == place
    assert mode(place) == 0o700
    assert mode(place / LOCK_FILE_NAME) == 0o600


def test_first_call_makes_a_key_that_only_the_owner_can_read(
    directory: DataDirectory, place: Path
) -> None:
    key = directory.node_key(SeededEntropy(1))
    assert mode(place / KEY_FILE_NAME) == 0o600
    assert (place / KEY_FILE_NAME).read_text() == key.raw.hex() + "\n"


def test_key_file_is_private_whatever_the_umask(directory: DataDirectory, place: Path) -> None:
    old = os.umask(0)
    try:
        directory.node_key(SeededEntropy(1))
    finally:
        os.umask(old)
    assert mode(place / KEY_FILE_NAME) == 0o600


def test_key_stays_the_same(directory: DataDirectory) -> None:
    first = directory.node_key(SeededEntropy(1))
    assert directory.node_key(SeededEntropy(2)) == first


def test_key_file_of_a_go_node_is_read(directory: DataDirectory, place: Path) -> None:
    file = place / KEY_FILE_NAME
    file.write_text("11" * 32)  # geth writes no line end
    file.chmod(0o600)
    assert directory.node_key(SeededEntropy(1)).raw == b"\x11" * 32


@pytest.mark.parametrize(
    "content",
    [b"", b"11" * 31, b"zz" * 32, b"00" * 32, b"ff" * 32, b"\xff\xfe", b"11" * 33],
    ids=["empty", "short", "no hex", "zero", "above the order", "no text", "long"],
)
def test_file_without_a_key_is_refused_with_advice_and_kept(
    directory: DataDirectory, place: Path, content: bytes
) -> None:
    file = place / KEY_FILE_NAME
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(DataDirectoryError, match="does not hold a node key") as caught:
        directory.node_key(SeededEntropy(1))
    assert "remove it to get a new key" in str(caught.value)
    assert file.read_bytes() == content


@pytest.mark.parametrize("open_mode", [0o644, 0o640, 0o620, 0o601])
def test_key_that_others_can_reach_is_refused_with_the_command_that_mends_it(
    directory: DataDirectory, place: Path, open_mode: int
) -> None:
    directory.node_key(SeededEntropy(1))
    (place / KEY_FILE_NAME).chmod(open_mode)
    with pytest.raises(DataDirectoryError, match=r"chmod 600 .*node\.key"):
        directory.node_key(SeededEntropy(1))


def test_key_that_is_a_directory_is_one_sentence(directory: DataDirectory, place: Path) -> None:
    (place / KEY_FILE_NAME).mkdir()
    with pytest.raises(DataDirectoryError, match=r"cannot read .*: Is a directory"):
        directory.node_key(SeededEntropy(1))


def test_key_that_cannot_be_written_is_one_sentence(directory: DataDirectory, place: Path) -> None:
    (place / KEY_FILE_NAME).symlink_to(place / "gone" / "away")
    with pytest.raises(DataDirectoryError, match="cannot write "):
        directory.node_key(SeededEntropy(1))


def test_second_holder_is_refused_with_advice(directory: DataDirectory, place: Path) -> None:
    with pytest.raises(DataDirectoryError, match="in use by another node") as caught:
        DataDirectory(place)
    assert "--data-dir" in str(caught.value)
    assert directory.path == place


def test_second_process_is_refused(directory: DataDirectory, place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, place], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "in use by another node" in done.stderr
    assert directory.path == place


def test_closed_directory_is_free_again(place: Path) -> None:
    DataDirectory(place).close()
    DataDirectory(place).close()


def test_place_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for path in (file, file / "below"):
        with pytest.raises(DataDirectoryError, match="cannot use the data directory"):
            DataDirectory(path)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_directory_that_others_can_write_is_refused_with_the_command_that_mends_it(
    place: Path, mode: int
) -> None:
    place.mkdir(parents=True)
    place.chmod(mode)
    with pytest.raises(DataDirectoryError, match=f"run: chmod go-w {place}"):
        DataDirectory(place)
    place.chmod(0o755)
    DataDirectory(place).close()


def test_directory_of_another_user_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.mkdir(parents=True)
    owner = place.stat().st_uid
    monkeypatch.setattr(node_key_file, "_ROOT", -1)
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(DataDirectoryError, match="belongs to another user"):
        DataDirectory(place)
    monkeypatch.setattr(node_key_file, "_ROOT", owner)  # Who can do everything anyway.
    DataDirectory(place).close()


def test_key_of_another_directory_is_adopted_where_there_is_none(
    directory: DataDirectory, place: Path
) -> None:
    key = secp256k1.generate_private_key(SeededEntropy(3))
    assert read_node_key(place) is None
    assert directory.adopt_node_key(key)
    assert read_node_key(place) == directory.node_key(SeededEntropy(1)) == key
    assert mode(place / KEY_FILE_NAME) == 0o600
    assert not directory.adopt_node_key(secp256k1.generate_private_key(SeededEntropy(4)))
    assert read_node_key(place) == key
