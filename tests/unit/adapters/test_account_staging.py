import errno
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from seeded import SeededEntropy
from sottovoce.adapters import account_staging
from sottovoce.adapters.account_directory import AccountDirectory
from sottovoce.adapters.account_staging import put_in_place, staging, take_back
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.address import Address

ANNA: Final = AccountEntry("0x" + "01" * 32, "Anna", Address(bytes(20)))


@pytest.fixture
def place(tmp_path: Path) -> AccountDirectory:
    return AccountDirectory(tmp_path)


def name_in(place: AccountDirectory) -> str:
    return place.installation_id(ANNA)


def folders(place: AccountDirectory) -> list[str]:
    return sorted(path.name for path in place.folders.iterdir())


def test_finished_folder_takes_its_place_whole(place: AccountDirectory) -> None:
    with staging(place) as staged:
        staged.ensure_installation_id(ANNA, SeededEntropy(1))
        name = name_in(staged)
        assert stat.S_IMODE(staged.path.stat().st_mode) == 0o700
        assert put_in_place(place, ANNA, staged) is None
    assert name_in(place) == name
    assert folders(place) == [ANNA.key_uid]


def test_what_is_not_finished_is_gone_afterwards(place: AccountDirectory) -> None:
    with suppress(KeyboardInterrupt), staging(place) as staged:
        staged.ensure_installation_id(ANNA, SeededEntropy(1))
        raise KeyboardInterrupt
    assert folders(place) == []


def test_what_a_crash_left_is_cleared_away(place: AccountDirectory) -> None:
    left = place.folders / ".restoring-abc"
    (left / "accounts").mkdir(parents=True)
    with staging(place):
        assert not left.exists()


def test_folder_that_is_there_is_set_aside_each_time(place: AccountDirectory) -> None:
    place.ensure_installation_id(ANNA, SeededEntropy(9))
    names = [name_in(place)]
    asides = []
    for seed in (1, 2):
        with staging(place) as staged:
            staged.ensure_installation_id(ANNA, SeededEntropy(seed))
            names.append(name_in(staged))
            asides.append(put_in_place(place, ANNA, staged))
    assert asides == [
        place.folder(ANNA).with_name(f"{ANNA.key_uid}.replaced-{number}") for number in (1, 2)
    ]
    kept = [(each / "installation-id").read_text().strip() for each in asides if each is not None]
    assert [*kept, name_in(place)] == names


def test_moving_can_be_taken_back(place: AccountDirectory) -> None:
    place.ensure_installation_id(ANNA, SeededEntropy(9))
    name = name_in(place)
    with staging(place) as staged:
        staged.ensure_installation_id(ANNA, SeededEntropy(1))
        aside = put_in_place(place, ANNA, staged)
        take_back(place, ANNA, staged, aside)
    assert (name_in(place), folders(place)) == (name, [ANNA.key_uid])


def test_folder_that_cannot_be_moved_leaves_everything_where_it_was(
    place: AccountDirectory,
) -> None:
    place.ensure_installation_id(ANNA, SeededEntropy(9))
    name = name_in(place)
    with staging(place) as staged, pytest.raises(DataDirectoryError, match="cannot write"):
        put_in_place(place, ANNA, staged)  # nothing was made in it
    assert (name_in(place), folders(place)) == (name, [ANNA.key_uid])


def test_place_that_cannot_be_written_is_said(
    place: AccountDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(account_staging, "TemporaryDirectory", fail)
    with pytest.raises(DataDirectoryError, match=r"cannot write .*: No space left"), staging(place):
        pass
